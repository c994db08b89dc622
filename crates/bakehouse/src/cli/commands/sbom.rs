//! `bakehouse sbom`.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use crate::cli::args::{SbomArgs, SbomFormat};
use crate::cli::out::out;
use crate::cli::session::{Planned, Session};
use crate::documents::dockerfile::features_argument;
use crate::documents::sbom::{Made, Sbom, cyclonedx, spdx};
use crate::engine::buildx::is_set;
use crate::files::whole;
use crate::graph::cargo_tree::{CrateId, CrateTree, TreeRequest};
use crate::graph::platform::{triple, usual};
use crate::names::{PackageName, StageName};
use crate::plan::Plan;
use crate::plan::service::Service;
use crate::plan::stage::Selection;
use crate::problem::{Code, Problem, Problems, did_you_mean};

pub fn run(session: &Session, arguments: &SbomArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let services = services(&planned.plan, &arguments.services)?;
    if services.len() > 1 && arguments.out.is_none() {
        let message = format!(
            "{} bills of materials cannot be printed at once",
            services.len()
        );
        return Err(Problem::new(Code::ConfigValue, message)
            .hint("name one service, or a folder with `--out`")
            .into());
    }
    let made = Made {
        at: time()?,
        version: env!("CARGO_PKG_VERSION"),
    };
    let mut asked = Asked::default();
    for service in services {
        let sbom = asked.sbom(&planned, service, made)?;
        let (text, ending) = match arguments.format {
            SbomFormat::Cyclonedx => (cyclonedx::render(&sbom), "cdx.json"),
            SbomFormat::Spdx => (spdx::render(&sbom), "spdx.json"),
        };
        match &arguments.out {
            None => out!("{text}"),
            Some(folder) => write(
                session,
                folder,
                &format!("{}.{ending}", service.name),
                &text,
            )?,
        }
    }
    Ok(())
}

fn write(session: &Session, folder: &Utf8Path, name: &str, text: &str) -> Result<(), Problem> {
    fs_err::create_dir_all(folder)
        .map_err(|error| Problem::from_error(Code::FileUnwritable, error))?;
    let path = folder.join(name);
    whole::write(&path, text)?;
    session.say(path);
    Ok(())
}

/// Returns the named services, with all variants of a family; all of them if none is named.
fn services<'a>(plan: &'a Plan, named: &[String]) -> Result<Vec<&'a Service>, Problems> {
    let is_meant = |service: &Service, name: &str| {
        *service.name == *name || service.target.of_family && service.family == name
    };
    let mut problems = Vec::new();
    for name in named {
        if plan.services.iter().any(|service| is_meant(service, name)) {
            continue;
        }
        let problem = Problem::new(
            Code::ServiceUnknown,
            format!("there is no service `{name}`"),
        );
        let mut images = plan.images.iter();
        let hint = match images.any(|image| *image.config.name == **name) {
            true => "what an image of another Dockerfile holds is not known: a scanner sees it"
                .to_owned(),
            false => {
                let known: Vec<&str> = plan.services.iter().map(|one| one.name.as_str()).collect();
                did_you_mean(name, known.iter().copied())
                    .unwrap_or_else(|| format!("there are {}", known.join(", ")))
            }
        };
        problems.push(problem.hint(hint));
    }
    let services = plan.services.iter();
    let services = services
        .filter(|service| named.is_empty() || named.iter().any(|name| is_meant(service, name)));
    Problems(problems).or(services.collect())
}

/// Returns the time that the environment chooses, in seconds since 1970.
fn time() -> Result<Option<i64>, Problem> {
    let Ok(text) = std::env::var("SOURCE_DATE_EPOCH") else {
        return Ok(None);
    };
    let seconds = text.parse::<i64>().ok().filter(|seconds| *seconds >= 0);
    match seconds {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(Problem::new(
            Code::ConfigValue,
            format!("SOURCE_DATE_EPOCH is `{}`", text.escape_debug()),
        )
        .hint("write a number of seconds, as `git log -1 --format=%ct` prints it")),
    }
}

