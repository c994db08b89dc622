//! The package of the crate, as `cargo package` makes it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::shop::stderr;

/// The most bytes that a compressed package may have.
const LARGEST: u64 = 1_000_000;

fn cargo(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

/// Packs the crate into a folder, and returns the file and the unpacked folder.
fn packed(folder: &Path) -> (PathBuf, PathBuf) {
    let target = folder.to_str().unwrap();
    let options = ["--offline", "--allow-dirty", "--no-verify", "--target-dir"];
    cargo(&[&["package"], &options[..], &[target]].concat());
    let name = format!("bakehouse-{}", env!("CARGO_PKG_VERSION"));
    let package = folder.join("package").join(format!("{name}.crate"));
    let status = Command::new("tar")
        .arg("-xzf")
        .arg(&package)
        .arg("-C")
        .arg(folder)
        .status()
        .unwrap();
    assert!(status.success());
    (package, folder.join(name))
}

#[test]
fn it_holds_the_sources_and_what_must_go_with_them_and_nothing_else() {
    let list = cargo(&["package", "--list", "--offline", "--allow-dirty"]);
    let list = String::from_utf8(list.stdout).unwrap();
    let (sources, others): (Vec<&str>, Vec<&str>) =
        list.lines().partition(|path| path.starts_with("src/"));
    let expected = [
        ".cargo_vcs_info.json",
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
    ];
    let others: Vec<&str> = others.into_iter().collect();
    assert!(
        others.iter().all(|path| expected.contains(path)),
        "{others:?}"
    );
    // A work tree with changes has no commit.
    for path in &expected[1..] {
        assert!(others.contains(path), "{path} is missing");
    }
    for path in &sources {
        assert!(
            !path.contains("/snapshots/") && !path.ends_with(".snap"),
            "{path}"
        );
    }
    let main = ["src/main.rs", "src/lib.rs", "src/documents/ci/github.yml"];
    assert!(main.iter().all(|path| sources.contains(path)));
}

#[test]
fn it_is_small_and_says_what_a_registry_shows() {
    let folder = tempfile::tempdir().unwrap();
    let (package, unpacked) = packed(folder.path());
    let size = package.metadata().unwrap().len();
    assert!(size <= LARGEST, "{size} bytes");
    let read = |file: &str| std::fs::read_to_string(unpacked.join(file)).unwrap();
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).unwrap();
    let package = manifest["package"].as_table().unwrap();
    for key in ["description", "license", "readme", "rust-version"] {
        let value = package[key].as_str().unwrap();
        assert!(!value.is_empty(), "{key}");
    }
    let count = |key: &str| package[key].as_array().unwrap().len();
    assert!((1..=5).contains(&count("keywords")) && (1..=5).contains(&count("categories")));
    // Licences and README are the repository's own, and no links to it.
    for file in ["LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(file);
        assert_eq!(read(file), std::fs::read_to_string(own).unwrap(), "{file}");
        let kind = unpacked.join(file).symlink_metadata().unwrap().file_type();
        assert!(kind.is_file(), "{file}");
    }
}

#[test]
#[ignore = "slow: compiles the crate and its unit tests once more, minutes: tools/test --slow"]
fn it_compiles_and_its_tests_pass_where_the_repository_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (_, unpacked) = packed(folder.path());
    // What is compiled of other crates serves here, too.
    let tests = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let output = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--locked", "--lib", "--bins"])
        .env("CARGO_TARGET_DIR", tests.parent().unwrap())
        .env_remove("BAKEHOUSE_UPDATE")
        .current_dir(unpacked)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", stderr(&output));
}
