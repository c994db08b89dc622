//! The tags of an image, as they are written.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::spanned::Spanned;

/// One tag, or several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawTags {
    One(String),
    List(Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for RawTags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TagsVisitor)
    }
}

/// A visitor with its own message: serde's "untagged" would not say what was expected.
struct TagsVisitor;

impl<'de> Visitor<'de> for TagsVisitor {
    type Value = RawTags;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tag such as \"{TAG}-debug\", or a list of tags")
    }

    fn visit_str<E>(self, tag: &str) -> Result<RawTags, E> {
        Ok(RawTags::One(tag.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawTags, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(RawTags::List(list))
    }
}

#[cfg(test)]
impl schemars::JsonSchema for RawTags {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Tags".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": ["string", "array"],
            "items": { "type": "string" }
        })
    }
}
