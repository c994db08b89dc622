//! Permissions for secrets, which Bake requires before it hands them to the engine.

use std::ffi::OsString;

use super::buildx::is_set;
use crate::plan::config::valid::SecretsConfig;

/// Returns the options of `bake` that allow the existing secrets. The configuration declares secrets, and the user's
/// environment names their files.
pub fn allowed(secrets: &SecretsConfig) -> Vec<OsString> {
    let files = secrets.files.keys().filter_map(|name| {
        let path = std::env::var_os(name).filter(|path| !path.is_empty())?;
        let mut option = OsString::from("--allow=fs.read=");
        option.push(path);
        Some(option)
    });
    let agent = secrets.ssh && is_set("SSH_AUTH_SOCK");
    let agent = agent.then(|| OsString::from("--allow=ssh"));
    files.chain(agent).collect()
}
