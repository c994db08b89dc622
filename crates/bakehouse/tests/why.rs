//! `bakehouse why`: how each file reaches a service, the shortest way first.

use crate::shop::{Shop, stderr, stdout};

fn why(shop: &Shop, arguments: &[&str]) -> String {
    let output = shop.bakehouse(&[&["why"], arguments].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let mut text = stdout(&output);
    if shop.path(".git").exists() {
        let id = shop.git(&["rev-parse", "HEAD"]);
        text = text
            .replace(id.trim(), "<commit>")
            .replace(&id[..10], "<short>");
    }
    for hash in shop.hashes().values() {
        text = text.replace(hash, "<input hash>");
    }
    text
}

/// Edit → service → output without the first line.
type Row = (
    &'static str,
    fn(&Shop),
    &'static str,
    &'static [&'static str],
);

const ROWS: &[Row] = &[
    (
        "a profile of the service",
        |s| {
            s.edit(
                "bakehouse.toml",
                "[services.web]",
                "[services.web]\nprofile = \"dev\"",
            );
        },
        "web",
        &[
            "bakehouse.toml (services.web.profile: release → dev, not committed) → web",
            "batch/Cargo.toml (features are unified with it) → batch → web",
        ],
    ),
    (
        "flags of the service",
        |s| {
            s.edit(
                "bakehouse.toml",
                "[services.web]",
                "[services.web]\nrustflags = [\"-C\", \"strip=none\"]",
            );
        },
        "web",
        &[
            "bakehouse.toml (services.web.rustflags: not set → -C strip=none, not committed) → web",
            "batch/Cargo.toml (features are unified with it) → batch → web",
        ],
    ),
    (
        "a file of the service",
        |s| s.write("web/src/main.rs", "fn main() {}"),
        "web",
        &["web/src/main.rs (modified, not committed) → web"],
    ),
    (
        "a file of a library, the shortest way",
        |s| s.write("common/src/more.rs", ""),
        "web",
        &["common/src/more.rs (added, untracked) → common → web"],
    ),
    (
        "a renamed, a removed and an executable file",
        |s| {
            use std::os::unix::fs::PermissionsExt;
            std::fs::rename(
                s.path("web/static/index.html"),
                s.path("web/static/home.html"),
            )
            .unwrap();
            std::fs::remove_file(s.path("prices/build.rs")).unwrap();
            std::fs::set_permissions(
                s.path("prices/src/lib.rs"),
                std::fs::Permissions::from_mode(0o755),
            )
            .unwrap();
        },
        "web",
        &[
            "web/static/home.html (renamed from web/static/index.html, untracked) → web",
            "prices/build.rs (removed) → prices → web",
            "prices/src/lib.rs (mode changed, not committed) → prices → web",
            "web/static/home.html (renamed from web/static/index.html, untracked) → prices → web",
        ],
    ),
    (
        "the lock",
        |s| s.edit("Cargo.lock", "version = \"1.0.18\"", "version = \"1.0.17\""),
        "web",
        &["Cargo.lock (ryu 1.0.18 → 1.0.17, not committed) → ryu → prices → web"],
    ),
    (
        "a manifest that puts a crate in",
        |s| {
            s.write(
                "extra/Cargo.toml",
                "[package]\nname = \"extra\"\nversion = \"0.1.0\"\n",
            );
            s.write("extra/src/lib.rs", "");
            s.edit("Cargo.toml", "\"probe\"", "\"probe\", \"extra\"");
            s.edit(
                "batch/Cargo.toml",
                "[dependencies]\n",
                "[dependencies]\nextra = { path = \"../extra\" }\n",
            );
            s.edit(
                "Cargo.lock",
                "name = \"batch\"\nversion = \"1.4.0\"\ndependencies = [\n",
                "name = \"batch\"\nversion = \"1.4.0\"\ndependencies = [\n \"extra\",\n",
            );
            s.edit("Cargo.lock", "[[package]]\nname = \"itoa\"", "[[package]]\nname = \"extra\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"itoa\"");
        },
        "batch-shell",
        &[
            "batch/Cargo.toml (modified, not committed) → batch → batch-shell",
            "batch/Cargo.toml (adds extra, not committed) → extra → batch → batch-shell",
        ],
    ),
    (
        "a manifest that no longer does",
        |s| {
            s.edit(
                "web/Cargo.toml",
                "prices = { path = \"../prices\", version = \"0.3\" }\n",
                "",
            );
        },
        "web",
        &[
            "web/Cargo.toml (modified, not committed) → web",
            "web/Cargo.toml (no longer adds prices, not committed) → prices → web",
        ],
    ),
    (
        "the version that packages inherit",
        |s| {
            s.edit(
                "Cargo.toml",
                "version = \"1.4.0\"\n",
                "version = \"1.5.0\"\n",
            );
        },
        "web",
        &["Cargo.toml ([workspace.package] version 1.4.0 → 1.5.0, not committed) → web"],
    ),
    (
        "a version, licence and description of its own",
        |s| {
            s.edit(
                "web/Cargo.toml",
                "version.workspace = true\n",
                "version = \"2.0.0\"\nlicense = \"MIT\"\ndescription = \"\"\"\nSells\nthings\"\"\"\n",
            );
        },
        "web",
        &[
            "web/Cargo.toml (description not set → Sells things, not committed) → web",
            "web/Cargo.toml (license not set → MIT, not committed) → web",
            "web/Cargo.toml (modified, not committed) → web",
            "web/Cargo.toml (version 1.4.0 → 2.0.0, not committed) → web",
        ],
    ),
    (
        "the version of a library",
        |s| s.edit("prices/Cargo.toml", "0.3.1", "0.3.2"),
        "web",
        &["prices/Cargo.toml (version 0.3.1 → 0.3.2, not committed) → prices → web"],
    ),
    (
        "a repository for all",
        |s| {
            s.edit(
                "Cargo.toml",
                "version = \"1.4.0\"\n",
                "version = \"1.4.0\"\nrepository = \"https://example.org/a\"\n",
            );
            s.edit(
                "batch/Cargo.toml",
                "edition.workspace = true",
                "edition.workspace = true\nrepository.workspace = true",
            );
        },
        "batch-shell",
        &[
            "Cargo.toml ([workspace.package] repository not set → https://example.org/a, not committed) → batch → batch-shell",
            "batch/Cargo.toml (modified, not committed) → batch → batch-shell",
            "batch/Cargo.toml (repository not set → https://example.org/a, not committed) → batch → batch-shell",
        ],
    ),
    (
        "what is inherited from the workspace",
        |s| {
            s.edit(
                "Cargo.toml",
                "itoa = \"1.0.14\"",
                "itoa = { version = \"1.0.14\", features = [\"no-panic\"] }",
            );
        },
        "web",
        &["Cargo.toml ([workspace.dependencies.itoa], not committed) → common → web"],
    ),
    (
        "the profile",
        |s| s.edit("Cargo.toml", "lto = \"thin\"", "lto = \"fat\""),
        "pack-base-probe",
        &["Cargo.toml ([profile.release], not committed) → pack-base-probe"],
    ),
    (
        "settings",
        |s| {
            s.edit(
                "bakehouse.toml",
                "ports = [8080]",
                "ports = [8080, 9090]\nuser = \"1:1\"",
            );
            s.edit("bakehouse.toml", "packages = [\"libsqlite3-dev\"]", "");
        },
        "web",
        &[
            "bakehouse.toml (bases.packages: libsqlite3-dev → none, not committed) → web",
            "bakehouse.toml (services.web.ports: 8080 → 8080, 9090, not committed) → web",
            "bakehouse.toml (services.web.user: 10001:10001 → 1:1, not committed) → web",
        ],
    ),
    (
        "the toolchain",
        |s| s.edit("rust-toolchain.toml", "1.95.0", "1.94.0"),
        "pack-base-probe",
        &[
            "rust-toolchain.toml (1.95.0 → 1.94.0, not committed) → pack-base-probe",
            "rust-toolchain.toml (bases.builder: docker.io/library/rust:1.95.0-slim-bookworm → docker.io/library/rust:1.94.0-slim-bookworm, not committed) → pack-base-probe",
        ],
    ),
    (
        "what a package asks that is compiled together with it",
        |s| {
            s.edit(
                "prices/Cargo.toml",
                "[target.'cfg(unix)'.dependencies]",
                "itoa = { workspace = true, features = [\"no-panic\"] }\n\n[target.'cfg(unix)'.dependencies]",
            );
            s.edit(
                "Cargo.lock",
                "dependencies = [\n \"common\",\n \"ryu\",",
                "dependencies = [\n \"common\",\n \"itoa\",\n \"ryu\",",
            );
        },
        "batch-shell",
        &["prices/Cargo.toml (features are unified with it, not committed) → prices → batch-shell"],
    ),
];

