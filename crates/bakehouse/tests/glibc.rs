//! Comparison of a binary with its base: the script of the generated Dockerfile, on real files and fake bases.
//! `tools/e2e/tests/glibc.rs` does the same in real builds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::shop::{Shop, stderr, stdout};

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
fn every_file_of_a_folder_is_compared_and_a_folder_without_files_is_not_taken_for_one_that_fits() {
    let shop = generated();
    let (own, own_static) = programs(&shop);
    shop.folder("dist/image/usr/local/bin");
    let dist = shop.path("dist");
    let output = check(&shop, &dist, "declared 2.99\n");
    assert!(!output.status.success(), "{}", stdout(&output));

    let copied = |from: &Path, to: &str| std::fs::copy(from, shop.path(to)).unwrap();
    copied(&own_static, "dist/image/usr/local/bin/a");
    copied(&own, "dist/image/usr/local/bin/b");
    let output = check(&shop, &dist, "declared 2.99\n");
    let said = stdout(&output);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(said.starts_with("a is static") && said.contains("\nb needs GLIBC_2."));
    let output = check(&shop, &dist, "declared 2.1\n");
    assert!(!output.status.success());
    let said = stderr(&output);
    assert!(said.starts_with("error: b needs GLIBC_2."), "{said}");

    // A library is told from a static program by its place.
    shop.folder("dist/libraries/own.so/usr/local/lib");
    copied(&own, "dist/libraries/own.so/usr/local/lib/own.so");
    copied(&own_static, "dist/image/usr/local/bin/b");
    let output = check(&shop, &dist, "declared 2.1\n");
    assert!(!output.status.success());
    let said = stderr(&output);
    assert!(
        said.starts_with("error: own.so needs GLIBC_2.") && said.contains("take it from a builder"),
        "{said}"
    );
}

/// Returns the stages and images that a stage is made from, itself among them.
fn made_from(dockerfile: &str, stage: &str) -> BTreeSet<String> {
    let sources: BTreeMap<&str, BTreeSet<&str>> = dockerfile
        .split("\nFROM ")
        .skip(1)
        .map(|text| {
            let (line, rest) = text.split_once('\n').unwrap();
            let (from, name) = line.split_once(" AS ").unwrap();
            let others = rest.split("from=").skip(1);
            let others = others.filter_map(|other| other.split([',', ' ']).next());
            (name, others.chain([from]).collect())
        })
        .collect();
    let mut found = BTreeSet::new();
    let mut open = vec![stage];
    while let Some(next) = open.pop() {
        if found.insert(next.to_owned()) {
            open.extend(sources.get(next).into_iter().flatten());
        }
    }
    found
}

#[test]
fn each_output_is_held_against_the_bases_that_it_meets_and_needs_no_others() {
    const DEFAULT: &str = "${RUNTIME_BASE}";
    const PYTHON: &str = "docker.io/library/python:3.12-slim-bookworm";
    let facts = [
        (DEFAULT, "glibc-runtime"),
        (PYTHON, "glibc-python-3.12-slim-bookworm"),
    ];
    for strategy in ["layer", "mount"] {
        let shop = Shop::native();
        shop.edit(
            "bakehouse.toml",
            "[cache]",
            &format!("[cache]\nstrategy = \"{strategy}\""),
        );
        // A pack has the binary of a service, too.
        let batch = "binaries = [{ package = \"batch\", to = \"bin/\" }, ";
        shop.edit("bakehouse.toml", "binaries = [", batch);
        shop.generate();
        let dockerfile = shop.read("docker/Dockerfile");
        for (target, bases) in [
            ("web", &[DEFAULT][..]),
            ("batch-shell", &[DEFAULT]),
            ("batch-python", &[PYTHON]),
            // Every service mounts the packs.
            ("pack-base-probe", &[DEFAULT, PYTHON]),
            ("pack-base-batch", &[DEFAULT, PYTHON]),
            ("compiled", &[DEFAULT, PYTHON]),
        ] {
            let needed = made_from(&dockerfile, target);
            for (base, facts) in facts {
                let meets = bases.contains(&base);
                assert_eq!(needed.contains(base), meets, "{target}, {base}: {needed:?}");
                assert_eq!(needed.contains(facts), meets, "{target}: {needed:?}");
            }
        }
        // An output that meets the same bases everywhere has no stage for the comparison.
        let comparisons: Vec<&str> = dockerfile
            .lines()
            .filter_map(|line| line.strip_prefix("FROM build-"))
            .collect();
        assert_eq!(
            comparisons,
            [
                "batch AS glibc-batch-on-runtime",
                "batch AS glibc-batch-on-all",
                "batch AS glibc-batch-on-python-3.12-slim-bookworm",
            ]
        );
        assert!(dockerfile.contains("\nFROM ${RUNTIME_BASE} AS glibc-base\n"));
    }
}

#[test]
fn a_base_may_have_the_name_of_a_comparison() {
    let shop = Shop::native();
    shop.edit(
        "bakehouse.toml",
        "variants.shell = {}",
        "variants.shell = {}\nvariants.odd = { runtime = \"registry.example/batch-on-runtime\" }",
    );
    shop.generate();
    let dockerfile = shop.read("docker/Dockerfile");
    for line in [
        "FROM toolchain AS glibc-batch-on-runtime\n",
        "FROM build-batch AS glibc-batch-on-runtime-2\n",
    ] {
        assert_eq!(dockerfile.matches(line).count(), 1, "{line}: {dockerfile}");
    }
    assert!(made_from(&dockerfile, "batch-shell").contains("glibc-batch-on-runtime-2"));
    assert!(!made_from(&dockerfile, "batch-shell").contains("glibc-batch-on-runtime"));
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
