//! Wrong configuration: every mistake at once, each with its place and a hint.

use std::process::Output;

use crate::grove::Grove;
use crate::shop::{Shop, stderr};

#[test]
fn all_mistakes_are_reported_at_once() {
    let shop = Shop::new();
    shop.write(
        "bakehouse.toml",
        r#"registry = "not a registry"
platforms = ["linux"]
profile = "relase"
unify = "some"
context = "web"

[output]
folder = "web/deploy"
bake = "bake.json"

[cache]
strategy = "layers"

[bases]
packages = ["x; rm -rf /"]

[runtime]
packages = ["libssl3=", "Ä"]

[services.web]
package = "wbe"

[services.shop]
package = "web"
bin = "shop-wbe"
features = ["metric"]
user = "root"
files = { "../secret" = "etc/passwd" }
env = { "A B" = "x", OK = "two\nlines" }
labels = { "dev.bakehouse.input-hash" = "mine" }

[services.vendor]
package = "batch"

[services."A b"]
package = "batch"

[inputs.price]
paths = ["/etc/**", "**/*.proto"]
variables = ["A-B", "CARGO_HOME", "REGISTRY"]

[packs.base]
path = ".."
"#,
    );
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
}

#[test]
fn unknown_keys_wrong_types_and_wrong_values_are_reported_together() {
    let shop = Shop::new();
    shop.write(
        "bakehouse.toml",
        r#"registri = "x"
platforms = ["linux/amd46"]

[services.web]
pakage = "web"
package = "wbe"
ports = ["8080"]
lables = { a = "b" }

[packs.base]
path = 1
"#,
    );
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
}

#[test]
fn lists_and_names_that_say_a_thing_twice_are_reported_in_their_places() {
    let shop = Shop::new();
    shop.write(
        "bakehouse.toml",
        r#"registries = []
platforms = ["linux/amd64", "linux/arm64", "linux/amd64"]

[services.web]
package = "web"
bin = "shop-web"
tag = "{TAGS}"
output = "type=oci,dest=web-${TAG}.tar,compression=gzp"
platforms = ["linux/arm64", "linux/arm64"]

[services.web.variants.x]

[services.web-x]
package = "web"
bin = "shop-web"

[bake.groups]
all = ["web", "web-x", "web"]
"#,
    );
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    let mut told = stderr(&output);
    shop.write(
        "bakehouse.toml",
        "[services]\nweb = \"shop-web\"\n\n[cache]\nreference = { a = 1 }\n",
    );
    let output = shop.bakehouse(&["plan"]);
    told += &stderr(&output);
    shop.write(
        "bakehouse.toml",
        "[services.shop-web]\nfeatures = [\"price/x\", \"prices/x\", \"stub-server/x\"]\n",
    );
    let output = shop.bakehouse(&["plan"]);
    told += &stderr(&output);
    insta::assert_snapshot!(told);
}

