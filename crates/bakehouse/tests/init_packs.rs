//! `docker/init-packs.sh`: services see complete packs, and no binary of the volume is lost. It works with the tools of
//! Debian and with those of busybox, which is all that an Alpine base has.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;

/// The tools of a base.
#[derive(Clone, Copy)]
enum Tools {
    /// The tools of this machine.
    Own,
    Busybox,
}

impl Tools {
    /// Returns whether this machine has the tools, and prints a line if it does not.
    fn are_here(self) -> bool {
        let here = match self {
            Self::Own => true,
            Self::Busybox => Command::new("busybox").output().is_ok(),
        };
        if !here {
            println!(
                "not tried: there is no busybox on this machine; `tools/engine busybox` installs Debian's"
            );
        }
        here
    }
}

/// A folder of packs, and a volume.
struct Packs {
    folder: TempDir,
    tools: Tools,
}

impl Packs {
    /// Creates the pack `core`, which is not in the volume yet.
    fn new(tools: Tools) -> Self {
        let packs = Self {
            folder: TempDir::new().unwrap(),
            tools,
        };
        if let Tools::Busybox = tools {
            // The script finds no other programs.
            std::fs::create_dir(packs.path("bin")).unwrap();
            let mut install = Command::new("busybox");
            install.args(["--install", "-s"]).arg(packs.path("bin"));
            assert!(install.status().unwrap().success());
        }
        std::fs::create_dir(packs.path("to")).unwrap();
        packs.write("from/core/pack.yaml", "ref: core\n");
        packs.write("from/core/actions/run.sh", "#!/bin/sh\n");
        packs.write("from/core/sensors/timer", &binary("one"));
        packs
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // The file is not written in place, because the volume may have a hard link to it.
        let _ = std::fs::remove_file(&path);
        std::fs::write(path, text).unwrap();
    }

    fn remove(&self, path: &str) {
        std::fs::remove_file(self.path(path)).unwrap();
    }

    fn command(&self) -> Command {
        let own = std::fs::metadata(self.path("to")).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/documents/init_packs.sh");
        let mut command = match self.tools {
            Tools::Own => Command::new("sh"),
            Tools::Busybox => Command::new(self.path("bin/sh")),
        };
        command
            .env("PATH", self.search_path())
            .arg(script)
            .arg(format!("{}:{}", own.uid(), own.gid()))
            .args([self.path("from"), self.path("to")]);
        command
    }

    /// Returns the folders in which the script finds its programs.
    fn search_path(&self) -> String {
        match self.tools {
            Tools::Own => std::env::var("PATH").unwrap(),
            Tools::Busybox => self.path("bin").to_str().unwrap().to_owned(),
        }
    }

    /// Runs the script to its end and returns its output.
    fn run(&self) -> String {
        let output = self.command().output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        said
    }

    /// Returns the files of each pack as services see them.
    fn seen(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let packs = std::fs::read_dir(self.path("to")).unwrap();
        for pack in packs.map(|entry| entry.unwrap()) {
            let name = pack.file_name().into_string().unwrap();
            if !name.starts_with('.') {
                read(&pack.path(), &name, &mut files);
            }
        }
        files
    }

    /// Returns the copies behind the packs that services see.
    fn copies(&self) -> Vec<String> {
        let copies = std::fs::read_dir(self.path("to/.init-packs")).unwrap();
        let names = copies.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "lock").collect()
    }
}

