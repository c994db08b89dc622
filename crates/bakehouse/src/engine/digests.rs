//! Digests of images in registries.

use serde::Deserialize;

use super::Engine;

/// The place of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// In its registry, with this digest. An image of several platforms has one digest for all.
    InRegistry(String),
    /// On the engine only. Its registry does not report it, for this reason.
    OnlyHere(String),
    /// Neither in its registry nor on the engine, for this reason.
    Nowhere(String),
}

/// The output of `docker buildx imagetools inspect`.
#[derive(Deserialize)]
pub(super) struct Manifest {
    digest: String,
}

impl Engine {
    /// Looks for `image` in its registry, then on the engine.
    pub fn find_in_registry(&self, image: &str) -> Found {
        let reason = match self.digest(image) {
            Ok(digest) => return Found::InRegistry(digest),
            Err(reason) => reason,
        };
        match self.output(&["image", "inspect", "--format", "{{.Id}}", image]) {
            Ok(_) => Found::OnlyHere(reason),
            Err(_) => Found::Nowhere(reason),
        }
    }

    /// Returns the digest that a registry has for the name `image`.
    ///
    /// # Errors
    /// The reason why it is unknown.
    pub fn digest(&self, image: &str) -> Result<String, String> {
        let arguments = ["buildx", "imagetools", "inspect", image];
        let arguments = [&arguments[..], &["--format", "{{json .Manifest}}"]].concat();
        let said = self.output(&arguments).map_err(|said| last_line(&said))?;
        let manifest = serde_json::from_str::<Manifest>(&said).ok();
        let digest = manifest.and_then(Manifest::sha256);
        digest.ok_or_else(|| "its answer has no digest".to_owned())
    }
}

impl Manifest {
    /// Returns the digest if it is one of SHA-256.
    pub(super) fn sha256(self) -> Option<String> {
        let hex = self.digest.strip_prefix("sha256:")?;
        let exact = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        exact.then_some(self.digest)
    }
}

/// Returns the last line of a command's messages, which is the reason of its failure.
pub(super) fn last_line(said: &str) -> String {
    let line = said.lines().rfind(|line| !line.trim().is_empty());
    let line = line.unwrap_or("it does not say why");
    line.trim_start_matches("ERROR: ").to_owned()
}
