//! `[secrets]`.

use std::collections::BTreeMap;

use super::check::{Check, sorted};
use super::raw::RawConfig;
use super::spanned::Spanned;
use super::valid::SecretsConfig;
use super::values::is_taken;
use crate::problem::Code;

/// Variables of Cargo and rustup that configure the access to registries and toolchains, and do not change build
/// results.
const OF_CARGO: [&str; 6] = [
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "RUSTUP_DIST_SERVER",
    "RUSTUP_UPDATE_ROOT",
];

impl Check<'_> {
    pub(super) fn secrets(&mut self, raw: &RawConfig) -> SecretsConfig {
        let secrets = &raw.secrets;
        let variables = secrets.variables.iter();
        let variables = sorted(variables.map(|name| self.secret(raw, name)));
        let mut files = BTreeMap::new();
        for (name, path) in &secrets.files {
            let name = self.secret(raw, name);
            if variables.contains(&name) {
                self.problem(
                    Code::ConfigValue,
                    format!("`{name}` is a secret variable and the place of a secret file"),
                    path.span(),
                    "give the place of the file another name",
                );
            }
            files.insert(name, self.absolute(Some(path), ""));
        }
        SecretsConfig {
            variables,
            files,
            ssh: secrets.ssh.unwrap_or_default(),
        }
    }

    /// Checks the name of a variable that is a secret, or contains the path of one.
    fn secret(&mut self, raw: &RawConfig, name: &Spanned<String>) -> String {
        let text = name.as_ref();
        self.variable_name(name);
        let of_cargo = OF_CARGO.iter().any(|start| text.starts_with(start));
        if is_taken(text) && !of_cargo {
            self.problem(
                Code::ConfigValue,
                format!("`{text}` is a variable of Cargo's, Docker's or bakehouse's own"),
                name.span(),
                "a proxy needs no secret, because Docker passes its own to every step; name another variable",
            );
        }
        let mut shown = raw.inputs.values().flat_map(|inputs| &inputs.variables);
        if let Some(shown) = shown.find(|shown| shown.as_ref() == text) {
            self.problem(
                Code::ConfigValue,
                format!("`{text}` is a secret, and the compilation of a package gets it, too"),
                shown.span(),
                "remove it from one of them: variables of a compilation are visible in the history of its stage",
            );
        }
        text.clone()
    }
}
