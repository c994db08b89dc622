//! Packs: folders of actions and sensors, read from the packs mount.
//!
//! Each error in a file is reported as a [`Problem`]. It never prevents other actions, sensors or packs from loading.
//! The formats are described in `packs/README.md`.

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

/// The default folder of the packs mount; packs in development are in the same path with the suffix `.dev`.
/// `ATTUNE_PACKS_DIR` overrides it.
pub const DEFAULT_DIR: &str = "/opt/attune/packs";

/// The contents of the packs mount.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Packs {
    /// The packs that could be read, by ref.
    pub packs: Vec<Pack>,
    /// Problems outside of those packs.
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
    /// Its purpose.
    pub description: String,
    /// Its usable actions, by ref.
    pub actions: Vec<Action>,
    /// Its usable sensors, by ref.
    pub sensors: Vec<Sensor>,
    /// Problems of its other files.
    pub problems: Vec<Problem>,
}

/// An action of a pack.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    /// `<pack>.<name>`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// A description for people.
    pub description: String,
    /// The interpreter of the entry point.
    pub runner: Runner,
    /// The file to run, resolved. It was inside the pack and executable when it was loaded.
    #[serde(skip)]
    pub entry_point: PathBuf,
    /// The maximum duration of a run.
    pub timeout_seconds: u32,
    /// The parameters that it takes.
    pub parameters: BTreeMap<String, Parameter>,
}

/// A sensor of a pack: a program that prints one JSON object per line and event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sensor {
    /// `<pack>.<name>`, which is also the kind of its events.
    #[serde(rename = "ref")]
    pub reference: String,
    /// A description for people.
    pub description: String,
    /// The program, resolved. It was inside the pack and executable when it was loaded.
    #[serde(skip)]
    pub entry_point: PathBuf,
    /// Variables for the program.
    pub environment: BTreeMap<String, String>,
}

/// A problem that makes a part of a pack unusable.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, relative to the packs folder, or the packs folder itself if it is missing.
    pub path: String,
    /// The error and its remedy.
    pub message: String,
}

impl Packs {
    /// Returns the pack with this ref.
    pub fn pack(&self, reference: &str) -> Option<&Pack> {
        self.packs.iter().find(|p| p.reference == reference)
    }

    /// Returns the action with this ref.
    pub fn action(&self, reference: &str) -> Option<&Action> {
        let (pack, _) = reference.split_once('.')?;
        let actions = &self.pack(pack)?.actions;
        actions.iter().find(|a| a.reference == reference)
    }

    /// Returns all usable sensors.
    pub fn sensors(&self) -> impl Iterator<Item = &Sensor> {
        self.packs.iter().flat_map(|p| &p.sensors)
    }

    /// Returns all problems, inside and outside of packs.
    pub fn all_problems(&self) -> impl Iterator<Item = &Problem> {
        let inside = self.packs.iter().flat_map(|p| &p.problems);
        self.problems.iter().chain(inside)
    }

    /// Logs every problem as a warning.
    pub fn warn(&self) {
        for Problem { path, message } in self.all_problems() {
            tracing::warn!(%path, "{message}");
        }
    }
}

impl Action {
    /// Returns `given` with defaults filled in.
    ///
    /// # Errors
    /// One line for each parameter that is unknown, missing or of the wrong type.
    pub fn complete(&self, given: &Map<String, Value>) -> Result<Map<String, Value>, Vec<String>> {
        parameters::complete(&self.parameters, given)
    }
}
