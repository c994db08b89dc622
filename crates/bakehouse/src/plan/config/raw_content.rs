//! Values of `bakehouse.toml` about the content of images that can be written in several forms.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::spanned::Spanned;

/// A shared library of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawSharedLibrary {
    /// The name of a file that the builder has.
    Named(String),
    Of(RawSharedLibraryOf),
}

/// The shared library that a package is compiled to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawSharedLibraryOf {
    /// The package whose library is a `cdylib`.
    ///
    /// Form: package of the workspace. Default: required.
    pub package: Spanned<String>,
    /// Features to enable besides the default ones.
    ///
    /// Form: list of features of the package. Default: `[]`.
    #[serde(default)]
    pub features: Vec<Spanned<String>>,
    /// Whether the package's default features are enabled.
    ///
    /// Form: `true` or `false`. Default: `true`.
    pub default_features: Option<Spanned<bool>>,
}

/// A signal, by its name or its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawSignal(pub String);

/// A command that checks a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawHealthcheck {
    Command(Vec<Spanned<String>>),
    Timed(RawTimedHealthcheck),
}

/// The check of a container, with its times.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", expecting = "a table")]
pub struct RawTimedHealthcheck {
    /// The command that exits with 0 if the container is healthy. It runs without a shell.
    ///
    /// Form: list of strings. Default: required.
    pub command: Vec<Spanned<String>>,
    /// The time from one check to the next.
    ///
    /// Form: duration such as `"10s"` or `"1m30s"`. Default: Docker's, 30 s.
    pub interval: Option<Spanned<String>>,
    /// The time after which a running check has failed.
    ///
    /// Form: duration. Default: Docker's, 30 s.
    pub timeout: Option<Spanned<String>>,
    /// The time after the start during which failed checks do not count.
    ///
    /// Form: duration. Default: Docker's, none.
    pub start_period: Option<Spanned<String>>,
    /// The number of failures in a row that make the container unhealthy.
    ///
    /// Form: number. Default: Docker's, 3.
    pub retries: Option<Spanned<u32>>,
}

impl<'de> Deserialize<'de> for RawSharedLibrary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Library;
        impl<'de> Visitor<'de> for Library {
            type Value = RawSharedLibrary;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "the file of a shared library, or a table such as { package = \"plugin\" }",
                )
            }

            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(RawSharedLibrary::Named(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                let of = MapAccessDeserializer::new(map);
                RawSharedLibraryOf::deserialize(of).map(RawSharedLibrary::Of)
            }
        }
        deserializer.deserialize_any(Library)
    }
}

impl<'de> Deserialize<'de> for RawSignal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Signal;
        impl Visitor<'_> for Signal {
            type Value = RawSignal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a signal such as \"SIGINT\", or its number")
            }

            fn visit_str<E>(self, name: &str) -> Result<RawSignal, E> {
                Ok(RawSignal(name.to_owned()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<RawSignal, E> {
                Ok(RawSignal(number.to_string()))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<RawSignal, E> {
                Ok(RawSignal(number.to_string()))
            }
        }
        deserializer.deserialize_any(Signal)
    }
}

impl<'de> Deserialize<'de> for RawHealthcheck {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Healthcheck;
        impl<'de> Visitor<'de> for Healthcheck {
            type Value = RawHealthcheck;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a command as a list of strings, or a table such as { command = [\"/usr/local/bin/api\", \"--health\"], interval = \"10s\" }",
                )
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<RawHealthcheck, A::Error> {
                let words = SeqAccessDeserializer::new(items);
                Vec::deserialize(words).map(RawHealthcheck::Command)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawHealthcheck, A::Error> {
                let timed = MapAccessDeserializer::new(map);
                RawTimedHealthcheck::deserialize(timed).map(RawHealthcheck::Timed)
            }
        }
        deserializer.deserialize_any(Healthcheck)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for RawSharedLibrary {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SharedLibrary".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let of = generator.subschema_for::<RawSharedLibraryOf>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, of] })
    }
}

#[cfg(test)]
impl schemars::JsonSchema for RawSignal {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Signal".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "integer"] })
    }
}

#[cfg(test)]
impl schemars::JsonSchema for RawHealthcheck {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Healthcheck".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words = generator.subschema_for::<Vec<Spanned<String>>>();
        let timed = generator.subschema_for::<RawTimedHealthcheck>();
        schemars::json_schema!({ "anyOf": [words, timed] })
    }
}
