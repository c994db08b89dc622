//! Seeds: images of what earlier builds compiled. After a change of `Cargo.lock`, a registry cache has nothing for the
//! stages that compile, and the cache mounts of a new builder are empty. So the mounts are filled from the nearest seed
//! before the bake, and what was compiled is pushed as a seed after it. A seed that cannot be read or written costs time,
//! never a build.

use jiff::Timestamp;

use super::chosen::Chosen;
use super::seed_names::{SeedNames, seed_names};
use crate::cli::session::Planned;
use crate::documents::bake::{SEED_ENVIRONMENT_LABEL, SEED_LABEL, SeedTarget, filled_from, seed};
use crate::engine::Engine;
use crate::engine::buildx::{Bake, Shown};
use crate::engine::published::Published;
use crate::graph::parallel::parallel_map;
use crate::plan::config::valid::Strategy;
use crate::problem::Problem;

/// The seeds of a bake that uses a registry cache.
pub struct Seeds<'a> {
    engine: &'a Engine,
    planned: &'a Planned,
    /// The variables that the build gives Bake.
    variables: &'a [(String, String)],
    shown: Shown<'a>,
    /// The names of each chain's seed, and the nearest that the registry has.
    chains: Vec<(SeedNames, Nearest)>,
}

/// The nearest seed that the registry has, named by its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Nearest {
    /// The branch, or main, was built with the same lock. The registry cache has its layers.
    Own(String),
    /// Another branch was.
    Elsewhere(String),
    /// The branch, or main, was built with another lock.
    Other(String),
    None,
}

impl<'a> Seeds<'a> {
    /// Looks for the seeds of what `chosen` compiles, if there is a registry cache.
    ///
    /// # Errors
    /// `file-unreadable`.
    pub fn find(
        engine: &'a Engine,
        planned: &'a Planned,
        chosen: &Chosen<'_>,
        variables: &'a [(String, String)],
        shown: Shown<'a>,
    ) -> Result<Option<Self>, Problem> {
        let Some(names) = seed_names(engine, planned, variables)? else {
            return Ok(None);
        };
        let compiles = |names: &SeedNames| {
            let mut outputs = names.inputs.outputs.iter();
            chosen.only_cache || outputs.any(|output| chosen.has(output))
        };
        let names: Vec<SeedNames> = names.into_iter().filter(compiles).collect();
        let mut refused = None;
        let found = parallel_map(&names, |names| nearest(engine, names));
        let nearest = found.into_iter().map(|found| {
            found.unwrap_or_else(|why| {
                refused = Some(why);
                Nearest::None
            })
        });
        let chains = nearest.collect::<Vec<_>>();
        if let Some(why) = refused {
            tracing::warn!(
                "no seed can be read, so a change of Cargo.lock compiles all crates: {why}"
            );
        }
        Ok(Some(Self {
            engine,
            planned,
            variables,
            shown,
            chains: names.into_iter().zip(chains).collect(),
        }))
    }

    /// Fills the builder's cache mounts where they are empty and stages have to compile.
    pub fn fill(&self) {
        // With mounts, no layer has libraries: a changed service would compile all of its closure.
        let has_layers = self.planned.plan.config.strategy == Strategy::Layer;
        let wanted: Vec<(&SeedNames, &String)> = self
            .chains
            .iter()
            .filter_map(|(names, nearest)| match nearest {
                Nearest::Elsewhere(image) | Nearest::Other(image) => Some((names, image)),
                Nearest::Own(image) if !has_layers => Some((names, image)),
                Nearest::Own(_) | Nearest::None => None,
            })
            .collect();
        if wanted.is_empty() {
            return;
        }
        let ids = wanted.iter().map(|(names, _)| names.inputs.mount.as_str());
        let there = self.engine.cache_mounts(&ids.collect::<Vec<_>>());
        let (mut targets, mut text) = (Vec::new(), String::new());
        for (names, image) in wanted {
            if !there.contains(&names.inputs.mount.as_str()) {
                let target = names.inputs.fill.as_str();
                targets.push(target.to_owned());
                text += &filled_from(target, image);
            }
        }
        if let Err(problem) = self.bake(&targets, &text) {
            tracing::warn!("all crates compile, since a seed cannot be used: {problem}");
        }
    }

    /// Pushes what was compiled.
    pub fn save(&self) {
        let (mut targets, mut text) = (Vec::new(), String::new());
        let now = Timestamp::now().to_string();
        for (names, nearest) in &self.chains {
            let target = names.inputs.save.as_str();
            match nearest {
                Nearest::Own(_) => {}
                Nearest::Elsewhere(_) => {
                    if let Err(problem) = self
                        .engine
                        .publish_as(&names.own, std::slice::from_ref(&names.of_branch))
                    {
                        tracing::warn!(
                            "the next change of Cargo.lock compiles more than it has to: {problem}"
                        );
                    }
                }
                Nearest::Other(_) | Nearest::None => {
                    targets.push(target.to_owned());
                    text += &seed(&SeedTarget {
                        target,
                        tags: [&names.own, &names.of_branch],
                        hash: &names.hash,
                        environment: &names.environment,
                        created: &now,
                    });
                }
            }
        }
        if let Err(problem) = self.bake(&targets, &text) {
            tracing::warn!(
                "the next change of Cargo.lock compiles more than it has to, since no seed was pushed: {problem}"
            );
        }
    }

    fn bake(&self, targets: &[String], laid_over: &str) -> Result<(), Problem> {
        if targets.is_empty() {
            return Ok(());
        }
        let baked = self.engine.bake(&Bake {
            root: &self.planned.root,
            file: &self.planned.plan.config.output.bake,
            targets,
            laid_over,
            variables: self.variables,
            arguments: &[],
            shown: self.shown,
        });
        baked.map(|_| ())
    }
}

/// Looks in the registry for the nearest seed.
///
/// # Errors
/// The reason why the registry does not tell.
fn nearest(engine: &Engine, names: &SeedNames) -> Result<Nearest, String> {
    let mut asked = vec![&names.own, &names.of_branch];
    asked.extend((names.of_main != names.of_branch).then_some(&names.of_main));
    let found = parallel_map(&asked, |name| engine.find_published(name));
    let found: Vec<Option<Published>> = found.into_iter().collect::<Result<_, _>>()?;
    let (own, branches) = found.split_at(1);
    let first = |seeds: &[Option<Published>], label: &str, value: &str| {
        let mut seeds = seeds.iter().flatten();
        let seed = seeds.find(|seed| seed.has_label(label, value))?;
        Some(format!("{}@{}", names.repository, seed.digest))
    };
    let nearest = first(branches, SEED_LABEL, &names.hash)
        .map(Nearest::Own)
        .or_else(|| first(own, SEED_LABEL, &names.hash).map(Nearest::Elsewhere))
        .or_else(|| {
            first(branches, SEED_ENVIRONMENT_LABEL, &names.environment).map(Nearest::Other)
        });
    Ok(nearest.unwrap_or(Nearest::None))
}
