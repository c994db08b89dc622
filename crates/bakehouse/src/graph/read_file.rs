//! Reads a path as a build sees it, with few calls to the system: a workspace has thousands of files.

use std::cell::RefCell;
use std::fs::{File, Metadata};
use std::os::unix::fs::PermissionsExt;

use camino::Utf8Path;
use rustix::buffer::spare_capacity;
use rustix::fs::{Mode, OFlags};

use super::file_state::{FileKind, FileState, unreadable};
use crate::problem::Problem;

/// The largest file for which a thread keeps the room.
const ROOM: usize = 1 << 20;

/// Returns the state of a path, and its content or the target of the link. `None` if it is neither a file nor a folder.
///
/// # Errors
/// `file-unreadable`.
pub(super) fn state(file: &Utf8Path) -> Result<Option<(FileState, Vec<u8>)>, Problem> {
    let mut content = Vec::new();
    let state = read(file, &mut content)?;
    Ok(state.map(|state| (state, content)))
}

/// Returns the state of a path whose content is not needed otherwise.
///
/// # Errors
/// `file-unreadable`.
pub(super) fn state_alone(file: &Utf8Path) -> Result<Option<FileState>, Problem> {
    thread_local! {
        static CONTENT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    CONTENT.with_borrow_mut(|content| {
        let state = read(file, content);
        if content.capacity() > ROOM {
            *content = Vec::new();
        }
        state
    })
}

fn read(file: &Utf8Path, content: &mut Vec<u8>) -> Result<Option<FileState>, Problem> {
    content.clear();
    let kind = match open(file).and_then(|open| regular(&open, content)) {
        Some(kind) => Some(kind),
        None => any(file, content)?,
    };
    Ok(kind.map(|kind| FileState {
        kind,
        digest: blake3::hash(content),
        bytes: content.len() as u64,
    }))
}

/// Opens a file that is no link. A pipe does not make it wait.
fn open(file: &Utf8Path) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let open = rustix::fs::open(file.as_std_path(), flags, Mode::empty());
    open.ok().map(File::from)
}

/// Reads a regular file. Returns `None` if it is none, or on an error, which [`any`] reports.
fn regular(open: &File, content: &mut Vec<u8>) -> Option<FileKind> {
    let metadata = open.metadata().ok().filter(Metadata::is_file)?;
    let size = usize::try_from(metadata.len()).ok()?;
    loop {
        // Room for one byte more tells the end of the file without another call.
        content.reserve((size + 1).saturating_sub(content.len()).max(1));
        let room = content.capacity() - content.len();
        let count = rustix::io::read(open, spare_capacity(content)).ok()?;
        if count == 0 || count < room && content.len() == size {
            return Some(kind(&metadata));
        }
    }
}

/// Reads a path of any kind.
fn any(file: &Utf8Path, content: &mut Vec<u8>) -> Result<Option<FileKind>, Problem> {
    let metadata = fs_err::symlink_metadata(file).map_err(unreadable)?;
    *content = Vec::new();
    Ok(if metadata.is_symlink() {
        let target = fs_err::read_link(file).map_err(unreadable)?;
        *content = target.into_os_string().into_encoded_bytes();
        Some(FileKind::Link)
    } else if metadata.is_file() {
        *content = fs_err::read(file).map_err(unreadable)?;
        Some(kind(&metadata))
    } else {
        metadata.is_dir().then_some(FileKind::EmptyFolder)
    })
}

fn kind(file: &Metadata) -> FileKind {
    match file.permissions().mode() & 0o111 {
        0 => FileKind::Plain,
        _ => FileKind::Executable,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn each_kind_of_path_is_read_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(folder.path()).unwrap();
        let place = |name: &str| folder.join(name);
        let long = vec![b'x'; 3 * ROOM / 2];
        std::fs::write(place("plain"), "text").unwrap();
        std::fs::write(place("empty"), "").unwrap();
        std::fs::write(place("long"), &long).unwrap();
        std::fs::write(place("script"), "#!").unwrap();
        std::fs::set_permissions(place("script"), PermissionsExt::from_mode(0o755)).unwrap();
        symlink("plain", place("link")).unwrap();
        symlink("nowhere", place("dangling")).unwrap();
        std::fs::create_dir(place("folder")).unwrap();
        symlink("folder", place("to-folder")).unwrap();
        let pipe = std::process::Command::new("mkfifo")
            .arg(place("pipe"))
            .status();
        assert!(pipe.unwrap().success());

        type Expected<'a> = Option<(FileKind, &'a [u8])>;
        let rows: [(&str, Expected<'_>); 9] = [
            ("plain", Some((FileKind::Plain, b"text"))),
            ("empty", Some((FileKind::Plain, b""))),
            ("long", Some((FileKind::Plain, &long))),
            ("script", Some((FileKind::Executable, b"#!"))),
            ("link", Some((FileKind::Link, b"plain"))),
            ("dangling", Some((FileKind::Link, b"nowhere"))),
            ("folder", Some((FileKind::EmptyFolder, b""))),
            ("to-folder", Some((FileKind::Link, b"folder"))),
            ("pipe", None),
        ];
        for (name, expected) in rows {
            let expected = expected.map(|(kind, content)| {
                let digest = blake3::hash(content);
                let bytes = content.len() as u64;
                let state = FileState {
                    kind,
                    digest,
                    bytes,
                };
                (state, content.to_vec())
            });
            assert_eq!(state(&place(name)).unwrap(), expected, "{name}");
            let alone = state_alone(&place(name)).unwrap();
            assert_eq!(alone, expected.map(|(state, _)| state), "{name}");
        }
        assert!(state(&place("missing")).is_err());
    }

    #[test]
    fn files_without_a_known_size_are_read_to_their_end() {
        let file = Utf8Path::new("/proc/self/status");
        if file.exists() {
            let (read, content) = state(file).unwrap().unwrap();
            assert!(read.bytes > 0 && content.ends_with(b"\n"));
        }
    }
}
