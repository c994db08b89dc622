//! What Bake asks leave for before it hands it to the engine.

use std::ffi::OsString;

use super::buildx::is_set;
use crate::plan::config::valid::SecretsConfig;

/// The options of `bake` that give it leave for the secrets that are there: the configuration declares them, and who calls
/// names them.
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
