//! The entries of a layer, with everything that its tar archive says of them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tar::{Archive, EntryType, Header};

use crate::rebase::layer::{plain, unpacked};
use crate::registry::Digest;

/// The entries of a layer by their paths, without a `/` in front.
pub type Entries = BTreeMap<String, Entry>;

/// An entry of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub kind: Kind,
    pub mode: u32,
    pub owner: (u64, u64),
    pub size: u64,
    /// The digest of a file.
    pub content: Option<Digest>,
    pub modified: Timestamp,
    /// Extended attributes, such as capabilities.
    pub attributes: BTreeMap<String, String>,
}

/// The kind of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Folder,
    File,
    /// A symbolic link to this target.
    Link(String),
    /// Another name of this file.
    HardLink(String),
    /// A device with major and minor number, by characters or by blocks.
    Device(&'static str, u32, u32),
    Pipe,
    /// Something else, by its type in the archive.
    Other(u8),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => f.write_str("folder"),
            Self::File => f.write_str("file"),
            Self::Link(target) => write!(f, "link to {target}"),
            Self::HardLink(target) => write!(f, "hard link to {target}"),
            Self::Device(kind, major, minor) => write!(f, "{kind} device {major}:{minor}"),
            Self::Pipe => f.write_str("pipe"),
            Self::Other(kind) => write!(f, "entry of the type {kind}"),
        }
    }
}

/// The beginning of the names of extended attributes in an archive.
const ATTRIBUTE: &str = "SCHILY.xattr.";

/// Reads the entries of a layer. Of two with the same path the later counts, as for an engine.
///
/// # Errors
/// The layer is neither a tar archive nor one that gzip or zstd compressed.
pub fn read(media_type: &str, layer: &mut dyn Read) -> io::Result<Entries> {
    let mut archive = Archive::new(unpacked(media_type, layer)?);
    let mut entries = Entries::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = plain(&entry.path_bytes());
        let target = entry.link_name_bytes().unwrap_or_default();
        let kind = kind(entry.header(), &String::from_utf8_lossy(&target))?;
        let header = entry.header();
        let mode = header.mode()? & 0o7777;
        // Owners that are left out are root.
        let owner = (
            header.uid().unwrap_or_default(),
            header.gid().unwrap_or_default(),
        );
        let mut modified = seconds(header.mtime().unwrap_or_default());
        let mut attributes = BTreeMap::new();
        if let Some(extensions) = entry.pax_extensions()? {
            for extension in extensions {
                let extension = extension?;
                let key = String::from_utf8_lossy(extension.key_bytes()).into_owned();
                let value = extension.value_bytes();
                if let Some(name) = key.strip_prefix(ATTRIBUTE) {
                    attributes.insert(name.to_owned(), hex(value));
                } else if key == "mtime" {
                    modified = fractional(&String::from_utf8_lossy(value)).unwrap_or(modified);
                }
            }
        }
        let size = entry.size();
        let content = (kind == Kind::File).then(|| digest(&mut entry));
        let entry = Entry {
            kind,
            mode,
            owner,
            size,
            content: content.transpose()?,
            modified,
            attributes,
        };
        entries.insert(path, entry);
    }
    Ok(entries)
}

fn kind(header: &Header, target: &str) -> io::Result<Kind> {
    let device = |kind| -> io::Result<Kind> {
        let (major, minor) = (header.device_major()?, header.device_minor()?);
        Ok(Kind::Device(
            kind,
            major.unwrap_or_default(),
            minor.unwrap_or_default(),
        ))
    };
    Ok(match header.entry_type() {
        EntryType::Directory => Kind::Folder,
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Kind::File,
        EntryType::Symlink => Kind::Link(target.to_owned()),
        EntryType::Link => Kind::HardLink(target.to_owned()),
        EntryType::Char => device("character")?,
        EntryType::Block => device("block")?,
        EntryType::Fifo => Kind::Pipe,
        other => Kind::Other(other.as_byte()),
    })
}

