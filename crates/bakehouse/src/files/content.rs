//! A digest of files and folders as the builder is sent them.

use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;
use fs_err as fs;

use crate::context_path::ContextPath;
use crate::problem::{Code, Problem};

/// Folders that the builder is never sent.
const LEFT_OUT: [&str; 2] = [".git", "target"];

/// Returns a digest of the content of `paths` below `root`: of names, kinds, executable bits and bytes. Paths that do
/// not exist count as such.
///
/// # Errors
/// `file-unreadable`.
pub fn digest(root: &Utf8Path, paths: &[ContextPath]) -> Result<blake3::Hash, Problem> {
    let mut hasher = blake3::Hasher::new();
    for path in paths {
        add(&mut hasher, root, path.as_ref()).map_err(|error| {
            Problem::from_error(Code::FileUnreadable, error).hint("check that the file can be read")
        })?;
    }
    Ok(hasher.finalize())
}

fn add(hasher: &mut blake3::Hasher, root: &Utf8Path, path: &Utf8Path) -> std::io::Result<()> {
    let full = root.join(path);
    let mut part = |kind: &str, content: &[u8]| {
        for bytes in [kind.as_bytes(), path.as_str().as_bytes(), content] {
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        }
    };
    let Ok(about) = fs::symlink_metadata(&full) else {
        part("missing", b"");
        return Ok(());
    };
    if about.is_symlink() {
        part("link", fs::read_link(&full)?.as_os_str().as_encoded_bytes());
    } else if about.is_dir() {
        part("folder", b"");
        let entries = full.read_dir_utf8()?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_owned()));
        let mut names: Vec<String> = names.collect::<std::io::Result<_>>()?;
        names.retain(|name| !LEFT_OUT.contains(&name.as_str()));
        names.sort();
        for name in names {
            add(hasher, root, &path.join(name))?;
        }
    } else if about.permissions().mode() & 0o111 != 0 {
        part("executable", &fs::read(&full)?);
    } else {
        part("file", &fs::read(&full)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_that_the_builder_would_see_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(folder.path()).unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/c"), "1").unwrap();
        let now = || digest(root, &[ContextPath::new("a"), ContextPath::new("x")]).unwrap();
        let mut seen = vec![now()];
        assert_eq!(seen[0], now());
        let mut changed = |what: &str| {
            let now = now();
            assert!(!seen.contains(&now), "{what}");
            seen.push(now);
        };
        fs::write(root.join("a/b/c"), "2").unwrap();
        changed("a file's text");
        fs::set_permissions(root.join("a/b/c"), std::fs::Permissions::from_mode(0o755)).unwrap();
        changed("a file's mode");
        fs::rename(root.join("a/b/c"), root.join("a/b/d")).unwrap();
        changed("a file's name");
        std::os::unix::fs::symlink("d", root.join("a/b/c")).unwrap();
        changed("a link");
        fs::create_dir(root.join("a/e")).unwrap();
        changed("an empty folder");
        fs::write(root.join("x"), "").unwrap();
        changed("a path that was not there");
        fs::create_dir(root.join("a/target")).unwrap();
        assert_eq!(seen.last(), Some(&now()), "Cargo's own folder");
    }
}
