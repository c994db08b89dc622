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
struct Manifest {
    digest: String,
}

impl Engine {
    /// Asks the registry of `image` for what it has under that name.
    pub fn find_in_registry(&self, image: &str) -> Found {
        let arguments = ["buildx", "imagetools", "inspect", image];
        let arguments = [&arguments[..], &["--format", "{{json .Manifest}}"]].concat();
        let reason = match self.output(&arguments).as_deref().map(digest) {
            Ok(Some(digest)) => return Found::InRegistry(digest),
            Ok(None) => "its answer has no digest".to_owned(),
            Err(said) => last_line(said),
        };
        match self.output(&["image", "inspect", "--format", "{{.Id}}", image]) {
            Ok(_) => Found::OnlyHere(reason),
            Err(_) => Found::Nowhere(reason),
        }
    }
}

fn digest(manifest: &str) -> Option<String> {
    let digest = serde_json::from_str::<Manifest>(manifest).ok()?.digest;
    let hex = digest.strip_prefix("sha256:")?;
    let exact = hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    exact.then_some(digest)
}

fn last_line(said: &str) -> String {
    let line = said.lines().rfind(|line| !line.trim().is_empty());
    let line = line.unwrap_or("it does not say why");
    line.trim_start_matches("ERROR: ").to_owned()
}
