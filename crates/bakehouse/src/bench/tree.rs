//! Copies of the workspace, and edits of their files.

use std::collections::BTreeMap;
use std::error::Error;

use camino::{Utf8Path, Utf8PathBuf};
use toml_edit::{DocumentMut, Item, value};

use crate::graph::sources::NEVER_SOURCES;
use crate::problem::{Code, Problem};

/// Copies the workspace in `root` to `to`, without files that git ignores.
///
/// # Errors
/// `file-unreadable`, `file-unwritable`.
pub fn copy(root: &Utf8Path, to: &Utf8Path) -> Result<(), Problem> {
    let walk = ignore::WalkBuilder::new(root)
        .hidden(false)
        .filter_entry(|entry| {
            let name = entry.file_name().to_str();
            !name.is_some_and(|name| NEVER_SOURCES.contains(&name))
        })
        .build();
    for entry in walk {
        let entry = entry.map_err(unreadable)?;
        let Some(from) = Utf8Path::from_path(entry.path()) else {
            continue;
        };
        let path = to.join(from.strip_prefix(root).unwrap_or(from));
        let kind = entry.file_type();
        if kind.is_some_and(|kind| kind.is_dir()) {
            fs_err::create_dir_all(&path).map_err(unwritable)?;
        } else if kind.is_some_and(|kind| kind.is_symlink()) {
            let target = fs_err::read_link(from).map_err(unreadable)?;
            fs_err::os::unix::fs::symlink(target, &path).map_err(unwritable)?;
        } else {
            fs_err::copy(from, &path).map_err(unwritable)?;
        }
    }
    Ok(())
}

/// Texts to write, by path relative to the workspace.
pub type Texts = BTreeMap<Utf8PathBuf, String>;

/// Writes `texts` below `root`.
///
/// # Errors
/// `file-unwritable`.
pub fn write(root: &Utf8Path, texts: &Texts) -> Result<(), Problem> {
    for (path, text) in texts {
        let path = root.join(path);
        let folder = path.parent().unwrap_or(root);
        fs_err::create_dir_all(folder).map_err(unwritable)?;
        fs_err::write(&path, text).map_err(unwritable)?;
    }
    Ok(())
}

/// The beginning of every marker.
const MARKER: &str = "bakehouse-bench-";

/// Returns the text that the binary contains after marker `number` was compiled into it.
pub fn marker(number: u32) -> String {
    format!("{MARKER}{number:08}.")
}

/// Returns `source` with marker `number` instead of its previous one. The linker keeps a `#[used]` static, so the
/// binary shows the source from which it was compiled.
pub fn marked(source: &str, number: u32) -> String {
    let own = source
        .find("\n// Written by `bakehouse bench`.")
        .map_or(source, |at| &source[..at]);
    let marker = marker(number);
    format!(
        "{own}\n// Written by `bakehouse bench`.\n#[used]\nstatic BAKEHOUSE_BENCH: [u8; {}] = *b\"{marker}\";\n",
        marker.len()
    )
}

/// Returns the numbers of all markers in `binary`.
pub fn markers(binary: &[u8]) -> Vec<u32> {
    let prefix = MARKER.as_bytes();
    let starts = binary
        .windows(prefix.len())
        .enumerate()
        .filter(|(_, window)| *window == prefix)
        .map(|(start, _)| start + prefix.len());
    starts
        .filter_map(|start| {
            std::str::from_utf8(binary.get(start..start + 8)?)
                .ok()?
                .parse()
                .ok()
        })
        .collect()
}