#[test]
fn a_key_that_does_not_exist_is_shown_in_its_place() {
    let shop = Shop::new();
    shop.write(
        "bakehouse.toml",
        "registry = \"x\"\n\n[cache]\nstratgy = \"layer\"\n",
    );
    let output = shop.bakehouse(&["generate"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
    assert!(!shop.path("docker").exists());
}

#[test]
fn secrets_that_would_show_are_refused() {
    let shop = Shop::new();
    shop.write(
        "bakehouse.toml",
        r#"[inputs.web]
variables = ["SHOWN"]

[secrets]
variables = ["SHOWN", "PATH", "CARGO_HOME", "BOTH", "not a name", "CARGO_REGISTRIES_ACME_TOKEN"]

[secrets.files]
BOTH = "/run/both"
CERTIFICATES = "relative"
COMMA = "/run/a,readonly"
"#,
    );
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
}

#[test]
fn a_cache_is_a_repository_of_its_own() {
    let shop = Shop::new();
    for (reference, mistake) in [
        ("x/cache:main", "has a tag, `:main`"),
        ("x:5000/cache@sha256", "has a digest, `@sha256`"),
        ("x/web", "is the repository of the image of `web`"),
        ("docker.io/x/web", "is the repository of the image of `web`"),
        ("x:5000/cache", ""),
    ] {
        shop.write(
            "bakehouse.toml",
            &format!("registry = \"x\"\n\n[cache]\nref = \"{reference}\"\n\n[services.web]\npackage = \"web\"\n"),
        );
        let output = shop.bakehouse(&["plan"]);
        let said = stderr(&output);
        assert_eq!(
            output.status.success(),
            mistake.is_empty(),
            "{reference}: {said}"
        );
        assert!(said.contains(mistake), "{reference}: {said}");
    }
}

#[test]
fn a_registry_that_is_listed_under_two_names_is_refused_in_its_place() {
    let shop = Shop::new();
    for (one, other, are_one) in [
        ("docker.io/x", "x", true),
        ("x", "index.docker.io/x", true),
        ("docker.io", "docker.io/library", true),
        ("ghcr.io/x", "GHCR.io/x", true),
        ("ghcr.io/x", "x", false),
        ("x", "x/y", false),
    ] {
        let listed = format!("registries = [\n    \"{one}\",\n    \"{other}\",\n]\n");
        let service = "[services.web]\npackage = \"web\"\n";
        for (text, line) in [
            (format!("{listed}\n{service}"), 3),
            (format!("{service}{listed}"), 5),
        ] {
            shop.write("bakehouse.toml", &text);
            let output = shop.bakehouse(&["plan"]);
            let said = stderr(&output);
            assert_eq!(output.status.success(), !are_one, "{text}{said}");
            if are_one {
                let message = format!("`{other}` is the registry that `{one}` names");
                assert!(said.contains(&message), "{text}{said}");
                assert!(said.contains(&format!("bakehouse.toml:{line}:")), "{said}");
            }
        }
    }
}

/// Key → value → suggested fix.
const NAMES: &[(&str, &str, &str)] = &[
    ("registry", "ghcr.io/Acme/Shop", "write `ghcr.io/acme/shop`"),
    ("registry", "ghcr.io/acme:1", "has a tag, `:1`"),
    (
        "cache.ref",
        "ghcr.io/Acme/cache",
        "write `ghcr.io/acme/cache`",
    ),
    (
        "cache.ref",
        "https://ghcr.io/acme/cache",
        "begins with the scheme `https://`",
    ),
    ("bases.builder", "Rust:1.95", "write `rust:1.95`"),
    (
        "bases.runtime",
        "debian:feature/x",
        "has `feature` where the port of `debian` would be",
    ),
    ("services.web.runtime", "debian:", "has a `:` without a tag"),
    (
        "services.web-.package",
        "web",
        "`web-` cannot name an image",
    ),
    ("services.We_b.package", "web", "write `we_b`"),
    (
        "services.web.variants.a___b.runtime",
        "x",
        "`a___b` cannot name",
    ),
];

#[test]
fn what_no_reference_to_an_image_can_be_is_refused_where_it_stands() {
    let shop = Shop::new();
    for (key, value, mistake) in NAMES {
        let package = match key.starts_with("services") {
            true => "",
            false => "[services.web]\npackage = \"web\"\n",
        };
        let package = match key.contains("runtime") && package.is_empty() {
            true => "services.web.package = \"web\"\n",
            false => package,
        };
        shop.write("bakehouse.toml", &format!("{key} = \"{value}\"\n{package}"));
        let output = shop.bakehouse(&["generate"]);
        let said = stderr(&output);
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{key}: {said}");
        assert!(said.starts_with("config-value"), "{key}: {said}");
        assert!(line.contains(mistake), "{key}: {said}");
        assert!(line.contains("bakehouse.toml:1:"), "{key}: {said}");
        assert!(!shop.path("docker").exists(), "{key}");
    }
    let long = "a".repeat(251);
    shop.write(
        "bakehouse.toml",
        &format!("registry = \"{long}\"\n[services.web]\npackage = \"web\"\n"),
    );
    let said = stderr(&shop.bakehouse(&["plan"]));
    assert!(said.is_empty(), "{said}");
    shop.edit("bakehouse.toml", "[services.web]", "[services.webs]");
    let said = stderr(&shop.bakehouse(&["plan"]));
    assert!(said.contains("has 256 characters"), "{said}");
}

/// Variable → value → message.
const VARIABLES: &[(&str, &str, &str)] = &[
    ("REGISTRY", "ghcr.io/Acme", "write `ghcr.io/acme`"),
    ("TAG", "feature/x", "write `feature-x`"),
    ("CACHE_REF", "ghcr.io/acme/cache:1", "has a tag, `:1`"),
];

#[test]
fn variables_that_no_reference_can_be_made_of_are_refused_before_the_bake() {
    let shop = Shop::native();
    shop.generate();
    for (variable, value, mistake) in VARIABLES {
        let output = assert_cmd::Command::cargo_bin("bakehouse")
            .unwrap()
            .current_dir(shop.path(""))
            .env("BAKEHOUSE_CACHE", env!("CARGO_TARGET_TMPDIR"))
            .env(variable, value)
            .arg("build")
            .output()
            .unwrap();
        let said = stderr(&output);
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{variable}: {said}");
        assert!(line.contains(mistake), "{variable}: {said}");
        assert!(line.contains(variable), "{variable}: {said}");
    }
}

#[test]
fn without_configuration_each_binary_is_a_service() {
    let shop = Shop::new();
    std::fs::remove_file(shop.path("bakehouse.toml")).unwrap();
    let hashes = shop.hashes();
    assert_eq!(
        hashes.keys().collect::<Vec<_>>(),
        ["batch", "probe", "shop-web"]
    );
    shop.generate();
}

#[test]
fn a_service_that_does_not_exist_gets_a_suggestion() {
    let shop = Shop::new();
    shop.generate();
    let output = shop.bakehouse(&["build", "wbe"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("did you mean `web`?"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_builder_that_is_too_old_for_a_package_is_noticed_before_anything_is_compiled() {
    let shop = Shop::new();
    let bases = |version: &str| {
        let base = format!("[bases]\nbuilder = \"rust:{version}-slim\"");
        shop.edit("bakehouse.toml", "[bases]", &base);
        let output = shop.bakehouse(&["plan"]);
        shop.edit("bakehouse.toml", &base, "[bases]");
        output
    };
    shop.edit(
        "prices/Cargo.toml",
        "version = \"0.3.1\"",
        "version = \"0.3.1\"\nrust-version = \"1.88\"",
    );
    // The toolchain of the toolchain file is installed on an older base.
    assert!(bases("1.87.0").status.success());
    let refused = |output: Output| {
        assert_eq!(output.status.code(), Some(2));
        let said = stderr(&output);
        assert!(
            said.contains("`prices` needs Rust 1.88, and the builder has 1.87.0"),
            "{said}"
        );
    };
    shop.write("rust-toolchain.toml", "[toolchain]\nchannel = \"1.87.0\"\n");
    refused(bases("1.88.0"));
    std::fs::remove_file(shop.path("rust-toolchain.toml")).unwrap();
    assert!(bases("1.88.0").status.success());
    refused(bases("1.87.0"));
}

#[test]
fn a_folder_without_a_workspace_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let output = assert_cmd::Command::cargo_bin("bakehouse")
        .unwrap()
        .current_dir(&folder)
        .arg("plan")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("manifest-missing"),
        "{}",
        stderr(&output)
    );
    assert!(stderr(&output).contains("--manifest-path"));
}

#[test]
fn an_empty_base_installs_no_packages() {
    let shop = Shop::new();
    for config in [
        "[services.web]\npackage = \"web\"\nruntime = \"scratch\"\npackages = [\"ca-certificates\"]\n",
        "[services.web]\npackage = \"web\"\nvariants.plain = {}\nvariants.bare.runtime = \"scratch\"\n[runtime]\npackages = [\"tini\"]\n",
        "bases.runtime = \"scratch\"\n[services.web]\npackage = \"web\"\npackages = [\"tini\"]\n",
    ] {
        shop.write("bakehouse.toml", config);
        let output = shop.bakehouse(&["generate"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{config}: {said}");
        assert!(
            said.contains("`scratch` has no program that installs"),
            "{said}"
        );
    }
}

/// Returns the codes that `plan` reports, each with the line that it stands in.
fn places(config: &str) -> Vec<(String, usize)> {
    let grove = Grove::new(&[
        ("crates/api/src/main.rs", "fn main() {}"),
        ("bakehouse.toml", config),
    ]);
    let output = grove.command(&["plan"]);
    assert_eq!(
        output.status.code(),
        Some(2),
        "{config}: {}",
        stderr(&output)
    );
    let said = stderr(&output);
    let mut code = String::new();
    let mut places = Vec::new();
    for line in said.lines() {
        let is_code = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        if !line.is_empty() && is_code(line) {
            line.clone_into(&mut code);
        } else if let Some((_, place)) = line.split_once("─[bakehouse.toml:") {
            let line = place.split(':').next().and_then(|line| line.parse().ok());
            places.push((code.clone(), line.unwrap()));
        }
    }
    assert_eq!(
        places.len(),
        said.matches("  × ").count(),
        "something has no place: {said}"
    );
    places
}

#[test]
fn no_mistake_hides_another_and_each_has_its_line() {
    // Configuration, and the code and line of each mistake.
    let table: [(&str, &[(&str, usize)]); 9] = [
        (
            "[services.api]\nfiles = { \"../outside\" = \"/a\", \"gone\" = \"/b\" }\n",
            &[("path-outside", 2), ("input-missing", 2)],
        ),
        (
            "[services.api]\n[inputs.common]\npaths = [\"../../outside\",\n\"gone\",\n\"gone/**/*.x\"]\n",
            &[
                ("path-outside", 3),
                ("input-missing", 4),
                ("input-missing", 5),
            ],
        ),
        (
            "[inputs.common]\npaths = [\"gone\"]\n[services.api]\nbin = \"apo\"\nfiles = { \"gone2\" = \"/b\" }\n",
            &[
                ("input-missing", 2),
                ("binary-unknown", 4),
                ("input-missing", 5),
            ],
        ),
        (
            "[services.api.variants.a]\nfiles = { gone = \"/a\" }\n",
            &[("input-missing", 2)],
        ),
        (
            "[services.api]\nports = [0, 8080, 8080]\n",
            &[("config-invalid", 2), ("config-value", 2)],
        ),
        (
            "[services.api]\nports = [8080, 9090]\nvariants.a.ports = [1, 2, 1]\n",
            &[("config-value", 3)],
        ),
        (
            "[services.api]\n[services.api-a]\npackage = \"api\"\n[packs.b]\npath = \"packs/b\"\n[services.pack-b]\npackage = \"api\"\n",
            &[("name-collision", 4)],
        ),
        (
            "[packs.vendor]\npath = \"packs/a\"\n[services.a_b]\npackage = \"api\"\n[services.a-b]\npackage = \"api\"\n",
            &[("name-collision", 3)],
        ),
        (
            "[services]\napi.ports = [1]\n[services.api]\nports = [2]\n",
            &[("config-invalid", 3)],
        ),
    ];
    for (config, expected) in table {
        let expected: Vec<(String, usize)> = expected
            .iter()
            .map(|(code, line)| ((*code).to_owned(), *line))
            .collect();
        assert_eq!(places(config), expected, "{config}");
    }
}
