//! `bakehouse sbom`: bills that name the crates which are linked, and that the published schemas take.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::shop::{bakehouse, stderr, stdout};
use crate::tree::{Tree, cargo};

/// Two services whose crates differ by features, platform and kind of dependency.
const WORKSPACE: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "2"
members = ["app", "other"]
-- bakehouse.toml --
[bases]
runtime = "docker.io/library/debian:bookworm-slim@sha256:00000000000000000000000000000000000000000000000000000000000000aa"

[services.app]
features = ["extra"]
packages = ["ca-certificates"]
libs = ["libsqlite3.so.0"]

[services.other]

[images.front]
context = "front"
-- front/Dockerfile --
FROM scratch
-- app/Cargo.toml --
[package]
name = "app"
version = "1.2.3"
edition = "2021"
license = "MIT/Apache-2.0"
repository = "https://example.invalid/app"

[features]
extra = ["dep:extra"]

[dependencies]
left = { path = "../left" }
made = { path = "../made" }
extra = { path = "../extra", optional = true }
off = { path = "../off", optional = true }

[target.'cfg(windows)'.dependencies]
windows = { path = "../windows" }

[target.'cfg(target_os = "linux")'.dependencies]
linux = { path = "../linux" }

[build-dependencies]
builds = { path = "../builds" }

[dev-dependencies]
tests = { path = "../tests" }
-- app/build.rs --
fn main() { builds::build(); }
-- app/src/main.rs --
fn main() { left::left(); made::made!(); extra::extra(); linux::linux(); }
-- other/Cargo.toml --
[package]
name = "other"
version = "0.1.0"
edition = "2021"
license = "see the contract"

[dependencies]
left = { path = "../left", features = ["more"] }
-- other/src/main.rs --
fn main() { left::left(); }
-- left/Cargo.toml --
[package]
name = "left"
version = "0.1.0"
edition = "2021"

[features]
more = ["dep:deep"]

