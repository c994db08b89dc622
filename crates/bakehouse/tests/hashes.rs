//! Input hashes: everything that can change an image changes its hash, and nothing else does.

use crate::shop::{Shop, changed};

const ALL: &[&str] = &["batch-python", "batch-shell", "probe", "web"];

/// Edit → outputs with a changed hash.
type Row = (&'static str, fn(&Shop), &'static [&'static str]);

const ROWS: &[Row] = &[
    ("nothing", |_| {}, &[]),
    (
        "a service's source",
        |s| s.write("web/src/main.rs", "fn main() {}"),
        &["web"],
    ),
    (
        "a library's source",
        |s| s.write("prices/src/lib.rs", "pub fn price() -> u32 { 8 }"),
        &["web"],
    ),
    (
        "the common library",
        |s| s.write("common/src/lib.rs", "// changed"),
        &["batch-python", "batch-shell", "web"],
    ),
    (
        "a pack binary's source",
        |s| s.write("probe/src/main.rs", "fn main() { loop {} }"),
        &["probe"],
    ),
    (
        "how a pack binary is linked",
        |s| {
            s.edit(
                "bakehouse.toml",
                "to = \"bin/\"",
                "to = \"bin/\", static = true",
            );
        },
        &["probe"],
    ),
    (
        "the working folder of a service",
        |s| {
            s.edit(
                "bakehouse.toml",
                "bin = \"shop-web\"",
                "bin = \"shop-web\"\nworkdir = \"/srv\"",
            );
        },
        &["web"],
    ),
    (
        "the working folder that a service has anyway",
        |s| {
            s.edit(
                "bakehouse.toml",
                "bin = \"shop-web\"",
                "bin = \"shop-web\"\nworkdir = \"/var/lib/app\"",
            );
        },
        &[],
    ),
    (
        "the working folder of a variant",
        |s| {
            s.edit(
                "bakehouse.toml",
                "variants.shell = {}",
                "variants.shell = { workdir = \"/srv\" }",
            );
        },
        &["batch-shell"],
    ),
    (
        "a shipped file",
        |s| s.write("web/static/index.html", "<body>"),
        &["web"],
    ),
    (
        "a new shipped file",
        |s| s.write("web/static/more.html", "<body>"),
        &["web"],
    ),
    ("a script made executable", executable, &["web"]),
    (
        "an empty folder in a package: a build can list it",
        |s| s.folder("prices/src/empty"),
        &["web"],
    ),
    (
        "a folder of nothing but what no build is sent",
        |s| s.write("common/web/node_modules/a.js", ""),
        &["batch-python", "batch-shell", "web"],
    ),
    (
        "what no build is sent, in a folder with something else",
        |s| s.write("common/src/node_modules/a.js", ""),
        &[],
    ),
    (
        "an empty folder that is shipped",
        |s| s.folder("web/static/uploads"),
        &["web"],
    ),
    ("an empty folder at the root", |s| s.folder("empty"), &[]),
    (
        "a member that no image needs",
        |s| s.write("stub-server/src/lib.rs", "// changed"),
        &[],
    ),
    (
        "a file at the root",
        |s| s.write("README.md", "read me"),
        &[],
    ),
    (
        "pack content",
        |s| s.write("packs/base/pack.yaml", "name: other"),
        &[],
    ),
    (
        "a library's own version",
        |s| s.edit("prices/Cargo.toml", "0.3.1", "0.3.2"),
        &["web"],
    ),
    (
        "a dev-dependency",
        |s| {
            s.edit(
                "prices/Cargo.toml",
                "[target.'cfg(windows)'.dev-dependencies]",
                "[dev-dependencies]",
            );
        },
        &[],
    ),
    (
        "a variant's environment",
        |s| {
            s.edit(
                "bakehouse.toml",
                "PYTHONUNBUFFERED = \"1\"",
                "PYTHONUNBUFFERED = \"0\"",
            );
        },
        &["batch-python"],
    ),
    (
        "a variant's base",
        |s| s.edit("bakehouse.toml", "python:3.12", "python:3.13"),
        &["batch-python"],
    ),
    (
        "a feature",
        |s| s.edit("bakehouse.toml", "features = [\"metrics\"]", ""),
        &["web"],
    ),
    (
        "a package of every image",
        |s| {
            s.edit(
                "bakehouse.toml",
                "[runtime]",
                "[runtime]\npackages = [\"libpq5\"]",
            );
        },
        &["batch-python", "batch-shell", "web"],
    ),
    (
        "a package of one service's image",
        |s| s.edit("bakehouse.toml", "ca-certificates", "libpq5"),
        &["web"],
    ),
    (
        "a variable that is not set",
        |s| s.edit("bakehouse.toml", "\"COMMIT\"", "\"COMMIT\", \"BRANCH\""),
        &[],
    ),
    (
        "the place of the generated files",
        |s| {
            s.edit(
                "bakehouse.toml",
                "[cache]",
                "[output]\nfolder = \"deploy\"\nbake = \"deploy/bake.hcl\"\n\n[cache]",
            );
        },
        &[],
    ),
    (
        "a locked version",
        |s| {
            s.edit(
                "Cargo.lock",
                "name = \"ryu\"\nversion = \"1.0.18\"",
                "name = \"ryu\"\nversion = \"1.0.17\"",
            );
        },
        &["web"],
    ),
    (
        "a locked version that no image needs",
        |s| {
            s.edit(
                "Cargo.lock",
                "name = \"cfg-if\"\nversion = \"1.0.0\"",
                "name = \"cfg-if\"\nversion = \"1.0.1\"",
            );
        },
        &[],
    ),
    (
        "the profile's settings",
        |s| s.edit("Cargo.toml", "lto = \"thin\"", "lto = \"fat\""),
        ALL,
    ),
    (
        "a profile that images are not built with",
        |s| {
            s.edit(
                "Cargo.toml",
                "[profile.release]",
                "[profile.dev]\ndebug = 0\n\n[profile.release]",
            );
        },
        &[],
    ),
    (
        "the glibc that is built for",
        |s| {
            let config = s.read("bakehouse.toml");
            s.write("bakehouse.toml", &format!("glibc = \"2.28\"\n{config}"));
        },
        ALL,
    ),
    (
        "the toolchain",
        |s| s.edit("rust-toolchain.toml", "1.95.0", "1.94.0"),
        ALL,
    ),
];

fn executable(shop: &Shop) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(
        shop.path("web/static/index.html"),
        std::fs::Permissions::from_mode(0o755),
    )
    .expect("the file is there");
}

#[test]
fn exactly_the_outputs_that_an_edit_can_change_get_another_hash() {
    for (name, edit, expected) in ROWS {
        let shop = Shop::new();
        let before = shop.hashes();
        edit(&shop);
        let after = shop.hashes();
        assert_eq!(changed(&before, &after), *expected, "{name}");
    }
}

#[test]
fn a_variable_counts_where_a_package_asks_for_it() {
    let shop = Shop::new();
    let before = shop.hashes();
    let with = |value: &str| shop.hashes_with(&[("COMMIT", value), ("OTHER", value)]);
    let (one, other) = (with("1"), with("2"));
    for (name, hash) in &before {
        let asks = name == "web";
        assert_eq!(
            (one[name] != *hash, one[name] != other[name]),
            (asks, asks),
            "{name}"
        );
    }
    assert_eq!(with("1"), one);
    assert_eq!(with(""), before);
}

#[test]
fn modification_times_do_not_matter() {
    let shop = Shop::new();
    let before = shop.hashes();
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::open(shop.path("common/src/lib.rs"))
        .unwrap()
        .set_modified(old)
        .unwrap();
    assert_eq!(shop.hashes(), before);
}
