//! `tools/install.sh` and the action.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::machine::Machine;
use super::{Release, VERSION, archive, host, release, root};
use crate::shop::stderr;

/// The script as it stands in the repository, which knows no release.
fn unfilled() -> PathBuf {
    root().join("tools/install.sh")
}

#[test]
fn one_line_installs_a_release_whatever_downloads_it_and_whichever_shell_runs() {
    let release = release();
    let machines: [(&str, &[&str]); 5] = [
        ("sh", &["curl"]),
        ("bash", &["curl"]),
        ("sh", &["wget"]),
        ("bash --posix", &["wget"]),
        ("busybox sh", &["wget"]),
    ];
    for (shell, further) in machines {
        let mut needed = shell.split(' ').take(1).chain(further.iter().copied());
        if let Some(missing) = needed.find(|program| which::which(program).is_err()) {
            println!("{shell} with {further:?} is not tried: there is no {missing}");
            continue;
        }
        let machine = Machine::new(shell, further);
        let output = machine.pipe(&release.path("install.sh"), &[], None);
        assert!(
            output.status.success(),
            "{shell}, {further:?}: {}",
            stderr(&output)
        );
        let expected = format!("bakehouse {VERSION}\n");
        assert_eq!(machine.installed(), Some(expected), "{shell}, {further:?}");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("PATH does not have the folder"), "{said}");
        machine.is_clean();
        // Again, over a program that is there.
        assert!(
            machine
                .pipe(&release.path("install.sh"), &[], None)
                .status
                .success()
        );
        machine.is_clean();
    }
}

#[test]
fn a_version_a_folder_and_another_server_are_named() {
    let release = release();
    let machine = Machine::usual();
    let to = machine.folder.path().join("tools");
    let (to_text, releases) = (to.to_str().unwrap(), release.releases());
    let version = format!("v{VERSION}");
    let upper = release.sum(host()).to_uppercase();
    for more in [&[][..], &["--sha256", &upper]] {
        let arguments = [&["--version", &version, "--to", to_text], more].concat();
        let output = machine.pipe(&unfilled(), &arguments, Some(&format!("{releases}/")));
        assert!(output.status.success(), "{}", stderr(&output));
        std::fs::remove_file(to.join("bakehouse")).unwrap();
    }
}

/// A way to spoil a release, with the arguments of the script and a part of the message that follows.
type Spoiled = (&'static str, fn(&Release), Vec<String>, &'static str);

#[test]
fn what_is_not_what_was_released_is_refused_and_leaves_everything_as_it_was() {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    let zeros = "0".repeat(64);
    let table: Vec<Spoiled> = vec![
        (
            "another checksum is asked for",
            |_| {},
            words(&format!("--sha256 {zeros}")),
            "its checksum is ",
        ),
        (
            "the archive was exchanged, and the sums beside it too",
            |release| {
                let (mine, other) = (release.path(&archive(host())), release.path("bakehouse.rb"));
                std::fs::copy(other, mine).unwrap();
                let sums = release
                    .sums()
                    .replace(&release.sum(host()), &"1".repeat(64));
                std::fs::write(release.path("SHA256SUMS"), sums).unwrap();
            },
            vec![],
            "is not what was released",
        ),
        (
            "half of the archive is on the server",
            |release| {
                let path = release.path(&archive(host()));
                let bytes = std::fs::read(&path).unwrap();
                std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
            },
            vec![],
            "is not what was released",
        ),
        (
            "the connection breaks off",
            |release| release.served.cut(&super::place(&archive(host()))),
            vec![],
            "cannot be downloaded",
        ),
        (
            "there is no such version",
            |_| {},
            words("--version 9.9.9"),
            "v9.9.9/SHA256SUMS cannot be downloaded",
        ),
        (
            "there is no such version, and the checksum is known",
            |_| {},
            words(&format!("--version 9.9.9 --sha256 {zeros}")),
            "cannot be downloaded",
        ),
        (
            "there is no such target",
            |_| {},
            words("--target riscv64gc-unknown-linux-musl"),
            "does not list bakehouse",
        ),
        (
            "the program is for another machine",
            |_| {},
            words("--target aarch64-apple-darwin"),
            "does not run here",
        ),
        (
            "an option has no value",
            |_| {},
            words("--version"),
            "usage: install.sh",
        ),
        (
            "there is no such option",
            |_| {},
            words("--prefix /usr"),
            "usage: install.sh",
        ),
    ];
    for (about, spoil, arguments, message) in table {
        let release = release().copy();
        spoil(&release);
        let machine = Machine::usual();
        let old = machine.to().join("bakehouse");
        std::fs::create_dir_all(machine.to()).unwrap();
        std::fs::write(&old, "the old one").unwrap();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let script = release.path("install.sh");
        let output = machine.pipe(&script, &arguments, Some(&release.releases()));
        assert!(!output.status.success(), "{about}");
        let said = stderr(&output);
        assert!(said.contains(message), "{about}: {said}");
        assert_eq!(
            std::fs::read_to_string(old).unwrap(),
            "the old one",
            "{about}"
        );
        machine.is_clean();
    }
}

#[test]
fn what_the_script_cannot_know_it_asks_for() {
    let machine = Machine::usual();
    let said = |arguments: &[&str], releases| {
        let output = machine.pipe(&unfilled(), arguments, releases);
        assert_eq!(output.status.code(), Some(1));
        stderr(&output)
    };
    assert!(said(&[], None).contains("set BAKEHOUSE_RELEASES"));
    assert!(said(&[], Some("http://127.0.0.1:1")).contains("--version 1.2.3"));
    let without = Machine::new("sh", &[]);
    let output = without.pipe(
        &unfilled(),
        &["--version", "1.2.3"],
        Some("http://127.0.0.1:1"),
    );
    assert!(stderr(&output).contains("neither curl nor wget"));
}

#[test]
fn half_of_the_script_does_nothing() {
    let machine = Machine::usual();
    let text = std::fs::read_to_string(release().path("install.sh")).unwrap();
    let half = machine.folder.path().join("half.sh");
    let end = text.rfind("\nmain ").unwrap();
    for length in [text.len() / 4, text.len() / 2, text.len() * 3 / 4, end] {
        std::fs::write(&half, &text[..length]).unwrap();
        machine.pipe(&half, &[], None);
        assert_eq!(machine.installed(), None, "{length} bytes");
        machine.is_clean();
    }
}

#[test]
fn the_action_puts_the_program_on_the_path_of_later_steps() {
    let release = release();
    let runner = tempfile::tempdir().unwrap();
    let path = runner.path().join("path");
    let run = |sum: &str| {
        Command::new(root().join("tools/action/install"))
            .env("VERSION", VERSION)
            .env("SHA256", sum)
            .env("RELEASES", release.releases())
            .env("RUNNER_TEMP", runner.path())
            .env("GITHUB_PATH", &path)
            .output()
            .unwrap()
    };
    assert!(!run(&"0".repeat(64)).status.success());
    assert!(!run("").status.success());
    assert!(!path.exists());
    let output = run(&release.sum(host()));
    assert!(output.status.success(), "{}", stderr(&output));
    let folder = std::fs::read_to_string(&path).unwrap();
    let program = Path::new(folder.trim_end()).join("bakehouse");
    let output = Command::new(program).arg("--version").output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}
