//! Images that a repository asks for, with the binaries of the workspace in them.

use std::collections::BTreeMap;

use super::carried::{Carried, Known, carried};
use super::dockerfile::{Dockerfile, Program, Step};
use super::image::{At, Image, image, last};
use super::kinds::Weight;
use super::program::{Paths, Run};
use super::request::{Asker, Request};

/// An image that is asked for.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub weight: Weight,
    pub request: Request,
    pub stage: usize,
    pub image: Image,
    /// The binaries of the workspace in it, the one that it runs first.
    pub binaries: Vec<Carried>,
    pub run: Run,
    /// Set if one of its stages calls Cargo.
    pub rust: bool,
}

/// Returns whether a Dockerfile compiles the workspace: it calls Cargo for it, or has a Rust image and does not call
/// Cargo itself.
fn compiles(file: &Dockerfile, arguments: &BTreeMap<String, String>) -> bool {
    let mut words = file
        .stages
        .iter()
        .flat_map(|stage| &stage.steps)
        .flat_map(|(_, step)| match step {
            Step::Run(commands) => &commands[..],
            _ => &[],
        });
    let calls = words.any(|words| words.iter().any(|(word, _)| last(word) == "cargo"));
    if calls {
        let mut stages = 0..file.stages.len();
        return stages.any(|stage| !image(file, stage, arguments).calls.is_empty());
    }
    let bases = file.stages.iter().map(|stage| stage.base.to_lowercase());
    bases.into_iter().any(|base| base.contains("rust"))
}

impl Candidate {
    /// Works out what a request gives; none if its stage does not exist.
    pub fn new(
        request: Request,
        weight: Weight,
        file: &Dockerfile,
        known: &Known<'_>,
    ) -> Option<Self> {
        let stage = match &request.target {
            Some(target) => file.earlier(target, file.stages.len())?,
            None => file.stages.len().checked_sub(1)?,
        };
        let image = image(file, stage, &request.args);
        let binaries = carried(file, &image, &request.args, known);
        let mut run = Run::of(&image, &binaries);
        if let Some(compose) = &request.compose {
            let paths = Paths {
                binaries: &binaries,
                links: &image.links,
                workdir: &image.workdir,
            };
            let words = |words: &Option<Vec<String>>| {
                words
                    .as_ref()
                    .map(|words| paths.program(&Program::Exec(words.clone())))
            };
            let (entrypoint, command) = (words(&compose.entrypoint), words(&compose.command));
            let program = |at: &Option<At<Program>>| at.as_ref().map(|at| paths.program(&at.value));
            if entrypoint.is_some() || command.is_some() {
                let given = entrypoint.is_some();
                run = Run::without_defaults(
                    entrypoint.or_else(|| program(&image.entrypoint)),
                    command.or_else(|| program(&image.command).filter(|_| !given)),
                    &binaries,
                );
            }
        }
        let rust = compiles(file, &request.args);
        Some(Self {
            weight,
            request,
            stage,
            image,
            binaries,
            run,
            rust,
        })
    }

    pub fn main(&self) -> Option<&Carried> {
        self.binaries.first()
    }

    /// Returns the profile and features, by which two images of one program differ.
    pub fn settings(&self) -> BTreeMap<&'static str, String> {
        let Some(call) = self.main().and_then(|main| main.call.as_ref()) else {
            return BTreeMap::new();
        };
        let profile = call.profile.clone().unwrap_or_default();
        let mut settings = BTreeMap::from([("profile", profile)]);
        settings.insert("features", call.features.join(","));
        settings
    }

    /// Returns whether both are the same image, `self` being asked for by what counts more.
    pub fn is_same(&self, other: &Self) -> bool {
        let main = |of: &Self| {
            of.main()
                .map(|main| (main.package.clone(), main.bin.clone()))
        };
        if main(self) != main(other) {
            return false;
        }
        let compiles = |of: &Self| of.main().is_some_and(|main| main.call.is_some());
        if compiles(self) && !compiles(other) && !other.request.is_published() {
            return true;
        }
        let same_stage =
            self.request.dockerfile == other.request.dockerfile && self.stage == other.stage;
        match other.request.asker {
            Asker::Dockerfile => true,
            Asker::Compose if self.request.asker != Asker::Compose && same_stage => true,
            Asker::Compose => self.run == other.run,
            _ if self.request.is_published() && !other.request.is_published() && same_stage => {
                self.request.asker != Asker::Bake || self.run == other.run
            }
            _ => match (self.request.image(), other.request.image()) {
                (Some(own), Some(others)) if own == others => true,
                (Some(_), Some(_)) if self.request.place.file == other.request.place.file => false,
                _ => self.run == other.run && self.binaries.len() == other.binaries.len(),
            },
        }
    }
}
