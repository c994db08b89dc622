//! The file that names the toolchain of a workspace, as rustup reads it: `rust-toolchain`, or else
//! `rust-toolchain.toml`, of the nearest folder.

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use toml::Spanned;

use crate::problem::{Code, Problem, Source};

/// Components that no build reads: developer tools and documentation. They are not installed in the images.
const FOR_PEOPLE: [&str; 8] = [
    "clippy",
    "miri",
    "rls",
    "rust-analysis",
    "rust-analyzer",
    "rust-docs",
    "rust-docs-json",
    "rustfmt",
];

/// Components that every toolchain has.
const ALWAYS: [&str; 3] = ["cargo", "rust-std", "rustc"];

/// Systems that no step of an image build targets: releases for them are built elsewhere.
const ELSEWHERE: [&str; 12] = [
    "-android",
    "-apple-",
    "-cygwin",
    "-dragonfly",
    "-freebsd",
    "-fuchsia",
    "-haiku",
    "-illumos",
    "-netbsd",
    "-openbsd",
    "-solaris",
    "-windows",
];

/// The contents of the file that affect a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolchainFile {
    /// Its path, relative to the folder of the workspace manifest.
    pub path: Utf8PathBuf,
    pub channel: Option<Channel>,
    /// Components that a build may read, by their current names, sorted.
    pub components: Vec<String>,
    /// Targets that a build in an image may compile for, sorted.
    pub targets: Vec<String>,
}

/// A toolchain of the Rust project, as rustup names it: `1.95.0`, `1.95`, `stable`, `nightly-2026-01-30`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel(String);

impl Channel {
    /// Parses such a name. A name with a host, such as `stable-x86_64-unknown-linux-gnu`, is refused: rustup accepts it
    /// only if it is already installed.
    pub fn parse(name: &str) -> Option<Self> {
        let channel = Self(name.to_owned());
        let (base, date) = channel.parts();
        let known = matches!(base, "stable" | "beta" | "nightly") || is_version(base);
        let dated = date.is_none_or(|date| date.parse::<jiff::civil::Date>().is_ok());
        (known && dated).then_some(channel)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name without its date, and the date.
    pub fn parts(&self) -> (&str, Option<&str>) {
        const DATE: usize = "-2026-01-30".len();
        let name = self.0.as_str();
        let at = name.len().checked_sub(DATE);
        let split = at.and_then(|at| name.split_at_checked(at));
        match split {
            Some((base, date)) if date.starts_with('-') && date.matches('-').count() == 3 => {
                (base, Some(&date[1..]))
            }
            _ => (name, None),
        }
    }

    /// Returns whether a compiler with the version output `said`, such as `rustc 1.95.0 (59807616e 2026-04-14)`,
    /// belongs to the channel, or `None` if that is unclear. The toolchain of a date is built from the commits of the
    /// day before.
    pub fn has_made(&self, said: &str) -> Option<bool> {
        let mut words = said.split_whitespace().skip(1);
        let version = words.next().unwrap_or_default();
        let release = !version.contains('-');
        let of_kind = |kind: &str| version.contains(&format!("-{kind}"));
        match self.parts() {
            ("stable", None) => Some(release),
            (kind @ ("beta" | "nightly"), None) => Some(of_kind(kind)),
            (kind @ ("beta" | "nightly"), Some(date)) => {
                let date: jiff::civil::Date = date.parse().ok()?;
                let day = words.nth(1)?.trim_end_matches(')');
                Some(of_kind(kind) && day == date.yesterday().ok()?.to_string())
            }
            (_, Some(_)) => None,
            (named, None) => {
                let more = version.strip_prefix(named);
                let within = more.is_some_and(|more| {
                    more.is_empty() || more.starts_with('.') && release || named.contains("-beta")
                });
                Some(within)
            }
        }
    }

    /// Returns whether it is a fixed release, such as `1.95.0` or `1.95`, and not a moving channel.
    pub fn is_release(&self) -> bool {
        self.0.starts_with(|c: char| c.is_ascii_digit())
    }
}

/// Accepts `1.95`, `1.95.0` and `1.95.0-beta.3`.
fn is_version(text: &str) -> bool {
    let (version, pre) = match text.split_once("-beta") {
        Some((version, pre)) => (version, Some(pre)),
        None => (text, None),
    };
    let number = |part: &str| {
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        digits && (part == "0" || !part.starts_with('0')) && (1..=3).contains(&part.len())
    };
    let pre = pre.is_none_or(|pre| {
        pre.is_empty()
            || pre.strip_prefix('.').is_some_and(|pre| {
                !pre.is_empty() && pre.len() < 3 && pre.bytes().all(|b| b.is_ascii_digit())
            })
    });
    pre && (2..=3).contains(&version.split('.').count()) && version.split('.').all(number)
}

#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    toolchain: RawToolchain,
}

#[derive(Default, Deserialize)]
struct RawToolchain {
    channel: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
    #[serde(default)]
    components: Vec<Spanned<String>>,
    #[serde(default)]
    targets: Vec<Spanned<String>>,
}

