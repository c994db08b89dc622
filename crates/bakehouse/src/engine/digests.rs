//! What registries have under a name.

use serde::Deserialize;

use super::Engine;

/// Where an image is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its registry has it, with this digest: of all its platforms, where it has several.
    InRegistry(String),
    /// The engine has it, and its registry does not tell of it, for this reason.
    OnlyHere(String),
    /// Neither.
    Nowhere(String),
}

/// Of `docker buildx imagetools inspect`.
#[derive(Deserialize)]
pub(super) struct Manifest {
    digest: String,
}

impl Engine {
    /// Asks the registry of `image` for what it has under that name.
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

    /// The digest of what a registry has under the name `image`.
    ///
    /// # Errors
    /// Why it cannot be told.
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
    /// Its digest, if it is one of SHA-256.
    pub(super) fn sha256(self) -> Option<String> {
        let hex = self.digest.strip_prefix("sha256:")?;
        let exact = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        exact.then_some(self.digest)
    }
}

/// The last line of what a command said, which is why it failed.
pub(super) fn last_line(said: &str) -> String {
    let line = said.lines().rfind(|line| !line.trim().is_empty());
    let line = line.unwrap_or("it does not say why");
    line.trim_start_matches("ERROR: ").to_owned()
}
