//! The check of `[ci] install`.

use std::collections::BTreeMap;
use std::ops::Range;

use semver::{Version, VersionReq};

use super::check::Check;
use super::install::{Install, RUNNERS, Release};
use super::raw::RawConfig;
use super::raw_install::{RawInstall, RawRelease};
use super::requires::is_met;
use super::spanned::Spanned;
use crate::problem::{Code, did_you_mean};

impl Check<'_> {
    pub(super) fn install(&mut self, raw: &RawConfig, install: &Spanned<RawInstall>) -> Install {
        match install.as_ref() {
            RawInstall::Command(command) => {
                let command = Spanned::new(install.span(), command.clone());
                Install::Command(self.line(&command))
            }
            RawInstall::Release(release) => {
                if release.sha256.is_empty() {
                    self.problem(
                        Code::ConfigValue,
                        "no archive has a checksum".to_owned(),
                        install.span(),
                        "copy those of your runners' targets from the file SHA256SUMS of the release",
                    );
                }
                self.installed_version(raw, release);
                Install::Release(self.release(release, install.span()))
            }
        }
    }

    /// Checks that the version is one, and that `requires` does not exclude it.
    fn installed_version(&mut self, raw: &RawConfig, release: &RawRelease) {
        let text = release.version.as_ref();
        let Ok(version) = Version::parse(text) else {
            self.problem(
                Code::ConfigValue,
                format!("`{}` is not a version", text.escape_debug()),
                release.version.span(),
                "write it as the program says it: `bakehouse --version`, such as \"1.2.3\"",
            );
            return;
        };
        let Some(required) = &raw.requires else {
            return;
        };
        if VersionReq::parse(required.as_ref()).is_ok_and(|required| !is_met(&required, &version)) {
            self.two_places(
                Code::ConfigValue,
                format!("CI installs {text}, which `requires` excludes"),
                [Some(release.version.span()), Some(required.span())],
                "install a version that fits, or change `requires`",
            );
        }
    }

    fn release(&mut self, raw: &RawRelease, place: Range<usize>) -> Release {
        let version = raw.version.as_ref();
        let mut sha256 = BTreeMap::new();
        for (target, sum) in &raw.sha256 {
            let known = RUNNERS.map(|(_, target)| target);
            if !known.contains(&target.as_ref().as_str()) {
                let hint = did_you_mean(target.as_ref(), known)
                    .unwrap_or_else(|| format!("runners that bake are {}", known.join(" or ")));
                self.problem(
                    Code::ConfigValue,
                    format!("no runner is a `{}`", target.as_ref().escape_debug()),
                    target.span(),
                    hint,
                );
            }
            sha256.insert(target.as_ref().clone(), self.sha256(sum));
        }
        let url = raw.url.as_ref().replace("{version}", version);
        self.archive_url(&raw.url, &url);
        if sha256.len() > 1 && !url.contains("{target}") {
            self.problem(
                Code::ConfigValue,
                "one address cannot have the archives of several targets".to_owned(),
                raw.url.span(),
                "write `{target}` where the addresses differ",
            );
        }
        Release { url, sha256, place }
    }

    /// Checks the address of an archive. A shell reads it between double quotes.
    fn archive_url(&mut self, url: &Spanned<String>, text: &str) {
        let text = text.replace("{target}", "target");
        let rest = ["https://", "http://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        let host = rest.map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
        let path = text.split('?').next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/?@&,;=%+".contains(c);
        let (message, hint) = match host {
            None | Some("") => (
                "is not the URL of a file",
                "begin it with `https://` or `http://`",
            ),
            Some(host) if host.contains('@') => (
                "contains a user or a password, which everybody who reads the workflow would see",
                "name an address that needs none, or let `install` be a command that reads a secret",
            ),
            Some(_) if !text.chars().all(plain) => (
                "contains what a URL in a script cannot have",
                "`{version}` and `{target}` are replaced; write other characters as `%` and two hex digits",
            ),
            Some(_) if !(path.ends_with(".tar.gz") || path.ends_with(".tgz")) => (
                "is not a `.tar.gz`",
                "name the archive of a release, or let `install` be a command",
            ),
            Some(_) => return,
        };
        let message = format!("`{}` {message}", url.as_ref().escape_debug());
        self.problem(Code::ConfigValue, message, url.span(), hint);
    }
}