#[test]
fn every_change_is_explained_the_shortest_way_first() {
    for (name, edit, service, expected) in ROWS {
        let shop = Shop::new();
        shop.commit_all();
        edit(&shop);
        let text = why(&shop, &[service, "--since", "HEAD"]);
        let said: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
        assert_eq!(said, *expected, "{name}");
    }
}

/// Replaces the crate `ryu` with a folder.
#[test]
fn what_is_put_in_a_crate_s_place_is_explained() {
    let shop = Shop::new();
    shop.commit_all();
    shop.write(
        "patched/Cargo.toml",
        "[package]\nname = \"ryu\"\nversion = \"1.0.18\"\n[workspace]\n",
    );
    shop.write("patched/src/lib.rs", "");
    let manifest = shop.read("Cargo.toml");
    shop.write(
        "Cargo.toml",
        &(manifest + "\n[patch.crates-io]\nryu = { path = \"patched\" }\n"),
    );
    shop.edit(
        "Cargo.lock",
        "name = \"ryu\"\nversion = \"1.0.18\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"f3cb5ba0dc43242ce17de99c180e96db90b235b8a9fdc9543c96d2209116bd9f\"\n",
        "name = \"ryu\"\nversion = \"1.0.18\"\n",
    );
    let said = |since: &str| {
        let text = why(&shop, &["web", "--since", since]);
        let lines: Vec<String> = text
            .lines()
            .skip(1)
            .map(|line| line.trim().to_owned())
            .collect();
        lines
    };
    insta::assert_debug_snapshot!("patch", said("HEAD"));
    shop.commit_all();
    shop.write("patched/src/lib.rs", "// changed");
    assert_eq!(
        said("HEAD"),
        ["patched/src/lib.rs (modified, not committed) → ryu → prices → web"]
    );
}

