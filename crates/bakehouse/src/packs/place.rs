//! Placement of binaries in packs. Bake writes them into a temporary folder, and from there each moves to its place
//! completely or not at all.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::TempDir;

use super::binary::{Record, Spot, sum};
use super::check::too_new;
use super::glibc::Floor;
use super::leftover::{self, guarded};
use super::program::{Binary, Program};
use crate::plan::Plan;
use crate::problem::{Code, Problem};

/// The temporary folder into which Bake writes binaries. A killed bake leaves a partial file here instead of in the
/// pack.
#[derive(Debug)]
pub struct Staging {
    path: Utf8PathBuf,
    /// The folder, which is removed when this is dropped.
    _folder: TempDir,
    _lock: File,
}

/// The result for a binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The binary was put in its place.
    Placed,
    /// An identical binary is there already.
    Same,
    /// The user's arguments made Bake write none.
    NotBuilt,
}

impl Staging {
    /// Creates the temporary folder.
    ///
    /// # Errors
    /// `file-unwritable`.
    pub fn new() -> Result<Self, Problem> {
        let make = || {
            let mut builder = tempfile::Builder::new();
            builder.prefix(leftover::FOLDER).tempdir()
        };
        let made = guarded(make, |folder| folder.path()).and_then(|(folder, lock)| {
            let path = Utf8PathBuf::from_path_buf(folder.path().canonicalize()?);
            let path = path.map_err(|path| {
                std::io::Error::other(format!("{} is not UTF-8", path.display()))
            })?;
            Ok((path, folder, lock))
        });
        let (path, folder, lock) = made.map_err(|error| {
            let message = format!("a temporary folder cannot be created: {error}");
            Problem::new(Code::FileUnwritable, message)
                .hint("free space, or point TMPDIR at a folder that can be written")
                .caused_by(error)
        })?;
        Ok(Self {
            path,
            _folder: folder,
            _lock: lock,
        })
    }

    /// Returns the arguments of `docker buildx bake` that make it write the binaries of `spots` here, for their
    /// platforms. Without permission, Bake writes only below its working folder.
    pub fn arguments(&self, spots: &[&Spot<'_>]) -> Vec<OsString> {
        let mut arguments = vec![format!("--allow=fs.write={}", self.path)];
        for spot in spots {
            let target = &spot.binary.target;
            let output = csv(&format!("dest={}", self.path.join(target)));
            let output = format!("--set={target}.output=type=local,{output}");
            if !arguments.contains(&output) {
                arguments.push(output);
            }
            arguments.push(format!("--set={target}.platform={}", spot.platform));
        }
        arguments.into_iter().map(OsString::from).collect()
    }

    /// Returns the binary that Bake wrote for `spot`, if any.
    fn content(&self, spot: &Spot<'_>) -> Result<Option<Vec<u8>>, Problem> {
        let folder = self.path.join(&spot.binary.target);
        let single = folder.join(&spot.binary.bin);
        let split = folder.join(spot.platform.folder()).join(&spot.binary.bin);
        for path in [split, single] {
            if path.is_file() {
                return fs_err::read(path).map(Some).map_err(|error| {
                    Problem::from_error(Code::FileUnreadable, error).hint("try again")
                });
            }
        }
        Ok(None)
    }

    /// Puts each of `spots` in its place and returns the results in their order.
    pub fn settle_all<'a>(
        &'a self,
        root: &'a Utf8Path,
        plan: &Plan,
        spots: &'a [&Spot<'_>],
        certain: bool,
    ) -> impl Iterator<Item = Result<Outcome, Problem>> + use<'a> {
        let floor = Floor::of(plan);
        spots
            .iter()
            .map(move |spot| self.settle(root, spot, floor.as_ref(), certain))
    }

    /// Puts the binary that Bake wrote for `spot` into its place below `root`, together with its record. `certain` says
    /// whether it was built from the plan's inputs alone.
    ///
    /// # Errors
    /// `pack-program`, `pack-platform`, `glibc-too-new` for a binary that would not run, and `file-unwritable`. The
    /// previous binary stays in its place.
    fn settle(
        &self,
        root: &Utf8Path,
        spot: &Spot<'_>,
        floor: Option<&Floor>,
        certain: bool,
    ) -> Result<Outcome, Problem> {
        let Some(content) = self.content(spot)? else {
            return Ok(Outcome::NotBuilt);
        };
        let binary = runs(spot, &content, floor)?;
        let record = Record {
            version: Record::VERSION,
            input_hash: certain.then(|| spot.binary.input_hash.clone()),
            platform: spot.platform.to_string(),
            blake3: sum(&content),
            glibc: binary.glibc.map(|needed| needed.version.to_string()),
        };
        place(root, &spot.file, &content, &record)
    }
}

