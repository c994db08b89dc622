//! `requires`: the versions of this program that a configuration is for.

use semver::{Prerelease, Version, VersionReq};
use toml::de::{DeTable, DeValue};

use super::check::Check;
use super::raw::RawConfig;
use crate::pages::page;
use crate::problem::{Code, Problem, Source};

/// Checks that a configuration is for this version of the program. It reads nothing else of the configuration, since a
/// newer version may have keys that this one takes for mistakes.
///
/// # Errors
/// `version-unfit`.
pub fn fits(source: &Source, version: &str) -> Result<(), Problem> {
    let (table, _) = DeTable::parse_recoverable(&source.text);
    let Some(value) = table.get_ref().get("requires") else {
        return Ok(());
    };
    let DeValue::String(text) = value.get_ref() else {
        return Ok(());
    };
    // What is no requirement is reported with all other mistakes.
    let (Ok(required), Ok(own)) = (VersionReq::parse(text), Version::parse(version)) else {
        return Ok(());
    };
    if is_met(&required, &own) {
        return Ok(());
    }
    let problem = Problem::new(
        Code::VersionUnfit,
        format!(
            "{} is for bakehouse {required}, and this is {version}",
            source.name
        ),
    );
    Err(problem.at(source, value.span()).hint(format!(
        "install a version that fits; or change `requires`, and review what `bakehouse generate` changes: {}",
        page("upgrading")
    )))
}

/// Returns whether a version meets a requirement. A pre-release meets what its release will meet.
pub(super) fn is_met(required: &VersionReq, version: &Version) -> bool {
    let release = Version {
        pre: Prerelease::EMPTY,
        ..version.clone()
    };
    required.matches(version) || required.matches(&release)
}

impl Check<'_> {
    /// Checks that `requires` can be read.
    pub(super) fn requires(&mut self, raw: &RawConfig) {
        let Some(required) = &raw.requires else {
            return;
        };
        if let Err(error) = VersionReq::parse(required.as_ref()) {
            self.problem(
                Code::ConfigValue,
                format!(
                    "`{}` is not a requirement on a version: {error}",
                    required.as_ref().escape_debug()
                ),
                required.span(),
                "write it as Cargo's dependencies have it, such as \">=0.2, <0.4\"",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, version: &str) -> Option<String> {
        let source = Source {
            name: "bakehouse.toml".to_owned(),
            text: text.to_owned(),
        };
        let problem = fits(&source, version).err()?;
        assert_eq!(problem.code, Code::VersionUnfit);
        assert_eq!(
            &text[problem.start()..][..1],
            "\"",
            "the place is the value"
        );
        Some(problem.message)
    }

    #[test]
    fn a_version_fits_as_cargo_would_take_it() {
        for (required, version, fits) in [
            (">=0.2", "0.2.0", true),
            (">=0.2", "1.4.2", true),
            (">=0.2", "0.1.9", false),
            ("0.2", "0.2.7", true),
            ("0.2", "0.3.0", false),
            (">=0.2, <0.4", "0.4.0", false),
            ("=0.2.1", "0.2.1", true),
            ("=0.2.1", "0.2.2", false),
            ("*", "0.1.0", true),
            // Pre-releases.
            (">=0.2", "0.2.0-rc.1", true),
            (">=0.2", "0.3.0-dev", true),
            (">=0.2.0-rc.2", "0.2.0-rc.2", true),
            ("<0.3", "0.3.0-rc.1", false),
        ] {
            let text = format!("registry = 'x'\nrequires = \"{required}\"\n");
            assert_eq!(
                told(&text, version).is_none(),
                fits,
                "{required} and {version}"
            );
        }
    }

    #[test]
    fn nothing_else_of_the_file_has_to_be_right() {
        for text in [
            "requires = \">=9\"\nnew-key = true\n[services.a]\nother = 1\n",
            "requires = \">=9\"\n[services.a]\n[services.a]\nbroken =\n",
        ] {
            let expected = "bakehouse.toml is for bakehouse >=9, and this is 0.1.0";
            assert_eq!(told(text, "0.1.0").as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn a_file_without_it_or_with_a_wrong_one_is_left_to_the_other_checks() {
        for text in ["", "requires = 1\n", "requires = \"new\"\n", "[requires]\n"] {
            assert_eq!(told(text, "0.1.0"), None, "{text}");
        }
    }
}