/// An affected output has a reason, and an output with a reason is affected.
#[test]
fn each_affected_service_has_a_reason_and_no_other() {
    for (name, edit, ..) in ROWS {
        let shop = Shop::new();
        shop.commit_all();
        let before = shop.hashes();
        edit(&shop);
        let after = shop.hashes();
        for (output, hash) in &after {
            let target = if output == "probe" {
                "pack-base-probe"
            } else {
                output
            };
            let text = why(&shop, &[target, "--since", "HEAD", "--format", "json"]);
            let shown: serde_json::Value = serde_json::from_str(&text).unwrap();
            let changed = before[output] != *hash;
            assert_eq!(shown["version"], 1);
            assert_eq!(shown["changed"], changed, "{name}: {output}");
            assert_eq!(
                !shown["reasons"].as_array().unwrap().is_empty(),
                changed,
                "{name}: {output}"
            );
        }
    }
}

#[test]
fn a_service_is_explained_by_what_it_is_made_of() {
    let shop = Shop::new();
    insta::assert_snapshot!("web_as_text", why(&shop, &["web"]));
    insta::assert_snapshot!("web_as_json", why(&shop, &["web", "--format", "json"]));
    insta::assert_snapshot!("batch_as_text", why(&shop, &["batch-python"]));
}

#[test]
fn a_change_is_explained_as_text_and_as_json() {
    let shop = Shop::new();
    shop.commit_all();
    insta::assert_snapshot!("same_as_text", why(&shop, &["web", "--since", "HEAD"]));
    shop.edit("bakehouse.toml", "[services.web]", "[services.shop]");
    shop.write("common/src/lib.rs", "// changed");
    insta::assert_snapshot!("new_as_text", why(&shop, &["shop", "--since", "HEAD"]));
    insta::assert_snapshot!(
        "changed_as_json",
        why(
            &shop,
            &["batch-shell", "--since", "HEAD", "--format", "json"]
        )
    );
    for file in 0..30 {
        shop.write(&format!("common/src/file_{file:02}.rs"), "");
    }
    insta::assert_snapshot!(
        "many_as_text",
        why(&shop, &["batch-shell", "--since", "HEAD"])
    );
    let all = why(&shop, &["batch-shell", "--since", "HEAD", "--verbose"]);
    assert!(all.contains("file_29.rs"), "{all}");
}

#[test]
fn a_name_that_is_no_service_gets_a_suggestion() {
    let shop = Shop::new();
    for (name, hint) in [
        ("wbe", "did you mean `web`?"),
        ("batch", "its variants are batch-python, batch-shell"),
        (
            "zzz",
            "there are batch-python, batch-shell, web, pack-base-probe",
        ),
    ] {
        let output = shop.bakehouse(&["why", name]);
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        assert!(said.starts_with("service-unknown"), "{said}");
        assert!(said.contains(hint), "{said}");
    }
}