fn digest(content: &mut dyn Read) -> io::Result<Digest> {
    let mut hash = Sha256::new();
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match content.read(&mut chunk)? {
            0 => return Ok(Digest::of_hash(hash)),
            read => hash.update(&chunk[..read]),
        }
    }
}

/// Returns a time of a header; 1970 if no calendar has it.
fn seconds(seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).ok();
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Returns a time such as `1700000000.5`.
fn fractional(text: &str) -> Option<Timestamp> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{part:0<9}");
    let nanoseconds: i32 = digits.get(..9)?.parse().ok()?;
    let nanoseconds = match whole.starts_with('-') {
        true => -nanoseconds,
        false => nanoseconds,
    };
    Timestamp::new(whole.parse().ok()?, nanoseconds).ok()
}

/// Returns the value of an attribute, which is seldom text.
fn hex(value: &[u8]) -> String {
    value.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Reads an archive that GNU tar makes of the folder, of itself and of everything in it.
    fn of_tar(folder: &std::path::Path, options: &[&str]) -> Entries {
        let tar = Command::new("tar")
            .current_dir(folder)
            .args(["--create", "--owner=7", "--group=8"])
            .args(options)
            .arg(".")
            .output()
            .unwrap();
        assert!(tar.status.success());
        read("application/x.tar", &mut &*tar.stdout).unwrap()
    }

    #[test]
    fn everything_that_tar_says_of_an_entry_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let script = "mkdir d; printf hello >d/file; chmod 0640 d/file; chmod 0700 d; ln -s file d/link; ln d/file e; mkfifo p; \
            touch -d 2020-01-02T03:04:05.25Z d/file";
        let made = Command::new("sh")
            .current_dir(&folder)
            .args(["-ec", script])
            .status();
        assert!(made.unwrap().success());
        let long = format!("{}/{}", "a".repeat(90), "b".repeat(90));
        std::fs::create_dir_all(folder.path().join(&long)).unwrap();
        let times = [
            ("--format=pax", "2020-01-02T03:04:05.25Z"),
            ("--format=gnu", "2020-01-02T03:04:05Z"),
        ];
        for (format, time) in times {
            let entries = of_tar(folder.path(), &[format, "--sort=name"]);
            let file = Entry {
                kind: Kind::File,
                mode: 0o640,
                owner: (7, 8),
                size: 5,
                content: Some(Digest::of(b"hello")),
                modified: time.parse().unwrap(),
                attributes: BTreeMap::new(),
            };
            assert_eq!(entries["d/file"], file, "{format}");
            let kinds = [
                ("d", "folder"),
                ("d/link", "link to file"),
                ("e", "hard link to ./d/file"),
                ("p", "pipe"),
                (long.as_str(), "folder"),
            ];
            for (path, kind) in kinds {
                assert_eq!(entries[path].kind.to_string(), kind, "{format}");
            }
            assert_eq!(entries["d"].mode, 0o700);
        }
    }

    #[test]
    fn attributes_and_devices_are_read() {
        let mut builder = tar::Builder::new(Vec::new());
        let attribute = ("SCHILY.xattr.security.capability", &b"\x01\xff"[..]);
        builder.append_pax_extensions([attribute]).unwrap();
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Char);
        header.set_device_major(1).unwrap();
        header.set_device_minor(3).unwrap();
        header.set_size(0);
        header.set_mode(0o666);
        builder
            .append_data(&mut header, "dev/null", io::empty())
            .unwrap();
        let archive = builder.into_inner().unwrap();
        let entries = read("x", &mut &*archive).unwrap();
        let entry = &entries["dev/null"];
        assert_eq!(entry.kind.to_string(), "character device 1:3");
        assert_eq!(entry.attributes["security.capability"], "01ff");
    }

    #[test]
    fn a_broken_layer_is_an_error() {
        assert!(read("x+gzip", &mut &b"no gzip"[..]).is_err());
        assert!(read("x", &mut &[1_u8; 700][..]).is_err());
    }
}
