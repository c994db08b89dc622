//! The scripts that put shared libraries into images, on real files and made-up bases.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::shop::{Shop, stderr};

/// A folder in which the scripts run, with a shared library that needs the C library, and a program.
struct Room {
    shop: Shop,
}

impl Room {
    fn new() -> Self {
        let shop = Shop::native();
        shop.edit(
            "bakehouse.toml",
            "bin = \"shop-web\"",
            "bin = \"shop-web\"\nlibs = [\"libown.so\"]",
        );
        shop.generate();
        shop.write(
            "own.c",
            "#include <stdio.h>\nint own(void) { return printf(\"x\") < 0; }\n",
        );
        shop.write("main.c", "int main(void) { return 0; }\n");
        let room = Self { shop };
        room.cc(&[
            "-shared",
            "-fPIC",
            "-Wl,-soname,libown.so.3",
            "own.c",
            "-o",
            "libown.so.3.1",
        ]);
        room.cc(&["-shared", "-fPIC", "own.c", "-o", "libplain.so"]);
        room.cc(&["main.c", "-o", "program"]);
        std::os::unix::fs::symlink("libown.so.3.1", room.path("libown.so")).unwrap();
        room
    }

    fn path(&self, inside: &str) -> PathBuf {
        self.shop.path(inside)
    }

    fn cc(&self, arguments: &[&str]) {
        let mut cc = Command::new("cc");
        let output = cc
            .args(arguments)
            .current_dir(self.path(""))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }

    /// Runs `place` with these arguments, against bases with these facts.
    fn place(&self, arguments: &[&str], bases: &[&str]) -> Output {
        let _ = fs::remove_dir_all(self.path("glibc"));
        for (at, facts) in bases.iter().enumerate() {
            let facts = format!("base base-{at}\n{facts}");
            self.shop.write(&format!("glibc/{at}/facts"), &facts);
            let comparison = self.shop.read("docker/stages/glibc.sh");
            let path = format!("glibc/{at}/glibc.sh");
            self.shop.write(&path, &comparison);
        }
        let script = self.shop.read("docker/stages/shared.sh");
        let root = self.path("glibc");
        let script = script.replace("/glibc/*", &format!("{}/*", root.display()));
        self.shop.write("shared.sh", &script);
        let mut sh = Command::new("sh");
        sh.args(["-euc", ". ./shared.sh; place \"$@\"", "sh"]);
        sh.args(arguments)
            .current_dir(self.path(""))
            .output()
            .unwrap()
    }
}

/// The facts of a base with a glibc that has everything.
const NEW: &str = "loader /lib64/ld-linux-x86-64.so.2\ndefines 2.99\n";

#[test]
fn a_library_has_the_name_that_the_loader_looks_for() {
    let room = Room::new();
    let table: [(&str, &str, &[&str]); 4] = [
        (
            "libown.so",
            "libown.so",
            &["libown.so -> libown.so.3", "libown.so.3"],
        ),
        ("libown.so", "libown.so.3", &["libown.so.3"]),
        (
            "libown.so.3.1",
            "libown.so.3.1",
            &["libown.so.3", "libown.so.3.1 -> libown.so.3"],
        ),
        ("libplain.so", "libplain.so", &["libplain.so"]),
    ];
    for (file, name, expected) in table {
        let _ = fs::remove_dir_all(room.path("out"));
        let output = room.place(&[file, name, "out", "program"], &[NEW]);
        assert!(output.status.success(), "{}", stderr(&output));
        let entries = fs::read_dir(room.path("out/usr/local/lib")).unwrap();
        let mut found: Vec<String> = entries
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                match fs::read_link(&path) {
                    Ok(to) => format!("{name} -> {}", to.display()),
                    Err(_) => name,
                }
            })
            .collect();
        found.sort();
        assert_eq!(found, expected, "{file} as {name}");
    }
}

#[test]
fn what_no_image_could_load_is_refused_with_the_reason() {
    let room = Room::new();
    room.shop.write("libtext.so", "INPUT(libown.so.3)\n");
    // The two bytes of the machine.
    let mut other = fs::read(room.path("libplain.so")).unwrap();
    other[18..20].copy_from_slice(&[0xf3, 0]);
    fs::write(room.path("libother.so"), other).unwrap();
    let musl = "system Alpine Linux v3.22\nloader /lib/ld-musl-x86_64.so.1\n";
    let old = "loader /lib64/ld-linux-x86-64.so.2\ndefines 2.1\n";
    let table: [(&[&str], &[&str], &str); 7] = [
        (
            &["libtext.so"],
            &[NEW],
            "error: libtext.so is no shared library\n",
        ),
        (
            &["program.o"],
            &[NEW],
            "error: program.o is no shared library\n",
        ),
        (
            &["libother.so"],
            &[NEW],
            "error: libother.so is for another machine than program: RISC-V\n",
        ),
        (
            &["libplain.so"],
            &[NEW, old],
            "and base-1 has glibc 2.1: take it from a builder with no newer glibc (bases.builder), or run it on a newer one (runtime)\n",
        ),
        (
            &["libplain.so"],
            &[musl],
            "error: libplain.so needs glibc, and base-0 (Alpine Linux v3.22) has another C library, with /lib/ld-musl-x86_64.so.1: build and run it on bases of one kind\n",
        ),
        (
            &["libplain.so"],
            &[""],
            "error: libplain.so needs glibc, and base-0 has no C library: run it on a base that has one\n",
        ),
        (
            &["libplain.so"],
            &["declared 2.1\n"],
            "and base-0 has glibc 2.1: ",
        ),
    ];
    for (file, bases, expected) in table {
        let arguments = [file[0], file[0], "out", "program"];
        let output = room.place(&arguments, bases);
        let said = stderr(&output);
        assert!(!output.status.success(), "{expected}");
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let declared = room.place(
        &["libplain.so", "libplain.so", "out", "program"],
        &["declared 2.99\n"],
    );
    assert!(declared.status.success(), "{}", stderr(&declared));
}
