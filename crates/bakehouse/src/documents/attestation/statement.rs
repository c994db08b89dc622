//! Statements of in-toto, version 1.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

const STATEMENT: &str = "https://in-toto.io/Statement/v1";

/// An image that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    pub name: String,
    /// Hex digits by algorithm.
    pub digest: BTreeMap<&'static str, String>,
}

impl Subject {
    /// Returns the image of a repository with this digest of SHA-256, for a platform if it is one of several.
    pub fn image(repository: &str, digest: &str, platform: Option<&str>) -> Self {
        let platform =
            platform.map(|platform| format!("&platform={}", platform.replace('/', "%2F")));
        let platform = platform.unwrap_or_default();
        Self {
            name: format!("pkg:docker/{repository}?digest={digest}{platform}"),
            digest: sha256(digest),
        }
    }
}

/// Returns a digest of SHA-256 as statements have it.
pub(super) fn sha256(digest: &str) -> BTreeMap<&'static str, String> {
    let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
    BTreeMap::from([("sha256", hex.to_owned())])
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Statement<'a> {
    #[serde(rename = "_type")]
    kind: &'static str,
    subject: &'a [Subject],
    predicate_type: &'a str,
    predicate: &'a Value,
}

/// Renders a statement. The same subjects and predicate have the same bytes.
pub fn statement(subject: &[Subject], predicate_type: &str, predicate: &Value) -> String {
    let statement = Statement {
        kind: STATEMENT,
        subject,
        predicate_type,
        predicate,
    };
    serde_json::to_string(&statement).expect("strings, numbers and lists are JSON")
}
