//! `generate` is killed at each system call that changes the disk. Each file then has either its old or its new
//! content, the next `generate` leaves no temporary files behind, and two processes at once do not disturb each other.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::grove::Grove;

/// System calls that change the disk in a way that other processes see.
const CALLS: [&str; 14] = [
    "write",
    "fsync",
    "mkdir",
    "mkdirat",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "chmod",
    "fchmod",
    "link",
    "linkat",
];

const CONFIG: &str = "[services.api]\n[output]\nfolder = \"made\"\n";
/// A configuration that moves some files, changes others and removes one.
const OTHER: &str = "compose = false\n[services.api]\nports = [80]\n[services.second]\npackage = \"api\"\nbin = \"api\"\n[output]\nfolder = \"made\"\n";

/// Creates a workspace, with the files of `CONFIG` or without generated files.
fn grove(is_generated: bool) -> Grove {
    let grove = Grove::new(&[
        ("crates/api/src/main.rs", "fn main() {}"),
        ("bakehouse.toml", CONFIG),
    ]);
    if is_generated {
        grove.run(&["generate"]);
        grove.write("bakehouse.toml", OTHER);
    }
    grove
}

/// Returns every file except sources, by path.
fn files(grove: &Grove) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![grove.path("")];
    while let Some(folder) = open.pop() {
        for entry in folder.read_dir_utf8().unwrap() {
            let path = entry.unwrap().into_path();
            if path.is_dir() {
                open.push(path);
            } else {
                let inside = path.strip_prefix(grove.path("")).unwrap().to_string();
                files.insert(inside, std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    files.remove("bakehouse.toml");
    files
}

fn strace(grove: &Grove, calls: &str, further: &[&str]) -> Command {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-qq", "-e", &format!("trace={calls}")])
        .args(further)
        .arg(assert_cmd::cargo::cargo_bin("bakehouse"))
        .arg("generate")
        .env("BAKEHOUSE_CACHE", env!("CARGO_TARGET_TMPDIR"))
        .current_dir(grove.path(""))
        .stdout(Stdio::null());
    command
}

#[test]
fn a_kill_at_any_call_leaves_each_file_whole_and_the_next_run_nothing_behind() {
    let strace_is_here = Command::new("strace").arg("-V").output().is_ok();
    if !strace_is_here {
        println!("not tried: there is no strace; `tools/engine strace` installs Debian's");
        return;
    }
    for is_generated in [false, true] {
        let old = files(&grove(is_generated));
        let reference = grove(is_generated);
        let traced = strace(&reference, &CALLS.join(","), &[]).output().unwrap();
        let said = String::from_utf8_lossy(&traced.stderr);
        if said.contains("ptrace") && !traced.status.success() {
            println!("not tried: nothing may be traced here: {said}");
            return;
        }
        let new = files(&reference);
        assert_ne!(old, new);
        let (mut kills, mut between) = (0, 0);
        for name in CALLS {
            // Calls are counted for each thread separately. The thread that writes makes the most calls.
            for call in 1.. {
                let grove = grove(is_generated);
                let inject = format!("inject={name}:signal=SIGKILL:when={call}");
                let mut traced = strace(&grove, name, &["-e", &inject]);
                if traced.stderr(Stdio::null()).status().unwrap().success() {
                    break;
                }
                kills += 1;
                let found = files(&grove);
                for (path, text) in &found {
                    let is_beside = path.rsplit('/').next().unwrap().starts_with(".bakehouse-");
                    assert!(
                        is_beside || old.get(path) == Some(text) || new.get(path) == Some(text),
                        "{name} {call}: {path} is neither the old file nor the new one:\n{text}"
                    );
                }
                for path in old.keys().filter(|path| new.contains_key(*path)) {
                    assert!(found.contains_key(path), "{name} {call}: {path} is gone");
                }
                between += usize::from(found != old && found != new);
                grove.run(&["generate"]);
                assert_eq!(files(&grove), new, "{name} {call}");
            }
        }
        let least = if is_generated { 8 } else { 30 };
        assert!(
            kills > least && between > least / 2,
            "{kills} kills, {between} in between"
        );
    }
}

#[test]
fn two_at_once_end_with_what_one_would_have_written() {
    let reference = grove(true);
    reference.run(&["generate"]);
    let expected = files(&reference);
    for _ in 0..5 {
        let grove = grove(true);
        let start = || {
            Command::new(assert_cmd::cargo::cargo_bin("bakehouse"))
                .args(["generate", "--force"])
                .env("BAKEHOUSE_CACHE", env!("CARGO_TARGET_TMPDIR"))
                .current_dir(grove.path(""))
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        };
        let both = [start(), start()];
        for mut one in both {
            assert!(one.wait().unwrap().success());
        }
        assert_eq!(files(&grove), expected);
    }
}