impl ToolchainFile {
    /// Reads the file for a workspace in the folder `workspace`. Folders above `limit` are not part of the repository.
    ///
    /// # Errors
    /// `toolchain-file`, `manifest-invalid`, `file-unreadable`.
    pub fn read(workspace: &Utf8Path, limit: &Utf8Path) -> Result<Option<Self>, Problem> {
        for folder in workspace.ancestors().take_while(|f| f.starts_with(limit)) {
            for (name, legacy) in [("rust-toolchain", true), ("rust-toolchain.toml", false)] {
                let path = folder.join(name);
                if !path.is_file() {
                    continue;
                }
                let text = fs_err::read_to_string(&path).map_err(|error| {
                    Problem::from_error(Code::FileUnreadable, error)
                        .hint("make it readable, and UTF-8")
                })?;
                let name = path.to_string();
                return Self::parse(path, &Source { name, text }, legacy).map(Some);
            }
        }
        Ok(None)
    }

    /// Parses its text. A file without the extension `.toml` may consist of a single line with the name of a toolchain.
    fn parse(path: Utf8PathBuf, source: &Source, legacy: bool) -> Result<Self, Problem> {
        let text = &source.text;
        let name = path.file_name().unwrap_or_default();
        let refuse = |what: String, span: std::ops::Range<usize>, hint: &str| {
            let problem = Problem::new(Code::ToolchainFile, format!("{name} {what}"));
            problem.at(source, span).hint(hint)
        };
        if text.trim().is_empty() {
            return Err(refuse(
                "is empty".to_owned(),
                0..0,
                "name a toolchain in it, or remove it: rustup refuses an empty one",
            ));
        }
        let raw = if legacy && text.lines().count() == 1 {
            let line = text.trim();
            let start = text.find(line).unwrap_or_default();
            let line = Spanned::new(start..start + line.len(), line.to_owned());
            match line.as_ref().starts_with('/') {
                true => RawToolchain {
                    path: Some(line),
                    ..RawToolchain::default()
                },
                false => RawToolchain {
                    channel: Some(line),
                    ..RawToolchain::default()
                },
            }
        } else {
            let raw: Result<Raw, toml::de::Error> = toml::from_str(text);
            raw.map_err(|error| {
                let message = format!("{path} is not what rustup reads: {}", error.message());
                let problem = Problem::new(Code::ManifestInvalid, message)
                    .hint("fix it; `rustup show` reports the same");
                let problem = match error.span() {
                    Some(span) => problem.at(source, span),
                    None => problem,
                };
                problem.caused_by(error)
            })?
            .toolchain
        };
        if let Some(folder) = &raw.path {
            return Err(refuse(
                format!(
                    "names a toolchain by its folder, `{}`, which no builder base has",
                    folder.as_ref().escape_debug()
                ),
                folder.span(),
                "name a channel, such as \"1.95.0\" or \"nightly-2026-01-30\"; a toolchain of your own goes into an image that `bases.builder` names, with no toolchain file above the workspace",
            ));
        }
        let channel = raw.channel.map(|channel| {
            Channel::parse(channel.as_ref()).ok_or_else(|| {
                refuse(
                    format!(
                        "names `{}`, which is not a toolchain that rustup can install on every machine",
                        channel.as_ref().escape_debug()
                    ),
                    channel.span(),
                    "name a release, `stable`, `beta` or `nightly`, without a host: \"1.95.0\", \"nightly-2026-01-30\"",
                )
            })
        });
        let channel = channel.transpose()?;
        let plain = |names: &[Spanned<String>], what: &str| {
            let names = names.iter().map(|name| {
                let text = name.as_ref();
                let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
                if !text.is_empty() && text.bytes().all(plain) && !text.starts_with('-') {
                    return Ok(text.to_owned());
                }
                let what = format!(
                    "names the {what} `{}`, which does not exist",
                    text.escape_debug()
                );
                Err(refuse(
                    what,
                    name.span(),
                    "write its name as `rustup component list` or `rustup target list` shows it",
                ))
            });
            names.collect::<Result<Vec<String>, Problem>>()
        };
        let mut components: Vec<String> = plain(&raw.components, "component")?
            .iter()
            .map(|name| name.strip_suffix("-preview").unwrap_or(name).to_owned())
            .filter(|name| !FOR_PEOPLE.contains(&name.as_str()) && !ALWAYS.contains(&name.as_str()))
            .collect();
        let mut targets = plain(&raw.targets, "target")?;
        targets.retain(|target| !ELSEWHERE.iter().any(|system| target.contains(system)));
        for names in [&mut components, &mut targets] {
            names.sort();
            names.dedup();
        }
        Ok(Self {
            path,
            channel,
            components,
            targets,
        })
    }

