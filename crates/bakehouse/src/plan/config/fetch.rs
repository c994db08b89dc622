//! `[fetch]`: files that are fetched once, for build scripts.

use std::collections::{BTreeMap, BTreeSet};

use super::check::Check;
use super::fetched::{Download, FetchedFile, STAGE};
use super::raw::RawConfig;
use super::raw_fetch::RawFetch;
use super::spanned::Spanned;
use super::valid::ServiceConfig;
use crate::graph::context::is_configurable;
use crate::problem::{Code, did_you_mean};

/// The number of hex digits of a SHA-256 checksum.
const DIGITS: usize = 64;

impl Check<'_> {
    pub(super) fn fetch(
        &mut self,
        raw: &RawConfig,
        services: &[ServiceConfig],
    ) -> Vec<FetchedFile> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut files = Vec::new();
        for (name, fetch) in &raw.fetch {
            self.plain_name(name);
            let variable = self.build_variable(&fetch.variable);
            if !seen.insert(fetch.variable.as_ref()) || is_given(raw, &variable) {
                self.problem(
                    Code::ConfigValue,
                    format!("something else sets `{variable}` as well"),
                    fetch.variable.span(),
                    "a variable has one value in all steps: let one entry of [fetch], [inputs] or [secrets] name it",
                );
            }
            files.push(FetchedFile {
                variable,
                as_url: self.choice(fetch.form.as_ref(), &[("path", false), ("url", true)]),
                file: self.file_name(fetch),
                usual: self.download(&fetch.url, &fetch.sha256),
                platforms: self.per_platform(raw, fetch),
            });
        }
        // The names of services are those of stages.
        let beside = format!("{STAGE}-");
        let mut taken = services.iter().map(|service| service.name.as_str());
        let taken = taken.find(|name| *name == STAGE || name.starts_with(&beside));
        if let (Some(taken), Some((name, _))) = (taken, raw.fetch.first_key_value()) {
            self.problem(
                Code::NameCollision,
                format!("`{taken}` is the name of a service, and of the stage that fetches files"),
                name.span(),
                "give the service another name",
            );
        }
        files
    }

    fn per_platform(&mut self, raw: &RawConfig, fetch: &RawFetch) -> BTreeMap<String, Download> {
        let known: Vec<&str> = raw
            .platforms
            .iter()
            .map(|one| one.as_ref().as_str())
            .collect();
        let mut platforms = BTreeMap::new();
        for (platform, download) in &fetch.platforms {
            let text = platform.as_ref();
            if !known.contains(&text.as_str()) {
                let hint = did_you_mean(text, known.iter().copied()).unwrap_or_else(|| {
                    "add it to the workspace's `platforms`, or leave it out".to_owned()
                });
                self.problem(
                    Code::ConfigValue,
                    format!("nothing is built for `{}`", text.escape_debug()),
                    platform.span(),
                    hint,
                );
            }
            let download = self.download(&download.url, &download.sha256);
            platforms.insert(text.clone(), download);
        }
        platforms
    }

    fn download(&mut self, url: &Spanned<String>, sha256: &Spanned<String>) -> Download {
        self.url(url);
        Download {
            url: url.as_ref().clone(),
            sha256: self.sha256(sha256),
        }
    }

    /// Checks a checksum, and returns it in lower case.
    pub(super) fn sha256(&mut self, sha256: &Spanned<String>) -> String {
        let sum = sha256.as_ref();
        if sum.len() != DIGITS || !sum.bytes().all(|b| b.is_ascii_hexdigit()) {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not a SHA-256 checksum", sum.escape_debug()),
                sha256.span(),
                format!("write the {DIGITS} hex digits that `sha256sum` prints for the file"),
            );
        }
        sum.to_ascii_lowercase()
    }

    /// Checks an address that BuildKit fetches a file from.
    fn url(&mut self, url: &Spanned<String>) {
        let text = url.as_ref();
        let rest = ["https://", "http://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?@!&()*+,;=%".contains(c);
        let host = rest.map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
        let (message, hint) = match host {
            None | Some("") => (
                "is not the URL of a file",
                "begin it with `https://` or `http://`",
            ),
            Some(host) if host.contains('@') => (
                "contains a user or a password, which the history of the stage would show",
                "name a file that needs none, or let a builder base of your own have it",
            ),
            Some(_) if !text.chars().all(plain) => (
                "contains a character that a Dockerfile cannot have in a URL",
                "write it as `%` and two hex digits",
            ),
            Some(_) if path(text).ends_with(".git") => (
                "is a git repository for BuildKit, not a file",
                "name an archive of it",
            ),
            Some(_) => return,
        };
        let message = format!("`{}` {message}", text.escape_debug());
        self.problem(Code::ConfigValue, message, url.span(), hint);
    }

    /// Returns the name of the file in the build.
    fn file_name(&mut self, fetch: &RawFetch) -> String {
        let url = fetch.url.as_ref();
        let (name, span) = match &fetch.file {
            Some(file) => (file.as_ref().as_str(), file.span()),
            None => (
                path(url).rsplit('/').next().unwrap_or_default(),
                fetch.url.span(),
            ),
        };
        let plain = |c: char| is_configurable(c) && c != '/';
        let valid =
            !["", ".", ".."].contains(&name) && !name.starts_with('-') && name.chars().all(plain);
        if !valid {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not the plain name of a file", name.escape_debug()),
                span,
                "name the file with `file`, in letters from a to z, digits, `-`, `_`, `.`, `+`, `@` and `=`",
            );
        }
        name.to_owned()
    }
}

/// Returns a URL without its query.
fn path(url: &str) -> &str {
    url.split('?').next().unwrap_or_default()
}

/// Returns whether builds get the variable from the environment, or a secret has its name.
fn is_given(raw: &RawConfig, variable: &str) -> bool {
    let inputs = raw.inputs.values().flat_map(|inputs| &inputs.variables);
    let secrets = raw.secrets.variables.iter().chain(raw.secrets.files.keys());
    let mut names = inputs.chain(secrets);
    names.any(|name| name.as_ref() == variable)
}
