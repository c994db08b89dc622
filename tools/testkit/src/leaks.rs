//! Searches for a text that must not appear anywhere: in what was pushed to the registry, in the engine's data, and in
//! the engine's records of builds.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::engine::{docker, tool};
use crate::ran::Ran;

/// A search of everything that was written after it was created.
#[derive(Debug)]
pub struct Leaks {
    since: tempfile::NamedTempFile,
    before: Vec<String>,
}

impl Default for Leaks {
    fn default() -> Self {
        Self::new()
    }
}

impl Leaks {
    /// Starts the search.
    ///
    /// # Panics
    /// If there is no `zstd` and none can be installed.
    #[track_caller]
    pub fn new() -> Self {
        tool(&["zstd"]);
        Self {
            since: tempfile::NamedTempFile::new().expect("a file can be made"),
            before: builds(),
        }
    }

    /// Returns each place that contains `text`: files of the registry, with layers unpacked; files of the engine, which
    /// are its snapshots, mounts and records of builds; and the logs and attachments of builds.
    ///
    /// # Panics
    /// If nothing was written, so that nothing could be found.
    #[track_caller]
    pub fn of(&self, text: &str) -> Vec<String> {
        let state = std::env::var("BAKEHOUSE_STATE");
        let state = Utf8PathBuf::from(state.as_deref().unwrap_or("/var/lib/bakehouse"));
        let mut found = Vec::new();
        let published = self.written(&state.join("registry"));
        assert!(!published.is_empty(), "the registry got nothing");
        found.extend(published.into_iter().filter(|file| holds(file, text)));
        let root = docker(["info", "--format", "{{.DockerRootDir}}"]);
        // With the containerd image store, layers are beside Docker's own data.
        let beside = Utf8Path::new(&root).parent().map(Utf8Path::to_owned);
        let kept = self.written(&beside.unwrap_or_default());
        assert!(!kept.is_empty(), "the engine kept nothing");
        found.extend(kept.into_iter().filter(|file| holds(file, text)));
        for build in builds().iter().filter(|build| !self.before.contains(build)) {
            for about in [&["logs"][..], &["inspect", "--format", "json"]] {
                let mut command = Command::new("docker");
                command.args(["buildx", "history"]).args(about).arg(build);
                let told = Ran::of(&mut command);
                if told.stdout.contains(text) || told.stderr.contains(text) {
                    found.push(format!("docker buildx history {} of {build}", about[0]));
                }
            }
        }
        found
    }

    /// Returns the files below `folder` that were written since then.
    #[track_caller]
    fn written(&self, folder: &Utf8Path) -> Vec<String> {
        let mut find = Command::new("find");
        find.args([folder.as_str(), "-type", "f", "-newer"])
            .arg(self.since.path());
        // A file that disappears during the search is not a leak.
        let listed = Ran::of(&mut find).stdout;
        listed.lines().map(str::to_owned).collect()
    }
}

/// Searches a file, after unpacking it if it is compressed.
fn holds(file: &str, text: &str) -> bool {
    let script = r#"case "$(head -c 4 "$1" | od -An -tx1 | tr -d ' ')" in
28b52ffd) zstd -dcq "$1" ;;
1f8b*) gzip -dc "$1" ;;
*) cat "$1" ;;
esac 2>/dev/null | grep -q -a -F -e "$2""#;
    let look = ["-c", script, "sh", file, text];
    Ran::of(Command::new("sh").args(look)).code == Some(0)
}

/// Returns the builds that the engine has records of.
#[track_caller]
fn builds() -> Vec<String> {
    let listed = docker(["buildx", "history", "ls", "--format", "{{.Ref}}"]);
    listed.lines().map(str::to_owned).collect()
}
