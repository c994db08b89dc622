//! A port, as it is written.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// A port of TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawPort(pub u16);

impl<'de> Deserialize<'de> for RawPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PortVisitor)
    }
}

/// A visitor with its own message: serde's would name a type of Rust.
struct PortVisitor;

impl Visitor<'_> for PortVisitor {
    type Value = RawPort;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the number of a TCP port, such as 8080")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<RawPort, E> {
        let port = u16::try_from(number);
        port.map(RawPort)
            .map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<RawPort, E> {
        let port = u16::try_from(number);
        port.map(RawPort)
            .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RawPort, E> {
        match text.split_once('/') {
            Some((_, protocol)) if !protocol.eq_ignore_ascii_case("tcp") => {
                Err(E::custom(format_args!(
                    "`{}` is a port of {}: only TCP ports can be listed",
                    text.escape_debug(),
                    protocol.to_ascii_uppercase().escape_debug(),
                )))
            }
            _ => Err(E::invalid_type(Unexpected::Str(text), &self)),
        }
    }
}

#[cfg(test)]
impl schemars::JsonSchema for RawPort {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        u16::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        u16::json_schema(generator)
    }
}
