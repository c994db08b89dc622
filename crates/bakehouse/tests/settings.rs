//! Settings of Cargo for single outputs: which outputs another one reaches, the chains, and mistakes.

use std::collections::BTreeSet;

use crate::shop::{Shop, changed, stderr, stdout};

/// A change of the configuration, and the outputs that are built anew. A service that leaves a chain no longer asks for
/// features of third-party crates there.
type Row = (&'static str, fn(&Shop), &'static [&'static str]);

const ROWS: &[Row] = &[
    (
        "a profile of one service",
        |s| {
            s.edit(
                "bakehouse.toml",
                "[services.web]",
                "[services.web]\nprofile = \"dev\"",
            );
        },
        &["batch-python", "batch-shell", "web"],
    ),
    (
        "the profile that it has anyway",
        |s| {
            s.edit(
                "bakehouse.toml",
                "[services.web]",
                "[services.web]\nprofile = \"release\"",
            );
        },
        &[],
    ),
    (
        "flags of one service",
        |s| {
            s.edit(
                "bakehouse.toml",
                "[services.web]",
                "[services.web]\nrustflags = [\"-C\", \"strip=none\"]",
            );
        },
        &["batch-python", "batch-shell", "web"],
    ),
];

#[test]
fn another_setting_reaches_the_outputs_that_have_it() {
    for (name, edit, expected) in ROWS {
        let shop = Shop::new();
        let before = shop.hashes();
        edit(&shop);
        let after = shop.hashes();
        assert_eq!(changed(&before, &after), *expected, "{name}");
    }
}

#[test]
fn what_a_bake_chooses_counts_where_the_configuration_allows_it() {
    let services = ["batch-python", "batch-shell", "web"];
    let table: [(&str, [&str; 2], &[&str]); 7] = [
        ("", ["dev", "metrics"], &[]),
        (r#"["PROFILE"]"#, ["", "metrics"], &[]),
        (r#"["PROFILE"]"#, ["release", ""], &[]),
        (r#"["PROFILE"]"#, ["dev", ""], &services),
        (r#"["FEATURES"]"#, ["dev", ""], &[]),
        (r#"["FEATURES"]"#, ["", "metrics"], &["web"]),
        // No package has it. Bake refuses it.
        (r#"["FEATURES"]"#, ["", "metric"], &[]),
    ];
    for (allowed, [profile, features], expected) in table {
        let shop = Shop::new();
        shop.edit("bakehouse.toml", "features = [\"metrics\"]\n", "");
        if !allowed.is_empty() {
            let config = shop.read("bakehouse.toml");
            shop.write(
                "bakehouse.toml",
                &format!("{config}\n[bake]\nvariables = {allowed}\n"),
            );
        }
        let before = shop.hashes();
        let after = shop.hashes_with(&[("PROFILE", profile), ("FEATURES", features)]);
        assert_eq!(
            changed(&before, &after),
            expected,
            "{allowed} {profile} {features}"
        );
    }
}

#[test]
fn what_a_bake_chooses_is_in_no_file() {
    let shop = Shop::new();
    let config = shop.read("bakehouse.toml");
    shop.write(
        "bakehouse.toml",
        &format!("{config}\n[bake]\nvariables = [\"PROFILE\", \"FEATURES\"]\n"),
    );
    shop.generate();
    let mut check = assert_cmd::Command::cargo_bin("bakehouse").unwrap();
    let check = check
        .current_dir(shop.path(""))
        .args(["generate", "--check"]);
    check
        .env("PROFILE", "dev")
        .env("FEATURES", "metrics")
        .assert()
        .success();
}

#[test]
fn settings_that_are_those_of_all_change_no_file() {
    let shop = Shop::new();
    shop.generate();
    shop.edit(
        "bakehouse.toml",
        "[services.web]",
        "profile = \"release\"\n\n[services.web]\nprofile = \"release\"\nrustflags = []",
    );
    shop.edit(
        "bakehouse.toml",
        "\nprofile = \"release\"\n\n[services.web]",
        "\n[services.web]",
    );
    let output = shop.bakehouse(&["generate", "--check"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn outputs_with_equal_settings_share_a_chain() {
    let shop = Shop::new();
    shop.edit(
        "bakehouse.toml",
        "[services.web]",
        "[services.web]\nrustflags = [\"-C\", \"strip=none\"]",
    );
    shop.edit(
        "bakehouse.toml",
        "variants.shell = {}",
        "variants.shell = { profile = \"dev\" }",
    );
    shop.edit(
        "bakehouse.toml",
        "variants.python = {",
        "variants.python = { profile = \"dev\",",
    );
    let output = shop.bakehouse(&["plan", "--format", "json"]);
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let chains: BTreeSet<String> = plan["chains"]
        .as_array()
        .unwrap()
        .iter()
        .map(|chain| {
            format!(
                "{} {} {} {}",
                chain["name"], chain["profile"], chain["rustflags"], chain["outputs"]
            )
        })
        .collect();
    insta::assert_snapshot!(Vec::from_iter(chains).join("\n"));
    insta::assert_snapshot!(stdout(&shop.bakehouse(&["plan"])));
}

#[test]
fn mistakes_are_reported_at_once() {
    let shop = Shop::new();
    shop.edit("bakehouse.toml", "bin = \"shop-web\"\n", r#"bin = "shop-web"
bins = ["shop-web", "shop-wep", { package = "prob" }, { package = "batch" }, { package = "batch", bin = "batch" }]
profile = "relase"
rustflags = ["-C strip=none", ""]
platforms = ["linux/arm46", "linux/riscv64"]
image = "Shop/Web"
tag = "-x"
output = "type=dokcer,dest=../image.tar"
entrypoint = [""]
variants.slow = { profile = "slow", feature = ["x"], features = ["metric"] }
"#);
    let config = shop.read("bakehouse.toml");
    shop.write(
        "bakehouse.toml",
        &format!("{config}\n[bake]\nvariables = [\"PROFIL\", \"X\"]\n"),
    );
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
}

#[test]
fn a_command_that_is_no_list_is_shown_in_its_place() {
    let shop = Shop::new();
    shop.edit(
        "bakehouse.toml",
        "ports = [8080]\n",
        "ports = [8080]\ncommand = \"serve --port 80\"\n",
    );
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("expected a list"),
        "{}",
        stderr(&output)
    );
}
