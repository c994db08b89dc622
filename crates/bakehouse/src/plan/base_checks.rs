//! The comparison of what is compiled with the bases that it will run on. It is part of the step that compiles if all
//! images and packs with the output run on the same bases. Otherwise it is a stage for each, so that no image needs the
//! bases of others.

use std::collections::{BTreeMap, BTreeSet};

use super::Plan;
use super::glibc::{GLIBC, RuntimeBase, first_free};
use super::pack::PackBinary;
use super::service::Service;

/// A comparison of the output of a stage with bases.
#[derive(Debug)]
pub struct BaseCheck<'a> {
    /// The stage of its own; `None` if the step that compiles does it.
    pub stage: Option<String>,
    /// The stage that compiles.
    pub compiled: &'a str,
    pub bases: Vec<RuntimeBase<'a>>,
    /// Whether the registry cache has it. It has none of what is baked only by name, and none of what is not built for
    /// all platforms, since one bake for all of them fills the cache.
    pub is_cached: bool,
}

/// The comparisons of all binaries and shared libraries, by the stage that compiles.
pub struct BaseChecks<'a> {
    all: BTreeMap<&'a str, Vec<BaseCheck<'a>>>,
    /// The number of bases, all of which the binary of a pack will run on, since every service can mount it.
    bases: usize,
}

impl<'a> BaseChecks<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        let bases = plan.runtime_bases();
        let mut taken: BTreeSet<String> = bases.iter().map(|base| base.stage.clone()).collect();
        let mut check = |compiled, many: bool, places: Vec<usize>, is_cached| {
            let bases: Vec<RuntimeBase<'_>> = places.iter().map(|at| bases[*at].clone()).collect();
            BaseCheck {
                stage: many.then(|| first_free(&name(compiled, &bases), &mut taken)),
                compiled,
                bases,
                is_cached,
            }
        };
        let met = met(plan, &bases).into_iter();
        let all = met.map(|(compiled, met)| {
            let many = met.len() > 1;
            let checks = met.into_iter();
            let checks = checks.map(|(places, is_cached)| check(compiled, many, places, is_cached));
            (compiled, checks.collect())
        });
        Self {
            all: all.collect(),
            bases: bases.len(),
        }
    }

    /// Returns the comparisons with the output of a stage.
    pub fn of(&self, compiled: &str) -> &[BaseCheck<'a>] {
        self.all.get(compiled).map_or(&[], Vec::as_slice)
    }

    /// Returns those that are stages, by what they compare.
    pub fn stages(&self) -> impl Iterator<Item = (&str, &BaseCheck<'a>)> {
        let all = self.all.values().flatten();
        all.filter_map(|check| Some((check.stage.as_deref()?, check)))
    }

    /// Returns the stage whose output the stage of a comparison compares.
    pub fn compiled_for(&self, stage: &str) -> Option<&'a str> {
        let mut stages = self.stages();
        stages
            .find(|(own, _)| *own == stage)
            .map(|(_, check)| check.compiled)
    }

    /// Returns the stage that a service copies what the stage `compiled` built from: only what runs on its base is there.
    pub fn copied_by<'s>(&'s self, service: &Service, compiled: &str) -> &'s str {
        let own = service.image.runtime.as_deref();
        let is_own =
            |check: &&BaseCheck<'_>| matches!(&check.bases[..], [base] if base.image == own);
        self.copied(compiled, is_own)
    }

    /// Returns the stage that the binary of a pack is copied from.
    pub fn copied_into_pack<'s>(&'s self, binary: &PackBinary) -> &'s str {
        self.copied(&binary.binary_stage, |check| {
            check.bases.len() == self.bases
        })
    }

    fn copied(&self, compiled: &str, is_own: impl Fn(&&BaseCheck<'_>) -> bool) -> &str {
        let check = self.of(compiled).iter().find(is_own);
        check
            .expect("each output is compared with its bases")
            .copied_from()
    }
}

impl BaseCheck<'_> {
    /// Returns the stage that has what was compared.
    pub fn copied_from(&self) -> &str {
        self.stage.as_deref().unwrap_or(self.compiled)
    }
}

/// Returns the places of the bases of each output in `bases`, by the stage that compiles it, and whether the registry
/// cache has one with these bases.
fn met<'a>(
    plan: &'a Plan,
    bases: &[RuntimeBase<'_>],
) -> BTreeMap<&'a str, BTreeMap<Vec<usize>, bool>> {
    let services = plan.services.iter().flat_map(|service| {
        let own = service.image.runtime.as_deref();
        let places = bases.iter().position(|base| base.image == own);
        let places = Vec::from_iter(places);
        let is_cached = is_cached(plan, service);
        let stages = service.stages().into_iter();
        stages.map(move |stage| (stage.as_str(), places.clone(), is_cached))
    });
    let packs = plan.pack_binaries().map(|binary| {
        let places = (0..bases.len()).collect();
        (binary.binary_stage.as_str(), places, true)
    });
    let mut met: BTreeMap<&str, BTreeMap<Vec<usize>, bool>> = BTreeMap::new();
    for (stage, places, is_cached) in services.chain(packs) {
        let met = met.entry(stage).or_default();
        *met.entry(places).or_default() |= is_cached;
    }
    met
}

fn is_cached(plan: &Plan, service: &Service) -> bool {
    let own = &service.target.platforms;
    service.target.default && (own.is_empty() || *own == plan.config.platforms)
}

/// Returns the name of the stage of a comparison, which may be taken.
fn name(compiled: &str, bases: &[RuntimeBase<'_>]) -> String {
    let output = compiled.strip_prefix("build-").unwrap_or(compiled);
    let base = match bases {
        [base] => base.stage.trim_start_matches(GLIBC).trim_start_matches('-'),
        _ => "all",
    };
    format!("{GLIBC}-{output}-on-{base}")
}
