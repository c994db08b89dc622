//! A machine that installs a release.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The programs that the script may need, but for those that download.
const PROGRAMS: [&str; 15] = [
    "cat",
    "chmod",
    "cp",
    "cut",
    "gzip",
    "mkdir",
    "mktemp",
    "mv",
    "rm",
    "sed",
    "sha256sum",
    "tar",
    "tr",
    "uname",
    "dirname",
];

/// A machine that installs.
pub struct Machine {
    pub folder: tempfile::TempDir,
    shell: Vec<PathBuf>,
}

impl Machine {
    /// Returns a machine with a shell, and with these programs beside [`PROGRAMS`].
    pub fn new(shell: &str, further: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["bin", "temporary"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        for program in PROGRAMS.iter().chain(further) {
            symlink(which(program), folder.path().join("bin").join(program)).unwrap();
        }
        let words = shell.split(' ');
        let shell = words.enumerate().map(|(index, word)| match index {
            0 => which(word),
            _ => PathBuf::from(word),
        });
        let shell = shell.collect();
        Self { folder, shell }
    }

    pub fn usual() -> Self {
        Self::new("sh", &["curl"])
    }

    /// Returns the folder that programs are installed into.
    pub fn to(&self) -> PathBuf {
        self.folder.path().join("home/.local/bin")
    }

    /// Pipes a script into the shell, as `curl … | sh -s -- …` does.
    pub fn pipe(&self, script: &Path, arguments: &[&str], releases: Option<&str>) -> Output {
        let mut command = Command::new(&self.shell[0]);
        command
            .args(&self.shell[1..])
            .args(["-s", "--"])
            .args(arguments)
            .env_clear()
            .env("PATH", self.folder.path().join("bin"))
            .env("HOME", self.folder.path().join("home"))
            .env("TMPDIR", self.folder.path().join("temporary"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(releases) = releases {
            command.env("BAKEHOUSE_RELEASES", releases);
        }
        let mut child = command.spawn().unwrap();
        let text = std::fs::read(script).unwrap();
        // A script that fails early reads no further.
        let _ = child.stdin.take().unwrap().write_all(&text);
        child.wait_with_output().unwrap()
    }

    /// Returns what the installed program says of itself; none if there is none.
    pub fn installed(&self) -> Option<String> {
        let program = self.to().join("bakehouse");
        let output = Command::new(program).arg("--version").output().ok()?;
        assert!(output.status.success());
        Some(String::from_utf8(output.stdout).unwrap())
    }

    /// Asserts that nothing is left over.
    pub fn is_clean(&self) {
        let temporary = std::fs::read_dir(self.folder.path().join("temporary"));
        assert_eq!(temporary.unwrap().count(), 0);
        let to = std::fs::read_dir(self.to()).into_iter().flatten();
        let names = to.map(|entry| entry.unwrap().file_name());
        let others: Vec<_> = names.filter(|name| name != "bakehouse").collect();
        assert!(others.is_empty(), "{others:?}");
    }
}

/// Returns the path of a program of this machine.
fn which(program: &str) -> PathBuf {
    which::which(program).unwrap_or_else(|error| panic!("{program}: {error}"))
}
