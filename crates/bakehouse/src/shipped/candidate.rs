//! Images that a repository asks for, with the binaries of the workspace in them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::base;
use super::cargo_call::is_cargo;
use super::carried::{Carried, Known, carried, words};
use super::dockerfile::{Dockerfile, Program, Step};
use super::image::{At, Image, image, is_shell};
use super::kinds::Weight;
use super::path::last;
use super::place::{Line, Place};
use super::program::{Paths, Run};
use super::request::{Asker, Request};

/// An image that is asked for.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub weight: Weight,
    pub request: Request,
    pub file: Rc<Dockerfile>,
    pub stage: usize,
    pub image: Image,
    /// The stage that compiles its binaries.
    pub builder: Option<Image>,
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
    let calls = words.any(|words| words.iter().any(|(word, _)| is_cargo(word)));
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
        file: Dockerfile,
        known: &Known<'_>,
    ) -> Option<Self> {
        let stage = match &request.target {
            Some(target) => file.stage(target)?,
            None if request.target_untold => file.released()?,
            None => file.stages.len().checked_sub(1)?,
        };
        let image = image(&file, stage, &request.args);
        let binaries = carried(&file, &image, &request.args, known);
        let mut run = Run::of(&image, &binaries);
        if let Some(compose) = &request.compose {
            let paths = Paths::of(&image, &binaries);
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
        let rust = compiles(&file, &request.args);
        let builder = builder(&file, &image, &request.args, &mut BTreeSet::new());
        Some(Self {
            weight,
            request,
            file: Rc::new(file),
            stage,
            image,
            builder,
            binaries,
            run,
            rust,
        })
    }

    /// Returns the place of a line of its Dockerfile.
    pub fn place(&self, line: Line) -> Place {
        self.file.place(line)
    }

    /// Returns whether it runs a program that is neither of the workspace nor installed in it by name: what its base
    /// is for, or what its other steps made.
    pub fn is_foreign(&self) -> bool {
        if base::is_neutral(&self.image.base) {
            return false;
        }
        let image = &self.image;
        let programs = [&image.entrypoint, &image.command].into_iter().flatten();
        let all: Vec<String> = programs
            .flat_map(|at| words(&at.value, &image.environment()))
            .collect();
        let Some(first) = all.first() else {
            return self.run == Run::default();
        };
        let ours = |word: &String| {
            let name = last(word);
            let mut binaries = self.binaries.iter();
            binaries.any(|carried| *carried.bin == *name || last(&carried.path) == name)
                || image.links.keys().any(|link| last(link) == name)
        };
        // The program of `supervisor` is `supervisord`.
        let installed = image
            .packages
            .iter()
            .any(|package| last(first).starts_with(package.value.as_str()));
        let copied = image.copied.iter().any(|At { value, .. }| {
            let mut sources = value.sources.iter();
            let named = *first == value.to
                || (first.starts_with(&value.to) && first.contains('/'))
                || sources.any(|source| last(source) == last(first));
            value.of_context && named
        });
        !(all.iter().any(ours) || installed || copied || is_shell(first))
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
        if let (Some(own), Some(others)) = (&self.request.bake, &other.request.bake) {
            // Two targets of a file are two images, as long as they differ in anything.
            let same_file = self.request.place.file == other.request.place.file;
            let same = self.request.name == other.request.name && others.overlay == own.overlay;
            let overlay = own.overlay.is_some() || others.overlay.is_some();
            if same_file || same || overlay {
                return same;
            }
        }
        let bin = self.main().map_or("", |main| main.bin.as_str());
        let runs_alike = self.run.is_like(&other.run, bin);
        let compiles = |of: &Self| of.main().is_some_and(|main| main.call.is_some());
        if compiles(self) && !compiles(other) && !other.request.is_published() {
            return true;
        }
        // The stages of contexts come first.
        let stage = |of: &Self| {
            let first = of.file.origins.last().map_or(0, |origin| origin.first);
            of.stage - first
        };
        let same_stage =
            self.request.dockerfile == other.request.dockerfile && stage(self) == stage(other);
        match other.request.asker {
            Asker::Dockerfile => true,
            Asker::Compose if self.request.asker != Asker::Compose && same_stage => true,
            Asker::Compose => runs_alike,
            _ if self.request.is_published() && !other.request.is_published() && same_stage => {
                self.request.asker != Asker::Bake || runs_alike
            }
            _ => match (self.request.image(), other.request.image()) {
                (Some(own), Some(others)) if own == others => true,
                (Some(_), Some(_)) if self.request.place.file == other.request.place.file => false,
                _ => runs_alike && self.binaries.len() == other.binaries.len(),
            },
        }
    }
}

/// Returns the stage that compiles what an image has: it calls Cargo, or takes files from one that does.
fn builder(
    file: &Dockerfile,
    of: &Image,
    arguments: &BTreeMap<String, String>,
    seen: &mut BTreeSet<usize>,
) -> Option<Image> {
    if !of.calls.is_empty() {
        return Some(of.clone());
    }
    let stages: Vec<usize> = of
        .copied
        .iter()
        .filter_map(|At { value, .. }| value.from)
        .filter(|stage| seen.insert(*stage))
        .collect();
    let images: Vec<Image> = stages
        .into_iter()
        .map(|stage| image(file, stage, arguments))
        .collect();
    let found = images
        .iter()
        .find_map(|image| builder(file, image, arguments, seen));
    // A script may call Cargo.
    found.or_else(|| {
        let mut images = images.into_iter();
        images.find(|image| base::rust(&image.base).is_some())
    })
}
