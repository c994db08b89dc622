//! The two files in which people pin versions: `rust-toolchain.toml` and `pins.toml`.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::pages::page;
use crate::problem::{Code, Problem, Source};

#[derive(Deserialize)]
struct RustToolchain {
    toolchain: Channel,
}

#[derive(Deserialize)]
struct Channel {
    channel: toml::Spanned<String>,
}

/// Returns the release that the text of a `rust-toolchain.toml` names, e.g. `1.95.0` or `nightly-2026-09-01`.
///
/// # Errors
/// `pin-invalid`, also if it names a channel that moves.
pub fn rustc(source: &Source) -> Result<String, Problem> {
    let channel = parse::<RustToolchain>(source)?.toolchain.channel;
    if is_release(channel.get_ref()) {
        return Ok(channel.into_inner());
    }
    Err(Problem::new(
        Code::PinInvalid,
        format!(
            "`{}` is a channel that moves, not a release",
            channel.get_ref()
        ),
    )
    .at(source, channel.span())
    .hint("name one release, such as \"1.95.0\" or \"nightly-2026-09-01\""))
}

fn is_release(channel: &str) -> bool {
    let dated = channel
        .strip_prefix("nightly-")
        .or_else(|| channel.strip_prefix("beta-"));
    match dated {
        Some(date) => date.parse::<jiff::civil::Date>().is_ok(),
        None => semver::Version::parse(channel).is_ok(),
    }
}

/// A `pins.toml`: the pins that are in neither `flake.lock` nor `rust-toolchain.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPins {
    glibc: toml::Spanned<String>,
    buildx: Option<RawBuildx>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBuildx {
    version: String,
    /// The hash of the source; only Nix reads it.
    #[expect(dead_code, reason = "it must be there, and only the flake needs it")]
    hash: String,
}

/// The values that `pins.toml` pins.
#[derive(Debug, PartialEq, Eq)]
pub struct Pins {
    /// Major and minor version, e.g. `2.42`.
    pub glibc: String,
    /// The version of buildx, or `None` for the version of Bakehouse's own flake.
    pub buildx: Option<String>,
}

impl Pins {
    /// Reads the text of a `pins.toml`.
    ///
    /// # Errors
    /// `pin-invalid`.
    pub fn parse(source: &Source) -> Result<Self, Problem> {
        let RawPins { glibc, buildx } = parse(source)?;
        if !is_glibc(glibc.get_ref()) {
            return Err(Problem::new(
                Code::PinInvalid,
                format!("`{}` is not a version of glibc", glibc.get_ref()),
            )
            .at(source, glibc.span())
            .hint("write major and minor version, such as \"2.42\""));
        }
        Ok(Self {
            glibc: glibc.into_inner(),
            buildx: buildx.map(|buildx| buildx.version),
        })
    }
}

/// Returns whether `version` is a glibc version with major and minor number, e.g. `2.42`.
pub fn is_glibc(version: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    version
        .split_once('.')
        .is_some_and(|(major, minor)| number(major) && number(minor))
}

fn parse<T: DeserializeOwned>(source: &Source) -> Result<T, Problem> {
    toml::from_str(&source.text).map_err(|error| {
        let problem = Problem::new(
            Code::PinInvalid,
            format!("{} cannot be read: {}", source.name, error.message()),
        )
        .hint(format!("{} shows what belongs there", page("toolchain")));
        let problem = match error.span() {
            Some(span) => problem.at(source, span),
            None => problem,
        };
        problem.caused_by(error)
    })
}
