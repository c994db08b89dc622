//! The outputs whose input hashes differ between two plans.

use std::collections::{BTreeMap, BTreeSet};

use super::Plan;
use super::explain::Output;
use crate::names::TargetName;

/// Outputs to build again, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Affected {
    pub services: BTreeSet<TargetName>,
    /// Images of other Dockerfiles.
    pub images: BTreeSet<TargetName>,
    pub packs: BTreeSet<String>,
    /// The targets of `packs` that changed.
    pub pack_binaries: BTreeSet<TargetName>,
}

impl Affected {
    /// Returns the outputs of `now` that differ from `then`; all of them if there is no `then`.
    pub fn between(then: Option<&Plan>, now: &Plan) -> Self {
        let before: BTreeMap<&str, &str> = then
            .into_iter()
            .flat_map(Output::all)
            .map(|output| (output.name, output.input_hash))
            .collect();
        let changed = |name: &str, hash: &str| before.get(name) != Some(&hash);
        let mut affected = Self::default();
        for service in &now.services {
            if changed(&service.name, &service.input_hash) {
                affected.services.insert(service.name.clone());
            }
        }
        for image in &now.images {
            let name = &image.config.name;
            if changed(name, &image.input_hash) {
                affected.images.insert(name.clone());
            }
        }
        for pack in &now.packs {
            for binary in &pack.binaries {
                if changed(&binary.target, &binary.input_hash) {
                    affected.packs.insert(pack.name.clone());
                    affected.pack_binaries.insert(binary.target.clone());
                }
            }
        }
        affected
    }

    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.images.is_empty() && self.packs.is_empty()
    }
}