/// Quotes a field of a comma-separated list.
pub fn csv(field: &str) -> String {
    if field.contains([',', '"']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// Checks that the new binary runs where the pack is mounted.
fn runs(spot: &Spot<'_>, content: &[u8], floor: Option<&Floor>) -> Result<Binary, Problem> {
    let file = &spot.file;
    let refused = |code, message: String, hint: &str| {
        let message = format!("{message}; the previous file stays");
        Err(Problem::new(code, message).hint(hint))
    };
    let binary = match Program::of(content) {
        Program::Binary(binary) => binary,
        Program::Broken(why) => {
            let message = format!("the file built for {file} cannot be run: {why}");
            return refused(Code::PackProgram, message, "build it with --force");
        }
        Program::Script(_) | Program::Text => {
            let message = format!("the file built for {file} is not an ELF binary");
            let hint = "pack binaries run on Linux: build them with a toolchain for it";
            return refused(Code::PackProgram, message, hint);
        }
    };
    if !spot.platform.runs(binary.machine) {
        let message = format!(
            "the file built for {file} is for {}, not for {}",
            binary.machine, spot.platform
        );
        let hint = "use a builder that has the platform: `docker buildx ls` shows them";
        return refused(Code::PackPlatform, message, hint);
    }
    if let Some((message, hint)) = too_new(file.as_str(), &binary, floor) {
        return refused(Code::GlibcTooNew, message, &hint);
    }
    Ok(binary)
}

/// Puts a binary and its record into their places. Identical files are not touched.
fn place(
    root: &Utf8Path,
    file: &Utf8Path,
    content: &[u8],
    record: &Record,
) -> Result<Outcome, Problem> {
    let path = root.join(file);
    let put = || -> std::io::Result<Outcome> {
        if let Some(folder) = path.parent() {
            fs_err::create_dir_all(folder)?;
        }
        let new = replace(&path, content, 0o755)?;
        replace(&Record::path(&path), record.text().as_bytes(), 0o644)?;
        Ok(if new { Outcome::Placed } else { Outcome::Same })
    };
    put().map_err(|error| {
        let message = format!("{file} cannot be put into its pack: {error}");
        Problem::new(Code::FileUnwritable, message)
            .hint("make the pack's folder writable and free space; the previous file stays")
            .caused_by(error)
    })
}

/// Gives the file at `path` this content in one step, and returns whether that was necessary.
fn replace(path: &Utf8Path, content: &[u8], mode: u32) -> std::io::Result<bool> {
    let same = fs_err::symlink_metadata(path).is_ok_and(|about| {
        about.is_file()
            && about.permissions().mode() & 0o777 == mode
            && about.len() == content.len() as u64
    });
    if same && fs_err::read(path)? == content {
        return Ok(false);
    }
    let folder = path.parent().unwrap_or(Utf8Path::new("."));
    let prefix = leftover::prefix(path);
    let make = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).tempfile_in(folder)
    };
    let (mut file, _lock) = guarded(make, |file| file.path())?;
    file.write_all(content)?;
    // The mode must not depend on the umask, because services run as other users.
    let permissions = std::fs::Permissions::from_mode(mode);
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The new name is on the disk only after its folder was synced.
    File::open(folder)?.sync_all()?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn folder() -> (TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
        (folder, path)
    }

    fn record(content: &[u8]) -> Record {
        Record {
            version: 1,
            input_hash: Some("0123456789abcdef".to_owned()),
            platform: "linux/amd64".to_owned(),
            blake3: sum(content),
            glibc: None,
        }
    }

    #[test]
    fn nobody_ever_sees_half_a_binary() {
        let (_folder, root) = folder();
        let file = Utf8Path::new("sensors/timer");
        let contents = [vec![1_u8; 3 << 20], vec![2_u8; 2 << 20]];
        place(&root, file, &contents[0], &record(&contents[0])).unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let seen = std::fs::read(root.join(file)).unwrap();
                    assert!(contents.contains(&seen), "{} bytes", seen.len());
                }
            });
            for round in 1..20 {
                let content = &contents[round % 2];
                let outcome = place(&root, file, content, &record(content)).unwrap();
                assert_eq!(outcome, Outcome::Placed);
            }
            done.store(true, Ordering::Relaxed);
        });
        let names = std::fs::read_dir(root.join("sensors")).unwrap();
        let mut names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, [".timer.bakehouse.json", "timer"]);
    }

    #[test]
    fn what_is_there_already_keeps_its_time() {
        let (_folder, root) = folder();
        let file = Utf8Path::new("timer");
        let put = || place(&root, file, b"content", &record(b"content")).unwrap();
        let time = || {
            std::fs::metadata(root.join(file))
                .unwrap()
                .modified()
                .unwrap()
        };
        assert_eq!(put(), Outcome::Placed);
        let past = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        let old = File::options().append(true).open(root.join(file));
        old.unwrap().set_modified(past).unwrap();
        assert_eq!(put(), Outcome::Same);
        assert_eq!(time(), past);
        // A file that nobody can execute does not count as identical.
        std::fs::set_permissions(root.join(file), std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(put(), Outcome::Placed);
        let mode = std::fs::metadata(root.join(file))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o755);
    }

    #[test]
    fn a_link_is_replaced_and_not_written_through() {
        let (_folder, root) = folder();
        let elsewhere = root.join("elsewhere");
        std::fs::write(&elsewhere, "mine").unwrap();
        std::os::unix::fs::symlink(&elsewhere, root.join("timer")).unwrap();
        place(&root, Utf8Path::new("timer"), b"new", &record(b"new")).unwrap();
        assert_eq!(std::fs::read_to_string(elsewhere).unwrap(), "mine");
        assert!(!root.join("timer").is_symlink());
    }

    #[test]
    fn what_cannot_be_put_there_leaves_all_as_it_was() {
        let (_folder, root) = folder();
        std::fs::create_dir_all(root.join("timer/in-the-way")).unwrap();
        let problem = place(&root, Utf8Path::new("timer"), b"new", &record(b"new")).unwrap_err();
        assert_eq!(problem.code, Code::FileUnwritable);
        let left: Vec<_> = std::fs::read_dir(&root).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
    }

    #[test]
    fn paths_with_commas_stay_one_field() {
        assert_eq!(csv("dest=/tmp/a"), "dest=/tmp/a");
        assert_eq!(csv("dest=/tmp/a,b"), "\"dest=/tmp/a,b\"");
    }
}