    /// Returns the entries besides the channel that can change a build.
    pub fn additions(&self) -> impl Iterator<Item = &str> {
        let Self {
            components,
            targets,
            path: _,
            channel: _,
        } = self;
        let all = components.iter().chain(targets);
        all.map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, legacy: bool) -> Result<ToolchainFile, Problem> {
        let source = Source {
            name: "file".to_owned(),
            text: text.to_owned(),
        };
        ToolchainFile::parse("/repository/rust-toolchain".into(), &source, legacy)
    }

    #[test]
    fn names_are_those_that_rustup_installs() {
        for name in [
            "stable",
            "beta",
            "nightly",
            "1.95",
            "1.95.0",
            "1.96.0-beta",
            "1.96.0-beta.3",
            "nightly-2026-01-30",
            "beta-2026-01-30",
            "stable-2026-01-30",
        ] {
            assert!(Channel::parse(name).is_some(), "{name}");
        }
        for name in [
            "",
            "mine",
            "1",
            "1.95.0.1",
            "01.95",
            "v1.95.0",
            "nightly-2026-13-30",
            "nightly-x86_64-unknown-linux-gnu",
            "nightly-2026-01-30-x86_64-unknown-linux-gnu",
            "1.95.0; rm -rf /",
            "tööööölchain",
        ] {
            assert_eq!(Channel::parse(name), None, "{name}");
        }
        let channel = Channel::parse("nightly-2026-01-30").unwrap();
        assert_eq!(channel.parts(), ("nightly", Some("2026-01-30")));
    }

    #[test]
    fn a_compiler_is_known_by_what_it_says() {
        let stable = "rustc 1.95.0 (59807616e 2026-04-14)";
        let nightly = "rustc 1.95.0-nightly (873d4682c 2026-01-29)";
        let table = [
            ("1.95.0", stable, Some(true)),
            ("1.95", stable, Some(true)),
            ("1.9", stable, Some(false)),
            ("1.95", nightly, Some(false)),
            ("1.95.0", nightly, Some(false)),
            ("stable", stable, Some(true)),
            ("stable", nightly, Some(false)),
            ("nightly", nightly, Some(true)),
            ("beta", nightly, Some(false)),
            ("nightly-2026-01-30", nightly, Some(true)),
            ("nightly-2026-01-29", nightly, Some(false)),
            ("nightly-2026-01-30", stable, Some(false)),
            ("nightly-2026-01-30", "rustc 1.95.0-nightly", None),
            ("stable-2026-01-30", stable, None),
            (
                "1.96.0-beta",
                "rustc 1.96.0-beta.3 (a 2026-04-14)",
                Some(true),
            ),
        ];
        for (name, said, expected) in table {
            let channel = Channel::parse(name).unwrap();
            assert_eq!(channel.has_made(said), expected, "{name}: {said}");
        }
    }

    #[test]
    fn a_file_without_an_ending_may_be_one_line_or_toml() {
        type Row = (&'static str, bool, Result<Option<&'static str>, Code>);
        let table: [Row; 12] = [
            ("1.95.0\n", true, Ok(Some("1.95.0"))),
            (
                "  nightly-2026-01-30 ",
                true,
                Ok(Some("nightly-2026-01-30")),
            ),
            ("[toolchain]\nchannel = \"beta\"\n", true, Ok(Some("beta"))),
            (
                "[toolchain]\ncomponents = [\"rust-src\"]\n",
                false,
                Ok(None),
            ),
            ("toolchain.channel = \"1.95\"", false, Ok(Some("1.95"))),
            // A single line is the name of a toolchain, whatever it looks like.
            (
                "toolchain.channel = \"1.95\"",
                true,
                Err(Code::ToolchainFile),
            ),
            ("1.95.0\n", false, Err(Code::ManifestInvalid)),
            ("\n", true, Err(Code::ToolchainFile)),
            ("/opt/rust", true, Err(Code::ToolchainFile)),
            (
                "[toolchain]\npath = \"rust\"",
                false,
                Err(Code::ToolchainFile),
            ),
            ("my-own\n", true, Err(Code::ToolchainFile)),
            (
                "[toolchain]\ntargets = [\"a b\"]",
                false,
                Err(Code::ToolchainFile),
            ),
        ];
        for (text, legacy, expected) in table {
            let found = parse(text, legacy).map_err(|problem| problem.code);
            let found = found.map(|file| file.channel.map(|channel| channel.0));
            let expected = expected.map(|channel| channel.map(str::to_owned));
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn only_what_a_build_may_read_counts() {
        let file = parse(
            "[toolchain]\nchannel = \"1.95.0\"\nprofile = \"default\"\n\
             components = [\"rustfmt\", \"rust-src\", \"llvm-tools-preview\", \"clippy\", \"rustc\"]\n\
             targets = [\"wasm32-unknown-unknown\", \"x86_64-pc-windows-msvc\", \"aarch64-apple-darwin\"]",
            false,
        )
        .unwrap();
        let additions: Vec<&str> = file.additions().collect();
        assert_eq!(
            additions,
            ["llvm-tools", "rust-src", "wasm32-unknown-unknown"]
        );
    }
}
