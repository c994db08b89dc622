//! Crates in the form in which registries and vendored folders keep them.

use std::fmt::Write;
use std::process::Command;

use camino::Utf8Path;
use fs_err as fs;
use serde_json::{Value, json};

use super::stand_ins::Crate;
use crate::ran::Ran;

/// Adds the files that a vendored folder has besides the sources.
pub fn vendor(folder: &Utf8Path, one: &Crate, sums: bool) {
    let files = one.files().into_keys().filter(|_| sums);
    let files: serde_json::Map<String, Value> = files
        .map(|path| (path.clone(), Value::String(sha256(&folder.join(path)))))
        .collect();
    let text = json!({ "files": files, "package": one.sum }).to_string();
    write(&folder.join(".cargo-checksum.json"), text.as_bytes());
}

/// Updates the checksum of a file, if the folder's list has one.
pub fn sum_again(folder: &Utf8Path, path: &Utf8Path) {
    let list = folder.join(".cargo-checksum.json");
    let text = fs::read_to_string(&list).expect("a file can be read");
    let mut sums: Value = serde_json::from_str(&text).expect("it is JSON");
    let name = path.strip_prefix(folder).unwrap_or(path).as_str();
    if let Some(sum) = sums["files"].get_mut(name) {
        *sum = Value::String(sha256(path));
        write(&list, sums.to_string().as_bytes());
    }
}

/// Writes a local registry: a folder of archives.
pub fn local(folder: &Utf8Path, crates: &[Crate]) {
    for one in crates {
        let (archive, _) = archive(one);
        let name = format!("{}-{}.crate", one.name, one.version);
        write(&folder.join(name), &archive);
    }
    index(&folder.join("index"), crates);
}

/// Writes a sparse registry, which is served as files at `address`.
pub fn sparse(folder: &Utf8Path, crates: &[Crate], address: &str) {
    let config = json!({ "dl": format!("{address}/dl") }).to_string();
    write(&folder.join("config.json"), config.as_bytes());
    for one in crates {
        let (archive, _) = archive(one);
        let path = format!("dl/{}/{}/download", one.name, one.version);
        write(&folder.join(path), &archive);
    }
    index(folder, crates);
}

fn index(folder: &Utf8Path, crates: &[Crate]) {
    let mut names: Vec<&str> = crates.iter().map(|one| one.name).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let path = match name.len() {
            3 => format!("3/{}/{name}", &name[..1]),
            _ => format!("{}/{}/{name}", &name[..2], &name[2..4]),
        };
        let mut text = String::new();
        for one in crates.iter().filter(|one| one.name == name) {
            let (_, sum) = archive(one);
            let line = json!({
                "name": name, "vers": one.version, "deps": [], "cksum": sum,
                "features": {}, "yanked": false,
            });
            let _ = writeln!(text, "{line}");
        }
        write(&folder.join(path), text.as_bytes());
    }
}

/// Returns the archive and its checksum, which are always the same for the same crate.
fn archive(one: &Crate) -> (Vec<u8>, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let dir = Utf8Path::from_path(folder.path()).expect("its name is UTF-8");
    let root = format!("{}-{}", one.name, one.version);
    for (path, text) in one.files() {
        write(&dir.join(&root).join(path), text.as_bytes());
    }
    let file = dir.join("crate");
    let tar = [
        "-C",
        dir.as_str(),
        "--sort=name",
        "--mtime=@1",
        "--owner=0",
        "--group=0",
        "--numeric-owner",
        "-czf",
        file.as_str(),
        &root,
    ];
    let _ = Ran::of(Command::new("tar").args(tar)).succeeded();
    let archive = fs::read(&file).expect("the archive is there");
    (archive, sha256(&file))
}

fn sha256(file: &Utf8Path) -> String {
    let sum = Ran::of(Command::new("sha256sum").arg(file)).succeeded();
    sum.stdout.split(' ').next().unwrap_or_default().to_owned()
}

fn write(path: &Utf8Path, content: &[u8]) {
    fs::create_dir_all(path.parent().unwrap_or(path)).expect("a folder can be made");
    fs::write(path, content).expect("a file can be written");
}
