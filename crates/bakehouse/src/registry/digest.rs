//! Digests of content.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::plan::config::image_name::is_sha256;

/// A digest of SHA-256, e.g. `sha256:c0ff…`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String")]
pub struct Digest(String);

const ALGORITHM: &str = "sha256:";

impl Digest {
    /// Returns the digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self::of_hash(Sha256::new_with_prefix(bytes))
    }

    /// Returns the digest of everything that was written to `hash`.
    pub fn of_hash(hash: Sha256) -> Self {
        let mut text = ALGORITHM.to_owned();
        for byte in hash.finalize() {
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// Parses a digest; `None` if it is none of SHA-256.
    pub fn parse(text: &str) -> Option<Self> {
        is_sha256(text).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the beginning of the digest, for messages.
    pub fn short(&self) -> &str {
        &self.0[..ALGORITHM.len() + 12]
    }

    /// Returns the tag that lists the referrers of the content in registries without an API for them.
    pub fn fallback_tag(&self) -> String {
        self.0.replace(':', "-")
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no digest of SHA-256"))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digests_of_sha256_are_digests() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::of(b"").as_str(), empty);
        assert_eq!(Digest::parse(empty), Some(Digest::of(b"")));
        let upper = empty.to_uppercase();
        for text in ["", "sha256:", "sha512:00", &empty[..70], &upper] {
            assert_eq!(Digest::parse(text), None, "{text}");
        }
    }
}
