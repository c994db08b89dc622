//! Services and pack binaries that a build was asked for.

use std::collections::BTreeSet;

use crate::engine::buildx;
use crate::names::TargetName;
use crate::plan::Plan;
use crate::plan::baked::BakedImage;
use crate::plan::build::COMPILED;
use crate::plan::pack::PackBinary;
use crate::problem::{Code, Problem, Problems, did_you_mean};

/// The services and pack binaries that must exist after the build.
pub struct Chosen<'a> {
    pub services: Vec<&'a BakedImage>,
    pub pack_binaries: Vec<&'a PackBinary>,
    /// Whether the registry cache is written. The cache is always written as a whole.
    pub cache: bool,
    /// Whether it is written even if nothing else has to be built.
    pub only_cache: bool,
}

impl Chosen<'_> {
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.pack_binaries.is_empty() && !self.only_cache
    }

    /// Returns whether one of them has the binary whose stages are named after `output`.
    pub fn has(&self, output: &str) -> bool {
        let stage = format!("build-{output}");
        let mut services = self.services.iter();
        let mut binaries = self.pack_binaries.iter();
        services.any(|service| {
            let mut stages = service.binary_stages.iter();
            stages.any(|own| **own == *stage)
        }) || binaries.any(|binary| binary.target.as_str() == output)
    }

    pub fn targets(&self) -> Vec<String> {
        let services = self.services.iter().map(|service| &service.name);
        let binaries = self.pack_binaries.iter().map(|binary| &binary.target);
        let mut targets: Vec<String> = services.chain(binaries).map(Into::into).collect();
        if self.cache {
            targets.push(COMPILED.to_owned());
        }
        targets
    }
}

/// The group of all pack binaries.
const PACKS: &str = "packs";

/// Returns the services and pack binaries that `wanted` names, as service, variant, target or group; those that are baked
/// by default if it is empty.
///
/// # Errors
/// `service-unknown`.
pub fn choose<'a>(plan: &'a Plan, wanted: &[String]) -> Result<Chosen<'a>, Problems> {
    if wanted.is_empty() {
        return Ok(Chosen {
            services: plan
                .baked
                .iter()
                .filter(|image| image.target.default)
                .collect(),
            pack_binaries: plan.pack_binaries().collect(),
            cache: buildx::has_cache(),
            only_cache: false,
        });
    }
    let mut chosen = Chosen {
        services: Vec::new(),
        pack_binaries: Vec::new(),
        cache: false,
        only_cache: false,
    };
    let mut problems = Vec::new();
    for name in &plan.bake_members(wanted) {
        match *name {
            COMPILED => {
                (chosen.cache, chosen.only_cache) = (true, true);
                continue;
            }
            PACKS => {
                chosen.pack_binaries.extend(plan.pack_binaries());
                continue;
            }
            _ => {}
        }
        let named = |image: &&BakedImage| {
            image.name == **name || image.target.of_family && image.family == *name
        };
        let services = plan.baked.iter().filter(named);
        let before = chosen.services.len() + chosen.pack_binaries.len();
        chosen.services.extend(services);
        chosen
            .pack_binaries
            .extend(plan.pack_binaries().filter(|binary| binary.target == *name));
        if chosen.services.len() + chosen.pack_binaries.len() == before {
            let known: BTreeSet<&str> = plan
                .baked
                .iter()
                .flat_map(|service| [service.name.as_str(), service.family.as_str()])
                .chain(plan.pack_binaries().map(|binary| binary.target.as_str()))
                .chain(plan.config.bake.groups.keys().map(TargetName::as_str))
                .collect();
            let hint = did_you_mean(name, known.iter().copied())
                .unwrap_or_else(|| format!("there are {}", Vec::from_iter(known).join(", ")));
            problems.push(
                Problem::new(
                    Code::ServiceUnknown,
                    format!("there is no service `{name}`"),
                )
                .hint(hint),
            );
        }
    }
    chosen.pack_binaries.sort_by_key(|binary| &binary.target);
    chosen.pack_binaries.dedup_by_key(|binary| &binary.target);
    chosen.services.sort_by_key(|service| &service.name);
    chosen.services.dedup_by_key(|service| &service.name);
    Problems(problems).or(chosen)
}
