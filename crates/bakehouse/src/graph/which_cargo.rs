//! Identifies the Cargo that runs, so that a change of it is noticed.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use camino::Utf8Path;

use super::fingerprint::Digest;
use super::toml_file::read_toml;

/// Adds everything to `digest` that decides which Cargo `program` starts in the folder `here`. Returns `None` if that
/// cannot be determined: a script may start any Cargo.
pub fn tell(
    digest: &mut Digest,
    program: &str,
    here: &Utf8Path,
    rustup: &Utf8Path,
    toolchain: Option<&str>,
) -> Option<()> {
    let found = which::which(program).ok()?;
    let real = found.canonicalize().ok()?;
    digest.part("program", real.to_str()?);
    digest.part("is", &binary(&real)?);
    if is_rustup(&found, &real) {
        // A toolchain that is named by its path can be anything.
        if toolchain.is_some_and(|name| name.contains('/')) {
            return None;
        }
        chosen(digest, here)?;
        settings(digest, rustup)?;
    }
    Some(())
}

/// Returns whether Cargo is a proxy of rustup: rustup itself under another name, as a link or a copy.
fn is_rustup(found: &Path, real: &Path) -> bool {
    let size = |path: &Path| path.metadata().ok().map(|metadata| metadata.len());
    let beside = [found, real].map(|path| path.with_file_name("rustup"));
    beside
        .iter()
        .any(|path| size(path).is_some() && size(path) == size(real))
}

/// Adds the toolchain files above `here`.
fn chosen(digest: &mut Digest, here: &Utf8Path) -> Option<()> {
    for folder in here.ancestors() {
        for name in ["rust-toolchain", "rust-toolchain.toml"] {
            let path = folder.join(name);
            let Ok(content) = std::fs::read_to_string(&path) else {
                continue;
            };
            // A file in the older format names a toolchain and nothing else.
            let table = read_toml(&path).unwrap_or_default();
            if table
                .get("toolchain")
                .is_some_and(|table| table.get("path").is_some())
            {
                return None;
            }
            digest.part("toolchain file", path.as_str());
            digest.part("content", &content);
        }
    }
    Some(())
}

/// Adds rustup's settings and the installed toolchains, since an updated toolchain keeps its name.
fn settings(digest: &mut Digest, rustup: &Utf8Path) -> Option<()> {
    let settings = std::fs::read_to_string(rustup.join("settings.toml"));
    digest.part("settings", &settings.unwrap_or_default());
    let entries = std::fs::read_dir(rustup.join("toolchains")).ok()?;
    let mut toolchains: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()
        .ok()?;
    toolchains.sort();
    for toolchain in toolchains {
        digest.part("toolchain", toolchain.to_str()?);
        // A toolchain may be a link, and may have no Cargo.
        if let Ok(cargo) = toolchain.join("bin/cargo").canonicalize() {
            digest.part("program", cargo.to_str()?);
            digest.part("is", &binary(&cargo)?);
        }
    }
    Some(())
}

/// Returns the size and time of a program, whose content would take long to read. `None` for a script.
fn binary(program: &Path) -> Option<String> {
    let mut file = std::fs::File::open(program).ok()?;
    let mut begin = [0; 2];
    file.read_exact(&mut begin).ok()?;
    if &begin == b"#!" {
        return None;
    }
    let metadata = file.metadata().ok()?;
    let modified = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(format!("{} {}", metadata.len(), modified.as_nanos()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A folder with rustup, Cargo as a link to it, two toolchains and a project.
    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            let home = Self(tempfile::tempdir().unwrap());
            home.program("bin/rustup", "\x7fELF rustup");
            symlink("rustup", home.path("bin/cargo")).unwrap();
            home.program("rustup/toolchains/stable/bin/cargo", "\x7fELF stable");
            home.program("mine/bin/cargo", "\x7fELF mine");
            symlink("../../mine", home.path("rustup/toolchains/mine")).unwrap();
            home.write("rustup/settings.toml", "default_toolchain = \"stable\"\n");
            home.write("project/inner/x", "");
            home
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.path(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }

        fn program(&self, name: &str, text: &str) {
            self.write(name, text);
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(self.path(name), mode).unwrap();
        }

        fn told(&self, toolchain: Option<&str>) -> Option<String> {
            let mut digest = Digest::new("test");
            let utf8 = |name: &str| camino::Utf8PathBuf::from_path_buf(self.path(name)).unwrap();
            let program = utf8("bin/cargo");
            let (here, rustup) = (utf8("project/inner"), utf8("rustup"));
            tell(&mut digest, program.as_str(), &here, &rustup, toolchain)?;
            Some(digest.finish())
        }
    }

    #[test]
    fn another_cargo_is_noticed_and_one_that_could_be_any_is_not_relied_on() {
        #[derive(Debug, PartialEq)]
        enum Told {
            Same,
            Another,
            Unknown,
        }
        use Told::{Another, Same, Unknown};
        type Row = (&'static str, fn(&Home), Told);
        let table: [Row; 12] = [
            ("nothing", |_| {}, Same),
            ("a file beside", |h| h.write("project/Cargo.toml", ""), Same),
            (
                "a toolchain file above",
                |h| h.write("project/rust-toolchain", "mine"),
                Another,
            ),
            (
                "a toolchain file in TOML",
                |h| {
                    h.write(
                        "project/inner/rust-toolchain.toml",
                        "toolchain.channel = \"mine\"",
                    );
                },
                Another,
            ),
            (
                "one that names a folder",
                |h| h.write("project/rust-toolchain.toml", "toolchain.path = \"x\""),
                Unknown,
            ),
            (
                "another default",
                |h| h.write("rustup/settings.toml", "default_toolchain = \"mine\""),
                Another,
            ),
            (
                "an updated toolchain",
                |h| h.program("rustup/toolchains/stable/bin/cargo", "\x7fELF stable 2"),
                Another,
            ),
            (
                "a linked toolchain that was rebuilt",
                |h| h.program("mine/bin/cargo", "\x7fELF mine 2"),
                Another,
            ),
            (
                "a linked toolchain that is a script",
                |h| h.program("mine/bin/cargo", "#!/bin/sh"),
                Unknown,
            ),
            (
                "a new toolchain",
                |h| h.program("rustup/toolchains/beta/bin/cargo", "\x7fELF beta"),
                Another,
            ),
            (
                "an updated rustup",
                |h| h.program("bin/rustup", "\x7fELF rustup 2"),
                Another,
            ),
            (
                "a script",
                |h| {
                    std::fs::remove_file(h.path("bin/cargo")).unwrap();
                    h.program("bin/cargo", "#!/bin/sh\nexec other \"$@\"");
                },
                Unknown,
            ),
        ];
        for (name, edit, expected) in table {
            let home = Home::new();
            let before = home.told(None).unwrap();
            edit(&home);
            let told = match home.told(None) {
                None => Unknown,
                Some(after) if after == before => Same,
                Some(_) => Another,
            };
            assert_eq!(told, expected, "{name}");
        }
        assert_eq!(Home::new().told(Some("/some/toolchain")), None);
    }
}
