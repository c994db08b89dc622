//! `requires`: a configuration is read only by the versions that it is for.

use crate::shop::{Shop, stderr};

/// Writes `requires` into the first line of the configuration.
fn requires(shop: &Shop, requirement: &str) {
    let text = shop.read("bakehouse.toml");
    shop.write(
        "bakehouse.toml",
        &format!("requires = \"{requirement}\"\n{text}"),
    );
}

#[test]
fn a_configuration_for_another_version_is_told_as_that_and_as_nothing_else() {
    let shop = Shop::new();
    shop.commit_all();
    shop.generate();
    requires(&shop, ">=99.1, <100");
    let text = shop.read("bakehouse.toml");
    shop.write(
        "bakehouse.toml",
        &format!("{text}\n[a-table-of-the-future]\nkey = 1\n"),
    );
    for command in [
        &["generate"][..],
        &["generate", "--check"],
        &["plan"],
        &["affected", "--since", "HEAD"],
        &["why", "web"],
        &["build", "--dry-run"],
        &["ci", "github"],
        &["pin", "--only", "bases"],
    ] {
        let output = shop.bakehouse(command);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{command:?}: {said}");
        let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let expected = format!(
            "bakehouse.toml is for bakehouse >=99.1, <100, and this is {}",
            env!("CARGO_PKG_VERSION")
        );
        assert!(words.contains(&expected), "{command:?}: {said}");
        assert!(
            said.contains("version-unfit") && said.contains("bakehouse.toml:1:12"),
            "{said}"
        );
        assert!(
            !said.contains("a-table-of-the-future"),
            "{command:?}: {said}"
        );
    }
}

#[test]
fn a_version_that_fits_generates_the_same_files_with_the_same_hashes() {
    let plain = Shop::new();
    plain.generate();
    let shop = Shop::new();
    requires(&shop, env!("CARGO_PKG_VERSION"));
    shop.generate();
    assert_eq!(shop.read("docker-bake.hcl"), plain.read("docker-bake.hcl"));
    assert_eq!(shop.hashes(), plain.hashes());
}

#[test]
fn what_is_no_requirement_is_told_beside_the_other_mistakes() {
    let shop = Shop::new();
    requires(&shop, "newest");
    shop.edit("bakehouse.toml", "[ci]", "[ci]\nrunnr = \"x\"");
    let said = stderr(&shop.bakehouse(&["plan"]));
    assert!(
        said.contains("`newest` is not a requirement on a version"),
        "{said}"
    );
    assert!(said.contains("there is no key `runnr` here"), "{said}");
}

/// Both states are read by this program, so the requirement of an old one says nothing.
#[test]
fn a_commit_is_compared_with_one_that_was_for_another_version() {
    let shop = Shop::new();
    requires(&shop, "=99.0.0");
    shop.commit_all();
    shop.edit("bakehouse.toml", "=99.0.0", "*");
    let batch = shop.read("batch/src/main.rs");
    shop.write("batch/src/main.rs", &format!("{batch}\n// Another line.\n"));
    let affected = shop.affected("HEAD");
    assert!(!affected.is_empty());
    assert!(
        affected.iter().all(|name| name.starts_with("batch")),
        "{affected:?}"
    );
}
