//! The files of images that a package's build reads, as they are written.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::spanned::Spanned;

/// The files of images that a package's build reads.
#[derive(Debug, PartialEq, Eq)]
pub enum RawEmbedded {
    /// They are found in the folders that the images are built from.
    List(Vec<Spanned<String>>),
    /// They are found at these paths.
    Table(BTreeMap<Spanned<String>, Spanned<String>>),
}

impl<'de> Deserialize<'de> for RawEmbedded {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EmbeddedVisitor)
    }
}

/// A visitor with its own message: serde's "untagged" would not say what was expected.
struct EmbeddedVisitor;

impl<'de> Visitor<'de> for EmbeddedVisitor {
    type Value = RawEmbedded;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a list such as [\"dashboard:/dist\"], or a table such as { \"dashboard:/dist\" = \"ui/dist\" }",
        )
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawEmbedded, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(RawEmbedded::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawEmbedded, A::Error> {
        let mut table = BTreeMap::new();
        while let Some((key, value)) = map.next_entry()? {
            table.insert(key, value);
        }
        Ok(RawEmbedded::Table(table))
    }
}

#[cfg(test)]
impl schemars::JsonSchema for RawEmbedded {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Embedded".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["array", "object"],
            "items": { "type": "string" },
            "additionalProperties": { "type": "string" }
        })
    }
}
