use std::{
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Component, Path, PathBuf},
};

/// Resolves an entry point named in a file of `folder`, which belongs to the pack at `pack`.
///
/// Links are followed before the check, so that neither `..` nor a link can lead out of the pack.
pub(super) fn resolve(pack: &Path, folder: &Path, name: &str) -> Result<PathBuf, String> {
    let relative = Path::new(name);
    let inside = |c| matches!(c, Component::Normal(_) | Component::CurDir);
    if name.is_empty() || !relative.components().all(inside) {
        return Err(format!(
            "entry_point \"{name}\" leaves the pack; name a file next to this one"
        ));
    }
    let real = |path: &Path| {
        path.canonicalize().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                format!("entry_point \"{name}\" does not exist; add the file or build it")
            }
            _ => format!("entry_point \"{name}\" cannot be read: {error}"),
        })
    };
    let path = real(&folder.join(relative))?;
    if !path.starts_with(real(pack)?) {
        return Err(format!(
            "entry_point \"{name}\" is a link that leaves the pack; copy the file into the pack"
        ));
    }
    let meta = fs::metadata(&path)
        .map_err(|error| format!("entry_point \"{name}\" cannot be read: {error}"))?;
    if !meta.is_file() {
        return Err(format!("entry_point \"{name}\" is not a file"));
    }
    if meta.permissions().mode() & 0o111 == 0 {
        return Err(format!(
            "entry_point \"{name}\" is not executable; run chmod +x on it"
        ));
    }
    Ok(path)
}