fn read(folder: &Path, name: &str, files: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{name}/{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            read(&path, &name, files);
        } else {
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Returns a text that the script takes for a program.
fn binary(text: &str) -> String {
    format!("\u{7f}ELF {text}")
}

fn files<const N: usize>(files: [(&str, &str); N]) -> BTreeMap<String, String> {
    let files = files.into_iter();
    files
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect()
}

/// Defines a test of each promise for each set of tools.
macro_rules! promises {
    ($($promise:ident),+ $(,)?) => {
        mod own {
            use super::*;
            $(#[test] fn $promise() { super::$promise(Tools::Own); })+
        }
        mod busybox {
            use super::*;
            $(#[test] fn $promise() { if Tools::Busybox.are_here() { super::$promise(Tools::Busybox); } })+
        }
    };
}

promises!(
    a_pack_is_copied_and_again_only_when_it_changed,
    a_change_of_mode_alone_is_a_change,
    what_others_put_into_the_volume_stays,
    a_binary_that_the_pack_has_no_more_stays_and_a_script_goes,
    a_volume_that_was_filled_otherwise_is_taken_over,
    a_pack_that_cannot_be_copied_leaves_the_others_and_is_told,
    names_of_any_kind_are_kept,
    killed_at_any_time_a_pack_is_the_old_one_or_the_new_one,
);

fn a_pack_is_copied_and_again_only_when_it_changed(tools: Tools) {
    let packs = Packs::new(tools);
    assert!(packs.run().contains("core: put into the volume"));
    let first = packs.seen();
    let expected = [
        ("core/pack.yaml", "ref: core\n"),
        ("core/actions/run.sh", "#!/bin/sh\n"),
        ("core/sensors/timer", &binary("one")),
    ];
    assert_eq!(first, files(expected));
    assert!(packs.run().contains("core: nothing changed"));
    assert_eq!(packs.seen(), first);

    packs.write("from/core/pack.yaml", "ref: core # edited\n");
    packs.write("from/core/sensors/timer", &binary("two"));
    packs.remove("from/core/actions/run.sh");
    packs.write("from/more/pack.yaml", "ref: more\n");
    packs.run();
    let expected = [
        ("core/pack.yaml", "ref: core # edited\n"),
        ("core/sensors/timer", &binary("two")),
        ("more/pack.yaml", "ref: more\n"),
    ];
    assert_eq!(packs.seen(), files(expected));
    assert_eq!(packs.copies().len(), 4, "{:?}", packs.copies());
}

fn a_change_of_mode_alone_is_a_change(tools: Tools) {
    let packs = Packs::new(tools);
    packs.run();
    let mode = || {
        let file = std::fs::metadata(packs.path("to/core/actions/run.sh"));
        file.unwrap().permissions().mode() & 0o7777
    };
    // Everybody can read the files, whatever umask the checkout had.
    for (given, expected) in [(0o700, 0o755), (0o600, 0o644), (0o4777, 0o755)] {
        let file = packs.path("from/core/actions/run.sh");
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(given)).unwrap();
        packs.run();
        assert_eq!(mode(), expected, "{given:o}");
    }
}

fn what_others_put_into_the_volume_stays(tools: Tools) {
    let theirs = binary("of a build");
    let table: [(&str, &str, &str, &str); 6] = [
        // The binary in the volume, in the pack before, in the pack after, and the result in the volume.
        (&theirs, &binary("one"), &binary("two"), &theirs),
        (&theirs, &binary("one"), &binary("one"), &theirs),
        (&theirs, &binary("one"), "", &theirs),
        (&theirs, "", &binary("two"), &theirs),
        ("text", "", "", "text"),
        ("text", "old text", "new text", "new text"),
    ];
    for (put, before, after, expected) in table {
        let packs = Packs::new(tools);
        let own = |text: &str| match text {
            "" => {
                let _ = std::fs::remove_file(packs.path("from/core/sensors/timer"));
            }
            text => packs.write("from/core/sensors/timer", text),
        };
        own(before);
        packs.run();
        packs.write("to/core/sensors/timer", put);
        own(after);
        packs.write("from/core/pack.yaml", "ref: core # edited\n");
        for _ in 0..3 {
            packs.run();
            let seen = packs.seen();
            assert_eq!(
                seen["core/sensors/timer"], expected,
                "{put} {before} {after}"
            );
            assert_eq!(seen["core/pack.yaml"], "ref: core # edited\n");
        }
    }
}

fn a_binary_that_the_pack_has_no_more_stays_and_a_script_goes(tools: Tools) {
    let packs = Packs::new(tools);
    packs.run();
    packs.remove("from/core/sensors/timer");
    packs.remove("from/core/actions/run.sh");
    packs.run();
    let expected = [
        ("core/pack.yaml", "ref: core\n"),
        ("core/sensors/timer", &binary("one")),
    ];
    assert_eq!(packs.seen(), files(expected));
}

fn a_volume_that_was_filled_otherwise_is_taken_over(tools: Tools) {
    let packs = Packs::new(tools);
    packs.write("to/core/pack.yaml", "ref: old\n");
    packs.write("to/core/sensors/timer", &binary("static"));
    packs.write("to/core/mine.txt", "mine");
    packs.write("to/other/pack.yaml", "ref: other\n");
    packs.run();
    let expected = [
        ("core/pack.yaml", "ref: core\n"),
        ("core/actions/run.sh", "#!/bin/sh\n"),
        ("core/sensors/timer", &binary("static")),
        ("core/mine.txt", "mine"),
        ("other/pack.yaml", "ref: other\n"),
    ];
    assert_eq!(packs.seen(), files(expected));
}

fn a_pack_that_cannot_be_copied_leaves_the_others_and_is_told(tools: Tools) {
    let packs = Packs::new(tools);
    packs.run();
    packs.write("from/core/pack.yaml", "ref: core # edited\n");
    packs.write("from/more/pack.yaml", "ref: more\n");
    // No process may write more than 16 KiB to a file, which simulates a full disk.
    packs.write("from/core/large", &"x".repeat(1 << 20));
    let mut limited = Command::new("sh");
    let command = packs.command();
    limited
        .args(["-c", "ulimit -f 32; exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args())
        .env("PATH", packs.search_path());
    let output = limited.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("core: could not be copied"), "{said}");
    let seen = packs.seen();
    assert_eq!(seen["core/pack.yaml"], "ref: core\n");
    assert_eq!(seen["more/pack.yaml"], "ref: more\n");
    packs.run();
    assert_eq!(packs.seen()["core/pack.yaml"], "ref: core # edited\n");
}

fn names_of_any_kind_are_kept(tools: Tools) {
    let packs = Packs::new(tools);
    packs.run();
    let names = [
        "line\nbreak",
        "back\\slash",
        " two  spaces ",
        "-rf",
        "*",
        "fold\ner/in \\ it",
    ];
    for name in names {
        packs.write(&format!("to/core/theirs/{name}"), "theirs");
        packs.write(&format!("from/core/ours/{name}"), "one");
    }
    for text in ["one", "two"] {
        for name in names {
            packs.write(&format!("from/core/ours/{name}"), text);
        }
        packs.run();
        let seen = packs.seen();
        for name in names {
            assert_eq!(seen[&format!("core/theirs/{name}")], "theirs", "{name:?}");
            assert_eq!(seen[&format!("core/ours/{name}")], text, "{name:?}");
        }
    }
    assert!(packs.run().contains("core: nothing changed"));
}

fn killed_at_any_time_a_pack_is_the_old_one_or_the_new_one(tools: Tools) {
    let packs = Packs::new(tools);
    let fill = |text: &str| {
        for n in 0..40 {
            packs.write(&format!("from/core/data/{n}"), text);
        }
    };
    // The time that a complete copy takes now, under the current load.
    let whole = || {
        let start = Instant::now();
        packs.run();
        start.elapsed()
    };
    fill("0");
    let mut took = whole();
    let mut old = packs.seen();
    let (mut kept, mut put) = (0, 0);
    for round in 1..60 {
        fill(&round.to_string());
        let new: BTreeMap<String, String> = {
            let mut files = BTreeMap::new();
            read(&packs.path("from/core"), "core", &mut files);
            files
        };
        let mut command = packs.command();
        command.stdout(Stdio::null()).process_group(0);
        let mut child = command.spawn().unwrap();
        std::thread::sleep(took * round / 40);
        let group = format!("-{}", child.id());
        // This fails if the script has already ended.
        let _ = Command::new("kill")
            .args(["-KILL", "--", &group])
            .stderr(Stdio::null())
            .status();
        child.wait().unwrap();
        let seen = packs.seen();
        assert!(seen == old || seen == new, "round {round}");
        if seen == old {
            kept += 1;
        } else {
            put += 1;
        }
        took = whole();
        assert_eq!(packs.seen(), new, "round {round}");
        assert_eq!(packs.copies().len(), 2, "{:?}", packs.copies());
        old = new;
    }
    assert!(
        kept > 0 && put > 0,
        "{kept} kept, {put} put: nothing was interrupted"
    );
}
