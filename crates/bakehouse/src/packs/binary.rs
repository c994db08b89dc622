//! Pack binaries in their packs, and the record beside each.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use super::platform::Platform;
use crate::context_path::ContextPath;
use crate::plan::pack::{Pack, PackBinary};
use crate::problem::{Code, Problem};

/// A binary of a pack for one platform, and its place.
#[derive(Clone, Debug)]
pub struct Spot<'a> {
    pub pack: &'a Pack,
    pub binary: &'a PackBinary,
    pub platform: Platform,
    /// The binary's file. A pack's folder has one binary for one platform. If several platforms are requested, the
    /// platform is part of the name.
    pub file: ContextPath,
}

/// Returns all binaries of `packs` for `platforms`.
pub fn spots<'a>(packs: &[&'a Pack], platforms: &[Platform]) -> Vec<Spot<'a>> {
    let each = packs.iter().flat_map(|pack| {
        let binaries = pack.binaries.iter();
        binaries.map(|binary| (*pack, binary))
    });
    each.flat_map(|(pack, binary)| {
        platforms.iter().map(move |platform| Spot {
            pack,
            binary,
            platform: platform.clone(),
            file: file(binary, platform, platforms.len() > 1),
        })
    })
    .collect()
}

fn file(binary: &PackBinary, platform: &Platform, several: bool) -> ContextPath {
    if several {
        let name = format!("{}.{}", binary.bin, platform.suffix());
        binary.folder.join(name)
    } else {
        binary.folder.join(&binary.bin)
    }
}

/// The record of how a binary was built: `.<binary>.bakehouse.json` beside it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Record {
    pub version: u32,
    /// None if the binary was not built from the plan's inputs alone, but with other bases or arguments.
    pub input_hash: Option<String>,
    pub platform: String,
    /// BLAKE3 of the binary, in hex.
    pub blake3: String,
    /// The glibc that the binary needs; none for a static binary.
    pub glibc: Option<String>,
}

impl Record {
    /// The only version so far.
    pub const VERSION: u32 = 1;

    /// Returns the record's path beside the binary at `file`.
    pub fn path(file: &Utf8Path) -> Utf8PathBuf {
        let name = file.file_name().unwrap_or_default();
        file.with_file_name(format!(".{name}.bakehouse.json"))
    }

    /// Returns the content of the record's file.
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings are JSON") + "\n"
    }
}

/// The state of a binary, compared with what a build would make now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Built from exactly these inputs.
    Current,
    /// Built from other inputs.
    Stale,
    Missing,
    /// Built for another platform.
    WrongPlatform,
    /// Not the file that a build put there, with the reason why that is known.
    Replaced(&'static str),
}

impl State {
    /// Returns the word that is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Stale => "stale",
            Self::Missing => "missing",
            Self::WrongPlatform => "wrong-platform",
            Self::Replaced(_) => "replaced",
        }
    }
}

/// The result of a look at a binary's place.
#[derive(Clone, Debug)]
pub struct Seen {
    pub state: State,
    /// The record of the binary that is or was there.
    pub record: Option<Record>,
}

/// Looks at the place of a binary.
///
/// # Errors
/// `file-unreadable`.
pub fn look(root: &Utf8Path, spot: &Spot<'_>) -> Result<Seen, Problem> {
    let path = root.join(&spot.file);
    let record = fs_err::read_to_string(Record::path(&path)).ok();
    let record: Option<Record> = record
        .and_then(|text| serde_json::from_str(&text).ok())
        .filter(|record: &Record| record.version == Record::VERSION);
    let state = state(&path, spot, record.as_ref()).map_err(|error| {
        Problem::from_error(Code::FileUnreadable, error)
            .hint("make it readable, or remove it: it is built again")
    })?;
    Ok(Seen { state, record })
}

fn state(path: &Utf8Path, spot: &Spot<'_>, record: Option<&Record>) -> std::io::Result<State> {
    let about = match fs_err::symlink_metadata(path) {
        Ok(about) => about,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(State::Missing);
        }
        Err(error) => return Err(error),
    };
    if !about.is_file() {
        return Ok(State::Replaced("it is not a regular file"));
    }
    let Some(record) = record else {
        return Ok(State::Replaced("there is no record of how it was built"));
    };
    if sum(&fs_err::read(path)?) != record.blake3 {
        return Ok(State::Replaced("somebody changed it after it was built"));
    }
    if about.permissions().mode() & 0o111 == 0 {
        return Ok(State::Replaced("it is not executable any more"));
    }
    Ok(if record.platform != spot.platform.as_str() {
        State::WrongPlatform
    } else if record.input_hash.as_deref() == Some(&spot.binary.input_hash) {
        State::Current
    } else {
        State::Stale
    })
}

/// Returns the BLAKE3 hash in hex.
pub fn sum(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packs::glibc::Version;
    use crate::packs::program::Program;

    /// The binary of this test is for the machine that it runs on, and linked against glibc.
    #[test]
    fn a_binary_tells_its_machine_and_its_glibc() {
        let content = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let Program::Binary(binary) = Program::of(&content) else {
            panic!("the test is a binary")
        };
        let own = Platform::of_machine(std::env::consts::ARCH);
        assert!(own.runs(binary.machine), "{binary:?}");
        let needed = binary.glibc.unwrap();
        assert!(
            needed.version > Version::parse("2.2").unwrap(),
            "{needed:?}"
        );
        assert!(!needed.symbol.is_empty());

        for length in [5, 64, 4096, content.len() / 2] {
            let cut = Program::of(&content[..length]);
            assert!(matches!(cut, Program::Broken(_)), "{length} bytes: {cut:?}");
        }
    }

    #[test]
    fn a_record_stands_beside_its_binary() {
        let path = Record::path(Utf8Path::new("packs/core/sensors/timer"));
        assert_eq!(path, "packs/core/sensors/.timer.bakehouse.json");
    }
}
