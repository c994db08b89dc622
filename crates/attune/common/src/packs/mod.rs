//! Packs: folders of actions and sensors, read from the packs mount.
//!
//! Whatever is wrong with one file is a [`Problem`] next to what could be read; it never keeps other
//! actions, sensors or packs from loading. The formats are described in `packs/README.md`.

mod entry;
mod load;
mod manifest;
mod parameters;

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::Runner;

pub use load::load;
pub use manifest::{Parameter, ParameterType};

/// Where the packs are mounted, and with `.dev` behind those in development, unless `ATTUNE_PACKS_DIR` says otherwise.
pub const DEFAULT_DIR: &str = "/opt/attune/packs";

/// What the packs mount holds.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Packs {
    /// The packs that could be read, by ref.
    pub packs: Vec<Pack>,
    /// What is wrong outside of those.
    pub problems: Vec<Problem>,
}

/// One pack.
#[derive(Debug, PartialEq, Serialize)]
pub struct Pack {
    /// Its ref, equal to its folder's name.
    #[serde(rename = "ref")]
    pub reference: String,
    /// A name for people.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// Its usable actions, by ref.
    pub actions: Vec<Action>,
    /// Its usable sensors, by ref.
    pub sensors: Vec<Sensor>,
    /// What is wrong with the rest of it.
    pub problems: Vec<Problem>,
}

/// Something a pack can do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    /// `<pack>.<name>`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What it does.
    pub description: String,
    /// What interprets the entry point.
    pub runner: Runner,
    /// The file to run, resolved; inside the pack and executable when it was loaded.
    #[serde(skip)]
    pub entry_point: PathBuf,
    /// How long a run may take.
    pub timeout_seconds: u32,
    /// What it takes.
    pub parameters: BTreeMap<String, Parameter>,
}

/// Something a pack watches: a program that prints one JSON object per line and event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensor {
    /// `<pack>.<name>`; also the kind of its events.
    #[serde(rename = "ref")]
    pub reference: String,
    /// What it watches.
    pub description: String,
    /// The program, resolved; inside the pack and executable when it was loaded.
    #[serde(skip)]
    pub entry_point: PathBuf,
    /// Variables for the program.
    pub environment: BTreeMap<String, String>,
}

/// Something that keeps a part of a pack from being used.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, relative to the packs folder; the packs folder itself where it is missing.
    pub path: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Packs {
    /// The pack of this ref.
    pub fn pack(&self, reference: &str) -> Option<&Pack> {
        self.packs.iter().find(|p| p.reference == reference)
    }

    /// The action of this ref.
    pub fn action(&self, reference: &str) -> Option<&Action> {
        let (pack, _) = reference.split_once('.')?;
        let actions = &self.pack(pack)?.actions;
        actions.iter().find(|a| a.reference == reference)
    }

    /// Every usable sensor.
    pub fn sensors(&self) -> impl Iterator<Item = &Sensor> {
        self.packs.iter().flat_map(|p| &p.sensors)
    }

    /// Every problem, inside and outside of packs.
    pub fn all_problems(&self) -> impl Iterator<Item = &Problem> {
        let inside = self.packs.iter().flat_map(|p| &p.problems);
        self.problems.iter().chain(inside)
    }

    /// Writes every problem to the log, as a warning each.
    pub fn warn(&self) {
        for Problem { path, message } in self.all_problems() {
            tracing::warn!(%path, "{message}");
        }
    }
}

impl Action {
    /// `given` with defaults filled in.
    ///
    /// # Errors
    /// One line for every unknown, missing or wrongly typed parameter.
    pub fn complete(&self, given: &Map<String, Value>) -> Result<Map<String, Value>, Vec<String>> {
        parameters::complete(&self.parameters, given)
    }
}
