//! Comparison of a binary with its base: the script of the generated Dockerfile, on real files and fake bases.
//! `tools/e2e/tests/glibc.rs` does the same in real builds.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::shop::{Shop, stderr, stdout};
use crate::steps;

/// Checks a program against a base with these facts.
fn check(shop: &Shop, program: &Path, facts: &str) -> Output {
    shop.write("base/glibc.sh", &shop.read("docker/stages/glibc.sh"));
    shop.write("base/facts", &format!("base debian:test\n{facts}"));
    let dockerfile = shop.read("docker/Dockerfile");
    let version = dockerfile.split("BAKEHOUSE_GLIBC=\"").nth(1);
    let version = version.and_then(|rest| rest.split('"').next());
    Command::new("sh")
        .arg(shop.path("base/glibc.sh"))
        .arg("check")
        .arg(program)
        .env("BAKEHOUSE_GLIBC", version.unwrap_or_default())
        .output()
        .unwrap()
}

fn generated() -> Shop {
    let shop = Shop::new();
    shop.generate();
    shop
}

/// Returns a dynamic program of this machine and a static one.
fn programs(shop: &Shop) -> (PathBuf, PathBuf) {
    shop.write(
        "own.c",
        "#include <stdio.h>\nint main(void) { return printf(\"x\") < 0; }\n",
    );
    let compile = |to: &str, further: &[&str]| {
        let mut cc = Command::new("cc");
        cc.arg(shop.path("own.c")).arg("-o").arg(shop.path(to));
        let output = cc.args(further).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        shop.path(to)
    };
    (compile("own", &[]), compile("own-static", &["-static"]))
}

/// Returns the facts about this machine, read as if it were a base.
fn here(shop: &Shop) -> String {
    let script = shop.read("docker/stages/glibc.sh");
    let script = script.replace("cd /runtime", "cd /");
    let out = shop.path("here");
    let script = script.replace("/glibc/out", out.to_str().unwrap());
    shop.write("read.sh", &script);
    let mut read = Command::new("sh");
    read.arg(shop.path("read.sh")).args(["read", "here"]);
    let output = read.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let facts = shop.read("here/facts");
    facts.strip_prefix("base here\n").unwrap().to_owned()
}

#[test]
fn a_base_is_read_and_what_was_built_on_it_runs_on_it() {
    let shop = generated();
    let facts = here(&shop);
    let (own, _) = programs(&shop);
    let output = check(&shop, &own, &facts);
    assert!(output.status.success(), "{}\n{facts}", stderr(&output));
    let said = stdout(&output);
    assert!(said.starts_with("own needs GLIBC_2."), "{said}");
}

#[test]
fn what_a_program_lacks_is_said_with_symbol_and_version() {
    let shop = generated();
    let (own, own_static) = programs(&shop);
    let facts = here(&shop);
    let lines = |keep: &dyn Fn(&str) -> bool| -> String {
        let lines = facts.lines().filter(|line| keep(line));
        lines.map(|line| format!("{line}\n")).collect()
    };
    let old = lines(&|line| {
        let minor = line.strip_prefix("defines 2.");
        minor.is_none_or(|minor| minor.parse::<u32>().is_ok_and(|minor| minor < 4))
    });
    let no_libc = lines(&|line| !line.starts_with("defines"));
    let musl = "system Alpine Linux v3.22\nloader /lib/ld-musl-x86_64.so.1\n".to_owned();
    let table = [
        (
            &old,
            "has glibc 2.3: build it on a base with no newer glibc",
        ),
        (&old, "needs GLIBC_2."),
        (&old, "(symbol "),
        (&no_libc, "has no glibc"),
        (
            &musl,
            "debian:test (Alpine Linux v3.22) has another C library, with /lib/ld-musl-x86_64.so.1",
        ),
        (
            &String::new(),
            "debian:test has no C library: run it on a base that has one, or set static = true for it in bakehouse.toml",
        ),
        (&"declared 2.2\n".to_owned(), "debian:test has glibc 2.2: "),
    ];
    for (facts, says) in table {
        let output = check(&shop, &own, facts);
        let said = stderr(&output);
        assert!(!output.status.success(), "{says}");
        assert!(
            said.starts_with("error: own ") && said.contains(says),
            "{says}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");

        let output = check(&shop, &own_static, facts);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stdout(&output).starts_with("own-static is static"));
    }
    let output = check(&shop, &own, "declared 2.99\n");
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn what_was_not_built_for_the_floor_fails_even_on_a_base_that_has_it() {
    let floor = |version: &str| {
        let shop = Shop::new();
        let config = shop.read("bakehouse.toml");
        shop.write(
            "bakehouse.toml",
            &format!("glibc = \"{version}\"\n{config}"),
        );
        shop.generate();
        shop
    };
    let shop = floor("2.17");
    let facts = here(&shop);
    let (own, own_static) = programs(&shop);
    let output = check(&shop, &own, &facts);
    let said = stderr(&output);
    assert!(!output.status.success(), "{said}");
    assert!(said.starts_with("error: own needs GLIBC_2."), "{said}");
    assert!(said.contains("(symbol "), "{said}");
    assert!(
        said.contains("bakehouse.toml asks for glibc 2.17: "),
        "{said}"
    );
    let output = check(&shop, &own_static, &facts);
    assert!(output.status.success(), "{}", stderr(&output));

    // A binary within the limit is still compared with the base.
    let shop = floor("2.44");
    let output = check(&shop, &own, &facts);
    assert!(output.status.success(), "{}", stderr(&output));
    let output = check(&shop, &own, "declared 2.2\n");
    let says = "debian:test has glibc 2.2: lower glibc in bakehouse.toml";
    assert!(stderr(&output).contains(says), "{}", stderr(&output));
}

