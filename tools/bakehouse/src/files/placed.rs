//! What a build put into a pack: beside each binary stands of which inputs it was made.

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::plan::pack::PackBinary;
use crate::problem::{Code, Problem};

/// The note beside a pack binary, as JSON.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Note {
    version: u32,
    input_hash: String,
    /// BLAKE3 of the binary, in hex.
    blake3: String,
}

impl Note {
    fn of(root: &Utf8Path, binary: &PackBinary) -> Option<Self> {
        let content = fs_err::read(root.join(&binary.folder).join(&binary.bin)).ok()?;
        let blake3 = blake3::hash(&content).to_hex().to_string();
        Some(Self {
            version: 1,
            input_hash: binary.input_hash.clone(),
            blake3,
        })
    }
}

fn path(root: &Utf8Path, binary: &PackBinary) -> Utf8PathBuf {
    root.join(&binary.folder)
        .join(format!(".{}.baked", binary.bin))
}

/// Whether the pack holds the very binary that was built of these inputs.
pub fn is_placed(root: &Utf8Path, binary: &PackBinary) -> bool {
    let note = fs_err::read_to_string(path(root, binary)).ok();
    let note: Option<Note> = note.and_then(|text| serde_json::from_str(&text).ok());
    note.is_some() && note == Note::of(root, binary)
}

/// Notes of what the binary in the pack was made; forgets it when `known` is false.
///
/// # Errors
/// `file-unwritable`.
pub fn note(root: &Utf8Path, binary: &PackBinary, known: bool) -> Result<(), Problem> {
    let path = path(root, binary);
    let unwritable = |error: std::io::Error| {
        Problem::new(Code::FileUnwritable, error.to_string())
            .hint("make the pack's folder writable")
    };
    match Note::of(root, binary).filter(|_| known) {
        Some(note) => {
            let text = serde_json::to_string_pretty(&note).expect("strings are JSON");
            fs_err::write(path, text + "\n").map_err(unwritable)
        }
        None if path.exists() => fs_err::remove_file(path).map_err(unwritable),
        None => Ok(()),
    }
}
