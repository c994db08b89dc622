//! A port, as it is written.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

/// A port of TCP, which is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawPort(pub u16);

impl fmt::Display for RawPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

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
        f.write_str("a port from 1 to 65535")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<RawPort, E> {
        let port = u16::try_from(number).ok().filter(|port| *port != 0);
        port.map(RawPort)
            .ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<RawPort, E> {
        let port = u16::try_from(number).ok().filter(|port| *port != 0);
        port.map(RawPort)
            .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
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
        "Port".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = u16::json_schema(generator);
        schema.insert("minimum".to_owned(), 1.into());
        schema
    }
}