#[test]
fn what_is_no_program_is_not_taken_for_a_static_one() {
    let shop = generated();
    for program in ["bakehouse.toml", "not-there"] {
        let output = check(&shop, &shop.path(program), "");
        assert!(!output.status.success(), "{program}: {}", stdout(&output));
    }
}

#[test]
fn each_binary_is_held_against_the_bases_that_it_meets() {
    let shop = generated();
    let dockerfile = shop.read("docker/Dockerfile");
    let checks = |name: &str| -> Vec<String> {
        let step = steps::of(&dockerfile, name).remove(0);
        let options = step.options.into_iter();
        let facts = options.filter_map(|option| {
            let from = option.strip_prefix("--mount=type=bind,from=glibc-")?;
            Some(from.split(',').next().unwrap().to_owned())
        });
        facts.collect()
    };
    let both = ["runtime", "python-3.12-slim-bookworm"];
    assert_eq!(checks("build-web"), both[..1]);
    assert_eq!(checks("build-batch"), both);
    // Every service mounts the packs.
    assert_eq!(checks("build-pack-base-probe"), both);
    assert!(dockerfile.contains("\nFROM ${RUNTIME_BASE} AS glibc-base\n"));
}

#[test]
fn what_is_said_of_a_base_is_taken_for_its_name_with_or_without_a_digest() {
    let shop = Shop::new();
    let digest = "a".repeat(64);
    shop.edit(
        "bakehouse.toml",
        "[bases]",
        "[bases]\nglibc = { \"docker.io/library/python:3.12-slim-bookworm\" = \"2.36\" }",
    );
    shop.edit(
        "bakehouse.toml",
        "3.12-slim-bookworm\",",
        &format!("3.12-slim-bookworm@sha256:{digest}\","),
    );
    shop.generate();
    let text = shop.read("docker/Dockerfile");
    assert!(
        text.contains("sh /run/glibc.sh read python:3.12-slim-bookworm 2.36\n"),
        "{text}"
    );
    assert!(!text.contains(&format!(
        "from=docker.io/library/python:3.12-slim-bookworm@sha256:{digest},source=/,target=/runtime"
    )));

    for (from, to, says) in [
        ("2.36", "bookworm", "`bookworm` is not a version of glibc"),
        (
            "{ \"docker.io/library/python",
            "{ \"docker.io/library/pyhton",
            "nothing runs on",
        ),
    ] {
        let shop = Shop::new();
        shop.edit(
            "bakehouse.toml",
            "[bases]",
            &"[bases]\nglibc = { \"docker.io/library/python:3.12-slim-bookworm\" = \"2.36\" }"
                .replace(from, to),
        );
        let output = shop.bakehouse(&["generate"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    }
}