[dependencies]
base = { path = "../base" }
deep = { path = "../deep", optional = true }
-- left/src/lib.rs --
pub fn left() { base::base(); #[cfg(feature = "more")] deep::deep(); }
-- base/Cargo.toml --
[package]
name = "base"
version = "0.1.0"
-- base/src/lib.rs --
pub fn base() {}
-- deep/Cargo.toml --
[package]
name = "deep"
version = "0.1.0"
-- deep/src/lib.rs --
pub fn deep() {}
-- made/Cargo.toml --
[package]
name = "made"
version = "0.1.0"
edition = "2021"

[lib]
proc-macro = true

[dependencies]
helps = { path = "../helps" }
-- made/src/lib.rs --
#[proc_macro]
pub fn made(_: proc_macro::TokenStream) -> proc_macro::TokenStream { helps::helps(); Default::default() }
-- helps/Cargo.toml --
[package]
name = "helps"
version = "0.1.0"
-- helps/src/lib.rs --
pub fn helps() {}
-- extra/Cargo.toml --
[package]
name = "extra"
version = "0.1.0"
-- extra/src/lib.rs --
pub fn extra() {}
-- off/Cargo.toml --
[package]
name = "off"
version = "0.1.0"
-- off/src/lib.rs --
-- windows/Cargo.toml --
[package]
name = "windows"
version = "0.1.0"
-- windows/src/lib.rs --
-- linux/Cargo.toml --
[package]
name = "linux"
version = "0.1.0"
-- linux/src/lib.rs --
pub fn linux() {}
-- builds/Cargo.toml --
[package]
name = "builds"
version = "0.1.0"
-- builds/src/lib.rs --
pub fn build() {}
-- tests/Cargo.toml --
[package]
name = "tests"
version = "0.1.0"
-- tests/src/lib.rs --
"#;

fn workspace() -> Tree {
    Tree::of(WORKSPACE)
}

fn sbom(tree: &Tree, further: &[&str]) -> Value {
    let output = tree.bakehouse(&[&["sbom"], further].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the value of a component's only property, which says what it is.
fn kind(component: &Value) -> &str {
    component["properties"][0]["value"].as_str().unwrap()
}

/// Returns the names of crates in a bill of CycloneDX.
fn crates(bill: &Value) -> BTreeSet<String> {
    let components = bill["components"].as_array().unwrap().iter();
    let crates = components.filter(|one| ["crate", "program"].contains(&kind(one)));
    crates
        .map(|one| one["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Returns the crates that rustc gives to the linker for a binary.
fn linked(tree: &Tree, package: &str, features: &str) -> BTreeSet<String> {
    let mut rustc = cargo();
    rustc.args([
        "rustc",
        "--locked",
        "--offline",
        "--quiet",
        "--package",
        package,
    ]);
    rustc.args(["--features", features, "--", "--print", "link-args"]);
    rustc
        .current_dir(tree.path(""))
        .env("CARGO_TARGET_DIR", tree.path("../target"));
    let output = rustc.output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stdout(&output);
    let words = said.split_whitespace().map(|word| word.trim_matches('"'));
    let libraries = words.filter(|word| word.ends_with(".rlib") && !word.contains("/rustlib/"));
    let names = libraries.map(|path| {
        let file = Path::new(path).file_name().unwrap().to_str().unwrap();
        let (name, _) = file.trim_start_matches("lib").rsplit_once('-').unwrap();
        name.to_owned()
    });
    names.chain([package.to_owned()]).collect()
}

#[test]
fn a_bill_names_the_crates_that_are_linked_and_no_other() {
    let tree = workspace();
    let app = crates(&sbom(&tree, &["app"]));
    assert_eq!(app, linked(&tree, "app", "extra"));
    assert!(app.contains("base") && app.contains("linux"), "{app:?}");
    let other = crates(&sbom(&tree, &["other"]));
    assert_eq!(other, linked(&tree, "other", ""));
    assert!(
        other.contains("deep") && !app.contains("deep"),
        "{app:?} {other:?}"
    );
}

fn schema(text: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(text).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn schemas() -> [(&'static str, jsonschema::Validator); 2] {
    let cyclonedx = schema(include_str!("fixtures/sbom/cyclonedx-1.6.schema.json"));
    let spdx = schema(include_str!("fixtures/sbom/spdx-2.3.schema.json"));
    [("cyclonedx", cyclonedx), ("spdx", spdx)]
}

/// Checks what the schemas do not: that each reference leads to one part.
fn references_lead_somewhere(format: &str, bill: &Value) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (known, used): (Vec<String>, Vec<String>) = match format {
        "cyclonedx" => {
            let components = list(&bill["components"]);
            let own = [text(&bill["metadata"]["component"]["bom-ref"])];
            let known = components
                .iter()
                .map(|one| text(&one["bom-ref"]))
                .chain(own);
            let dependencies = list(&bill["dependencies"]);
            let used = dependencies.iter().flat_map(|one| {
                let all = list(&one["dependsOn"])
                    .into_iter()
                    .chain([one["ref"].clone()]);
                all.map(|reference| text(&reference)).collect::<Vec<_>>()
            });
            (known.collect(), used.collect())
        }
        _ => {
            let packages = list(&bill["packages"]);
            let own = [text(&bill["SPDXID"])];
            let known = packages.iter().map(|one| text(&one["SPDXID"])).chain(own);
            let relationships = list(&bill["relationships"]);
            let used = relationships
                .iter()
                .flat_map(|one| ["spdxElementId", "relatedSpdxElement"].map(|key| text(&one[key])));
            (known.collect(), used.collect())
        }
    };
    let distinct: BTreeSet<&String> = known.iter().collect();
    assert_eq!(distinct.len(), known.len(), "two parts have one reference");
    for reference in used {
        assert!(distinct.contains(&reference), "{reference} leads nowhere");
    }
}

#[test]
fn bills_of_the_reference_platform_are_what_the_schemas_take() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("bills");
    let lock: toml::Table =
        toml::from_str(&std::fs::read_to_string(repository.join("Cargo.lock")).unwrap()).unwrap();
    let checksums: BTreeMap<String, &str> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|entry| {
            let text = |key: &str| entry.get(key)?.as_str();
            Some((
                format!(
                    "pkg:cargo/{}@{}",
                    text("name")?,
                    text("version")?.replace('+', "%2B")
                ),
                text("checksum")?,
            ))
        })
        .collect();
    for (format, schema) in schemas() {
        let arguments = ["sbom", "--format", format, "--out", out.to_str().unwrap()];
        let output = bakehouse(&repository, &arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        let ending = if format == "spdx" {
            ".spdx.json"
        } else {
            ".cdx.json"
        };
        let files = std::fs::read_dir(&out)
            .unwrap()
            .map(|file| file.unwrap().path());
        let files: Vec<_> = files
            .filter(|path| path.to_str().unwrap().ends_with(ending))
            .collect();
        assert_eq!(files.len(), 8, "{files:?}");
        for file in files {
            let bill: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
            let faults: Vec<String> = schema
                .iter_errors(&bill)
                .map(|fault| format!("{}: {fault}", fault.instance_path))
                .collect();
            assert_eq!(faults, Vec::<String>::new(), "{}", file.display());
            references_lead_somewhere(format, &bill);
        }
    }
    let read = |name: &str| -> Value {
        serde_json::from_slice(&std::fs::read(out.join(name)).unwrap()).unwrap()
    };
    let api = read("api.cdx.json");
    let mut third_party = 0;
    for component in api["components"].as_array().unwrap() {
        if let Some(purl) = component["purl"]
            .as_str()
            .filter(|purl| purl.starts_with("pkg:cargo/"))
        {
            assert_eq!(component["hashes"][0]["content"], checksums[purl], "{purl}");
            third_party += 1;
        }
    }
    assert!(third_party > 20, "{third_party}");
    // Cargo, asked about this one package, names no crate that the bill lacks.
    let mut tree = cargo();
    tree.current_dir(&repository).args([
        "tree",
        "--locked",
        "--package",
        "attune-api",
        "--edges",
        "normal,no-proc-macro",
    ]);
    tree.args([
        "--prefix",
        "none",
        "--format",
        "{p}",
        "--target",
        &format!("{}-unknown-linux-gnu", std::env::consts::ARCH),
    ]);
    let said = stdout(&tree.output().unwrap());
    let names: BTreeSet<String> = said
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect();
    let crates = crates(&api);
    assert!(
        names.len() > 20 && names.is_subset(&crates),
        "{:?}",
        names.difference(&crates)
    );
    let standard = api["components"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "std")
        .unwrap();
    assert!(
        standard["version"].as_str().unwrap().starts_with("1."),
        "{standard}"
    );
}

#[test]
fn a_misspelt_field_is_found() {
    let tree = workspace();
    for (format, schema) in schemas() {
        let bill = sbom(&tree, &["app", "--format", format]);
        assert!(schema.is_valid(&bill));
        let places: &[(&str, &str)] = match format {
            "spdx" => &[
                ("/packages/1", "licenceDeclared"),
                ("/relationships/0", "type"),
                ("", "spdxversion"),
            ],
            _ => &[
                ("/components/0", "licences"),
                ("/metadata", "tool"),
                ("/dependencies/0", "dependson"),
            ],
        };
        for (at, field) in places {
            let mut bill = bill.clone();
            bill.pointer_mut(at).unwrap()[field] = json!("x");
            assert!(!schema.is_valid(&bill), "{format} {at}/{field}");
        }
    }
}

/// Replaces what changes with the recipe and the version of this program.
fn settled(mut bill: Value) -> String {
    for (at, to) in [
        ("/serialNumber", "urn:uuid:…"),
        ("/documentNamespace", "urn:uuid:…"),
        ("/metadata/component/properties/0/value", "…"),
        ("/metadata/tools/components/0/version", "…"),
        ("/packages/0/comment", "input hash …"),
        ("/creationInfo/creators/0", "Tool: bakehouse-…"),
    ] {
        if let Some(value) = bill.pointer_mut(at) {
            *value = json!(to);
        }
    }
    serde_json::to_string_pretty(&bill).unwrap()
}

#[test]
fn both_formats_are_as_reviewed() {
    let tree = workspace();
    let mut all = String::new();
    for (service, format) in [("app", "cyclonedx"), ("other", "spdx")] {
        let bill = sbom(&tree, &[service, "--format", format]);
        references_lead_somewhere(format, &bill);
        all += &format!("== {service}, {format}\n{}\n", settled(bill));
    }
    insta::assert_snapshot!(all);
}

fn at_time(tree: &Tree, time: &str, format: &str) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("bakehouse"));
    command
        .current_dir(tree.path(""))
        .env("SOURCE_DATE_EPOCH", time);
    command.args(["sbom", "app", "--format", format]);
    command.output().unwrap()
}

#[test]
fn the_same_inputs_have_the_same_bill_in_every_folder() {
    let (one, other) = (workspace(), workspace());
    for (format, time) in [
        ("cyclonedx", "/metadata/timestamp"),
        ("spdx", "/creationInfo/created"),
    ] {
        let print = |tree: &Tree| stdout(&tree.bakehouse(&["sbom", "app", "--format", format]));
        let text = print(&one);
        assert!(text.len() > 1000, "{text}");
        assert_eq!(text, print(&other));
        let folder = one.path("").canonicalize().unwrap();
        assert!(!text.contains(folder.to_str().unwrap()), "{text}");
        let untimed: Value = serde_json::from_str(&text).unwrap();
        let usual = untimed.pointer(time).and_then(Value::as_str);
        assert!(
            matches!(usual, None | Some("1970-01-01T00:00:00Z")),
            "{usual:?}"
        );
        let timed = stdout(&at_time(&one, "1000000000", format));
        let timed: Value = serde_json::from_str(&timed).unwrap();
        assert_eq!(*timed.pointer(time).unwrap(), "2001-09-09T01:46:40Z");
        // Another document has another number.
        for number in ["serialNumber", "documentNamespace"] {
            assert!(untimed[number].is_null() || untimed[number] != timed[number]);
        }
    }
    // An edit in a crate that is linked changes the input hash, and so the document.
    let before = sbom(&one, &["app"]);
    one.write("base/src/lib.rs", "pub fn base() {} // edited\n");
    assert_ne!(sbom(&one, &["app"])["serialNumber"], before["serialNumber"]);
}

#[test]
fn what_cannot_be_told_is_said() {
    let tree = workspace();
    let table: [(&[&str], &str); 3] = [
        (&["ap"], "did you mean `app`?"),
        (&["front"], "image of another Dockerfile"),
        (&[], "2 bills of materials cannot be printed at once"),
    ];
    for (arguments, expected) in table {
        let output = tree.bakehouse(&[&["sbom"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
        assert!(stdout(&output).is_empty());
    }
    let output = at_time(&tree, "yesterday", "spdx");
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("SOURCE_DATE_EPOCH is `yesterday`"),
        "{}",
        stderr(&output)
    );
    // Cargo cannot resolve it: the lock lacks a crate.
    tree.write(
        "base/Cargo.toml",
        "[package]\nname = \"base\"\nversion = \"0.2.0\"\n",
    );
    let output = tree.bakehouse(&["sbom", "app"]);
    assert!(
        !output.status.success() && stdout(&output).is_empty(),
        "{}",
        stderr(&output)
    );
}
