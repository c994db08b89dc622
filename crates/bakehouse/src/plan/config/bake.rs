//! `[bake]`: the settings of the Bake file.

use std::collections::BTreeMap;

use super::check::Check;
use super::raw::RawConfig;
use super::valid::{AtBake, FEATURES, PROFILE, PackConfig, ServiceConfig};
use crate::problem::{Code, did_you_mean};

impl Check<'_> {
    /// Returns what is chosen at bake time.
    pub(super) fn at_bake(
        &mut self,
        raw: &RawConfig,
        services: &[ServiceConfig],
        packs: &[PackConfig],
    ) -> AtBake {
        let mut at_bake = AtBake::default();
        for name in &raw.bake.variables {
            match name.as_ref().as_str() {
                PROFILE => at_bake.profile = true,
                FEATURES => at_bake.features = Some(self.features_of_outputs(services, packs)),
                other => {
                    let hint = did_you_mean(other, [PROFILE, FEATURES]).unwrap_or_else(|| {
                        "variables for compilations of single packages stand under [inputs.<package>]".to_owned()
                    });
                    self.problem(
                        Code::ConfigValue,
                        format!("there is no variable `{}` for a bake", other.escape_debug()),
                        name.span(),
                        hint,
                    );
                }
            }
        }
        at_bake
    }

    /// Returns all features of the packages that something is built from.
    fn features_of_outputs(
        &self,
        services: &[ServiceConfig],
        packs: &[PackConfig],
    ) -> BTreeMap<crate::names::PackageName, Vec<String>> {
        let packs = packs.iter().flat_map(|pack| &pack.binaries);
        let packs = packs.map(|built| &built.binary.package);
        let services = services.iter().flat_map(|service| {
            let binaries = service.binaries.iter().map(|binary| &binary.package);
            binaries.chain(service.cdylibs().map(|cdylib| &cdylib.package))
        });
        services
            .chain(packs)
            .map(|package| {
                let features = self.workspace.members[package].features.keys();
                let features = features.filter(|feature| *feature != "default");
                (package.clone(), features.cloned().collect())
            })
            .collect()
    }
}
