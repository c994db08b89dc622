//! Leftovers of builds that were killed. The process that creates a temporary file or folder locks it while it is in
//! use, and a lock ends with its process. So a file that can be locked is a leftover.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use camino::Utf8Path;

use super::binary::{Record, Spot};

/// Prefix of the name of a folder into which Bake writes binaries.
pub const FOLDER: &str = "bakehouse-packs-";

/// Returns the prefix of the name of a temporary file that will be renamed to this path.
pub fn prefix(path: &Utf8Path) -> String {
    let name = path.file_name().unwrap_or_default().trim_start_matches('.');
    format!(".{name}.bakehouse-")
}

/// Creates a temporary file or folder by `make` and locks it, so that no build removes it as a leftover until the lock
/// is dropped. `path` returns the path of what `make` created.
///
/// # Errors
/// Those of `make` and of the lock.
pub fn guarded<T>(
    make: impl Fn() -> io::Result<T>,
    path: impl Fn(&T) -> &Path,
) -> io::Result<(T, File)> {
    loop {
        let made = make()?;
        // Another build may remove it before it is locked.
        if let Some(lock) = held(path(&made))? {
            return Ok((made, lock));
        }
    }
}

/// Locks the file or folder at `path`; none if it was removed before it was locked.
fn held(path: &Path) -> io::Result<Option<File>> {
    let lock = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    lock.lock()?;
    Ok(path.exists().then_some(lock))
}

/// Removes the leftovers of killed builds from the folder for temporary files, and from beside the binaries of `spots`
/// below `root`. What cannot be removed stays for the next time.
pub fn remove(root: &Utf8Path, spots: &[Spot<'_>]) {
    remove_from(&std::env::temp_dir(), FOLDER);
    for spot in spots {
        let path = root.join(&spot.file);
        if let Some(folder) = path.parent() {
            for path in [&path, &Record::path(&path)] {
                remove_from(folder.as_std_path(), &prefix(path));
            }
        }
    }
}

fn remove_from(folder: &Path, prefix: &str) {
    for entry in folder.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(prefix));
        if random.is_some_and(is_random) {
            let path = entry.path();
            match remove_one(&path) {
                Ok(true) => tracing::info!("{}: left by a killed build, removed", path.display()),
                Ok(false) => {}
                Err(error) => tracing::debug!("{}: stays: {error}", path.display()),
            }
        }
    }
}

/// Returns whether a suffix has the form that names of temporary files have.
fn is_random(end: &str) -> bool {
    end.len() == 6 && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Removes the file or folder if no process has locked it, and returns whether it did.
fn remove_one(path: &Path) -> io::Result<bool> {
    let about = path.symlink_metadata()?;
    // A link leads to a file of somebody else, and opening a pipe waits for its other end.
    if !about.is_dir() && !about.is_file() {
        return Ok(false);
    }
    let file = File::open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(false),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    if about.is_dir() {
        std::fs::remove_dir_all(path)?;
    } else {
        std::fs::remove_file(path)?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = folder.read_dir().unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn only_what_killed_builds_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let write = |name: &str| std::fs::write(path.join(name), "half a bin").unwrap();
        let prefix = prefix(Utf8Path::new("packs/core/sensors/timer"));
        let stay = [
            // The binary, its record, leftovers of other binaries, and files that no program named.
            "timer",
            ".timer.bakehouse.json",
            ".timer2.bakehouse-aB3dE6",
            ".timer.bakehouse-mine",
            ".timer.bakehouse-aB3dE6.bak",
        ];
        stay.iter().for_each(|name| write(name));
        std::os::unix::fs::symlink(path.join("timer"), path.join(".timer.bakehouse-linked"))
            .unwrap();
        write(".timer.bakehouse-aB3dE6");
        std::fs::create_dir_all(path.join(".timer.bakehouse-folder/with/more")).unwrap();
        // A temporary file of a running build.
        let make = || tempfile::Builder::new().prefix(&prefix).tempfile_in(path);
        let (used, _lock) = guarded(make, |file| file.path()).unwrap();
        let used = used.path().file_name().unwrap().to_str().unwrap();

        remove_from(path, &prefix);
        let mut expected = stay.to_vec();
        expected.extend([used, ".timer.bakehouse-linked"]);
        expected.sort_unstable();
        assert_eq!(names(path), expected);
    }

    #[test]
    fn what_is_made_while_others_clear_away_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let make = || {
            let mut builder = tempfile::Builder::new();
            builder.prefix(FOLDER).tempdir_in(folder.path())
        };
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    remove_from(folder.path(), FOLDER);
                }
            });
            for _ in 0..300 {
                let (made, _lock) = guarded(make, |made| made.path()).unwrap();
                std::fs::write(made.path().join("file"), "text").unwrap();
            }
            done.store(true, std::sync::atomic::Ordering::Relaxed);
        });
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }
}
