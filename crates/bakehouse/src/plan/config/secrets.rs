//! `[secrets]`.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

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

/// The folders of steps with network, beside the scripts in `/run`.
const MOUNTED: [&str; 6] = [
    "/build",
    "/cargo-home",
    "/downloads",
    "/lock",
    "/skeleton",
    "/vendor",
];

impl Check<'_> {
    pub(super) fn secrets(&mut self, raw: &RawConfig) -> SecretsConfig {
        let secrets = &raw.secrets;
        let variables = secrets.variables.iter();
        let variables = sorted(variables.map(|name| self.secret(raw, name)));
        let mut files = BTreeMap::new();
        let mut places: Vec<&Spanned<String>> = Vec::new();
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
            files.insert(name, self.secret_file(path, &places));
            places.push(path);
        }
        SecretsConfig {
            variables,
            files,
            ssh: secrets.ssh.unwrap_or_default(),
        }
    }

    /// Checks the path of a secret file in steps. `others` are those of other files.
    fn secret_file(&mut self, path: &Spanned<String>, others: &[&Spanned<String>]) -> Utf8PathBuf {
        let before = self.problems.len();
        let found = self.absolute(Some(path), "");
        let plain = |path: &str| -> Utf8PathBuf { Utf8Path::new(path).components().collect() };
        let here = plain(found.as_str());
        if self.problems.len() > before {
            return found;
        }
        let mut own = MOUNTED.iter().map(Utf8Path::new);
        let is_script =
            here.parent() == Some(Utf8Path::new("/run")) && here.extension() == Some("sh");
        if is_script
            || here == "/tmp"
            || own.any(|own| here.starts_with(own) || own.starts_with(&here))
        {
            self.problem(
                Code::ConfigValue,
                format!("steps have something else at {here}"),
                path.span(),
                "write another path, such as `/run/secrets/<name>`",
            );
        }
        let mut others = others.iter();
        let at = |other: &&&Spanned<String>| {
            let other = plain(other.as_ref());
            here.starts_with(&other) || other.starts_with(&here)
        };
        if let Some(other) = others.find(at) {
            self.two_places(
                Code::ConfigValue,
                format!(
                    "two secret files cannot lie at {here} and {}",
                    other.as_ref()
                ),
                [Some(path.span()), Some(other.span())],
                "give each a path of its own",
            );
        }
        found
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