/// Returns the manifest and the lock with the next patch version of `package`. Its manifest is at `path`; an inherited
/// version is bumped for all members.
///
/// # Errors
/// `manifest-invalid`, `lock-invalid`.
pub fn bump_version(
    read: impl Fn(&Utf8Path) -> Result<String, Problem>,
    package: &str,
    path: &Utf8Path,
) -> Result<Texts, Problem> {
    let manifest = document(&read(path)?, path)?;
    let inherited = manifest["package"]
        .get("version")
        .is_none_or(|version| !version.is_str());
    let (place, mut document_with_it) = if inherited {
        let root = Utf8PathBuf::from("Cargo.toml");
        let text = read(&root)?;
        (root.clone(), document(&text, &root)?)
    } else {
        (path.to_owned(), manifest)
    };
    let holder = if inherited {
        &mut document_with_it["workspace"]["package"]
    } else {
        &mut document_with_it["package"]
    };
    let version = &mut holder["version"];
    let old = version.as_str().unwrap_or("0.0.0").to_owned();
    let new = next_patch(&old);
    *version = value(&new);
    let lock = Utf8PathBuf::from("Cargo.lock");
    let mut locked = document(&read(&lock)?, &lock)?;
    if let Some(packages) = locked
        .get_mut("package")
        .and_then(Item::as_array_of_tables_mut)
    {
        for entry in packages
            .iter_mut()
            .filter(|entry| !entry.contains_key("source"))
        {
            let same = entry.get("version").and_then(Item::as_str) == Some(&old);
            let named = entry.get("name").and_then(Item::as_str) == Some(package);
            if same && (inherited || named) {
                entry["version"] = value(&new);
            }
        }
    }
    Ok(Texts::from([
        (place, document_with_it.to_string()),
        (lock, locked.to_string()),
    ]))
}

fn next_patch(version: &str) -> String {
    semver::Version::parse(version).map_or_else(
        |_| version.to_owned(),
        |version| semver::Version::new(version.major, version.minor, version.patch + 1).to_string(),
    )
}

fn document(text: &str, path: &Utf8Path) -> Result<DocumentMut, Problem> {
    text.parse().map_err(|error: toml_edit::TomlError| {
        Problem::new(
            Code::ManifestInvalid,
            format!("{path} is not valid TOML: {}", error.message()),
        )
        .hint("fix the file at the place shown by `cargo metadata --no-deps`")
        .caused_by(error)
    })
}

fn unreadable(error: impl Error + Send + Sync + 'static) -> Problem {
    Problem::from_error(Code::FileUnreadable, error)
        .hint("check that the file exists and can be read")
}

/// Returns the problem of a temporary folder that cannot be written to.
pub fn unwritable(error: impl Error + Send + Sync + 'static) -> Problem {
    Problem::from_error(Code::FileUnwritable, error).hint(
        "the copies of the workspace are in the temporary folder: free space there, or set TMPDIR",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_replaced_and_read_back_from_a_binary() {
        let source = "fn main() {}\n";
        let text = marked(&marked(source, 3), 12);
        assert_eq!(text, marked(source, 12));
        assert_eq!(markers(format!("\0\u{1}{}", marker(12)).as_bytes()), [12]);
        assert_eq!(markers(b"bakehouse-bench-"), [0_u32; 0]);
    }

    #[test]
    fn a_version_is_bumped_in_the_manifest_and_in_the_lock() {
        let files = [
            ("Cargo.toml", "[workspace.package]\nversion = \"1.0.0\"\n"),
            (
                "a/Cargo.toml",
                "[package]\nname = \"a\" # a\nversion = \"0.1.9\"\n",
            ),
            (
                "b/Cargo.toml",
                "[package]\nname = \"b\"\nversion.workspace = true\n",
            ),
            (
                "Cargo.lock",
                "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"0.1.9\"\n\n[[package]]\nname = \"b\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"c\"\nversion = \"1.0.0\"\nsource = \"registry\"\n",
            ),
        ];
        let read = |path: &Utf8Path| {
            let found = files.iter().find(|(name, _)| *name == path);
            Ok(found
                .map(|(_, text)| (*text).to_owned())
                .unwrap_or_default())
        };
        let own = bump_version(read, "a", Utf8Path::new("a/Cargo.toml")).unwrap();
        assert_eq!(
            own[Utf8Path::new("a/Cargo.toml")],
            files[1].1.replace("0.1.9", "0.1.10")
        );
        assert_eq!(
            own[Utf8Path::new("Cargo.lock")],
            files[3].1.replace("0.1.9", "0.1.10")
        );
        let all = bump_version(read, "b", Utf8Path::new("b/Cargo.toml")).unwrap();
        assert_eq!(
            all[Utf8Path::new("Cargo.toml")],
            files[0].1.replace("1.0.0", "1.0.1")
        );
        assert_eq!(
            all[Utf8Path::new("Cargo.lock")],
            files[3].1.replacen("1.0.0", "1.0.1", 1)
        );
    }
}