/// Returns the base of an image, as a bake has it.
fn base(plan: &Plan, service: &Service) -> String {
    let own = service.image.runtime.clone();
    let given = || {
        std::env::var("RUNTIME_BASE")
            .ok()
            .filter(|_| is_set("RUNTIME_BASE"))
    };
    own.or_else(given)
        .unwrap_or_else(|| plan.config.runtime.clone())
}

/// Cargo's answers, by selection and platform.
#[derive(Default)]
pub struct Asked {
    known: BTreeMap<(StageName, String), CrateTree>,
}

impl Asked {
    /// Returns the content of a service's image.
    ///
    /// # Errors
    /// `cargo-failed`.
    pub fn sbom(
        &mut self,
        planned: &Planned,
        service: &Service,
        made: Made,
    ) -> Result<Sbom, Problem> {
        let plan = &planned.plan;
        let crates = self.crates(planned, service)?;
        let lock = &planned.workspace.lock;
        Ok(Sbom::new(
            plan,
            service,
            &base(plan, service),
            &crates,
            lock,
            made,
        ))
    }

    /// Returns the crates that the binaries and shared libraries of a service link, on any of its platforms.
    fn crates(&mut self, planned: &Planned, service: &Service) -> Result<CrateTree, Problem> {
        let plan = &planned.plan;
        let mut all = CrateTree::default();
        for (package, stage) in outputs(service) {
            let mut selections = plan.selections.iter();
            let selection = selections.find(|selection| {
                let mut stages = selection.binary_stages.iter();
                stages.any(|own| own.name == *stage)
            });
            let Some(selection) = selection else { continue };
            for target in targets(plan, service) {
                let key = (selection.deps(), target.clone());
                let tree = match self.known.get(&key) {
                    Some(tree) => tree,
                    None => {
                        let tree = CrateTree::read(&request(planned, selection, &target))?;
                        self.known.entry(key).or_insert(tree)
                    }
                };
                let root = tree.local(package).cloned();
                let root: BTreeSet<CrateId> = root.into_iter().collect();
                all.join(tree.below(&root));
            }
        }
        Ok(all)
    }
}

/// Returns the packages of the workspace that a service has something of, each with the stage that builds it.
fn outputs(service: &Service) -> BTreeSet<(&PackageName, &StageName)> {
    let binaries = service.binaries.iter();
    let binaries = binaries.map(|binary| (&binary.package, &binary.stage));
    let libraries = service.libraries.iter();
    let libraries =
        libraries.filter_map(|library| Some((library.package.as_ref()?, &library.stage)));
    binaries.chain(libraries).collect()
}

/// Returns Rust's names of the platforms of an image.
fn targets(plan: &Plan, service: &Service) -> BTreeSet<String> {
    let [amd64, arm64] = usual();
    let native = match std::env::consts::ARCH {
        "aarch64" => arm64,
        _ => amd64,
    };
    let platforms = match (&service.target.platforms[..], &plan.config.platforms[..]) {
        ([], []) => &[native][..],
        ([], all) => all,
        (own, _) => own,
    };
    platforms
        .iter()
        .filter_map(|platform| triple(platform))
        .collect()
}

/// Asks for what a selection compiles together, as the stages of the Dockerfile do.
fn request<'a>(planned: &'a Planned, selection: &Selection, target: &'a str) -> TreeRequest<'a> {
    let plan = &planned.plan;
    let packages =
        selection
            .packages
            .iter()
            .map(|package| match plan.skeleton.ambiguous.contains(package) {
                true => {
                    let folder = planned.root.join(&planned.workspace.members[package].dir);
                    format!("path+file://{folder}")
                }
                false => package.to_string(),
            });
    let features = selection.feature_arguments().into_iter().map(str::to_owned);
    let mut features: Vec<String> = features.collect();
    if plan.config.at_bake.features.is_some() {
        let given = std::env::var(features_argument(selection)).unwrap_or_default();
        features.extend((!given.is_empty()).then_some(given));
    }
    TreeRequest {
        folder: planned.home(),
        packages: packages.collect(),
        features,
        no_default_features: selection.no_default_features,
        target,
    }
}
