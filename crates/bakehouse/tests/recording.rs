//! The recording in the README is what its transcript renders, and shows commands that exist.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shop::stderr;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).unwrap()
}

#[test]
fn the_recording_is_drawn_from_its_transcript() {
    let transcript = File::open(repository().join("tools/recording/transcript.txt")).unwrap();
    let mut render = Command::new(repository().join("tools/recording/render"));
    let drawn = render.stdin(transcript).output().unwrap();
    assert!(drawn.status.success(), "{}", stderr(&drawn));
    let recording = read("docs/recording.svg");
    assert!(
        String::from_utf8_lossy(&drawn.stdout) == recording,
        "run `tools/recording/render <tools/recording/transcript.txt >docs/recording.svg`"
    );
    assert!(recording.len() <= 60_000, "{}", recording.len());
    assert!(read("README.md").contains("(docs/recording.svg)"));
}

/// The recording types the commands that the README names.
#[test]
fn the_recording_shows_the_commands_of_the_readme() {
    let transcript = read("tools/recording/transcript.txt");
    let typed = transcript
        .lines()
        .filter_map(|line| line.strip_prefix("$ "));
    let typed: Vec<&str> = typed.collect();
    let readme = read("README.md");
    let block = readme.split("```sh\n").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    let commands = block
        .lines()
        .map(|line| line.split('#').next().unwrap().trim());
    for command in commands {
        // Logs in the foreground would have no end.
        let mut typed_lines = typed.iter();
        let is_typed = typed_lines.any(|line| line.trim_end_matches(" --detach") == command);
        assert!(is_typed, "{command} is not in {typed:?}");
    }
}
