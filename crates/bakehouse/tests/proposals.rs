//! Proposals of `init` for packages that are not services, and for requirements of packages.

use crate::grove::Grove;

/// Registry crates that packages of these tests depend on.
const CRATES: [&str; 6] = [
    "dioxus",
    "leptos",
    "prost-build",
    "wasm-bindgen",
    "web-sys",
    "yew",
];

/// Returns a workspace with the service `api`, the library `common` and the package `ui`, which depends on `needs`.
fn with_ui(needs: &[&str], files: &[(&str, &str)]) -> Grove {
    let mut lock = "version = 4\n".to_owned();
    let named = |needs: &[&str]| -> String {
        let named = needs.iter().filter_map(|need| need.split(' ').next());
        let quoted: Vec<String> = named.map(|name| format!("{name:?}")).collect();
        quoted.join(", ")
    };
    for (name, needs) in [("api", &["common"][..]), ("common", &[]), ("ui", needs)] {
        lock += &format!(
            "\n[[package]]\nname = {name:?}\nversion = \"0.1.0\"\ndependencies = [{}]\n",
            named(needs)
        );
    }
    for name in CRATES {
        lock += &format!(
            "\n[[package]]\nname = {name:?}\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n"
        );
    }
    let manifest = format!(
        "[package]\nname = \"ui\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{}\n",
        needs.join("\n")
    );
    let base = [
        (
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/api\", \"crates/common\", \"ui\"]\n",
        ),
        ("Cargo.lock", lock.as_str()),
        ("crates/api/src/main.rs", "fn main() {}"),
        ("ui/Cargo.toml", manifest.as_str()),
        ("ui/src/main.rs", "fn main() {}"),
    ];
    let grove = Grove::new(&base);
    for (path, text) in files {
        let old = std::fs::read_to_string(grove.path(path)).unwrap_or_default();
        grove.write(path, &(old + text));
    }
    grove
}

/// Case → dependencies of `ui` → files added to it → reason why it is not a service; empty if it is one.
type Row<'a> = (&'a str, &'a [&'a str], Files<'a>, &'a str);

const ROWS: &[Row<'_>] = &[
    ("a program", &["web-sys = \"1\""], &[], ""),
    (
        "Trunk's configuration",
        &["web-sys = \"1\""],
        &[("ui/Trunk.toml", "[build]\ndist = \"dist\"\n")],
        "Trunk builds it for a browser: ui/Trunk.toml",
    ),
    (
        "a page for Trunk",
        &[],
        &[("ui/index.html", "<link data-trunk rel=\"rust\"/>")],
        "Trunk builds it for a browser: ui/index.html",
    ),
    (
        "a page of another kind",
        &[],
        &[("ui/index.html", "<p>")],
        "",
    ),
    (
        "Trunk's configuration above",
        &[],
        &[("Trunk.toml", "[build]\ntarget = \"ui/index.html\"\n")],
        "Trunk builds it for a browser: Trunk.toml",
    ),
    (
        "a page elsewhere",
        &[],
        &[(
            "index.html",
            "<link data-trunk rel=\"rust\" href=\"./ui/Cargo.toml\">",
        )],
        "Trunk builds it for a browser: index.html",
    ),
    (
        "a library that JavaScript loads",
        &["wasm-bindgen = \"1\""],
        &[
            (
                "ui/Cargo.toml",
                "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n",
            ),
            ("ui/src/lib.rs", ""),
        ],
        "a `cdylib` with `wasm-bindgen`",
    ),
    (
        "the same for some only",
        &["wasm-bindgen = { version = \"1\", optional = true }"],
        &[
            (
                "ui/Cargo.toml",
                "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n",
            ),
            ("ui/src/lib.rs", ""),
        ],
        "",
    ),
    (
        "leptos in a browser",
        &["leptos = { version = \"1\", features = [\"csr\"] }"],
        &[],
        "`leptos` with the feature `csr`",
    ),
    (
        "leptos in both places",
        &["leptos = { version = \"1\", features = [\"hydrate\"] }"],
        &[("ui/Cargo.toml", "[features]\nssr = []\n")],
        "",
    ),
    (
        "yew by the workspace",
        &["yew = { workspace = true }"],
        &[(
            "Cargo.toml",
            "[workspace.dependencies]\nyew = { version = \"1\", features = [\"csr\"] }\n",
        )],
        "`yew` with the feature `csr`",
    ),
    (
        "dioxus in a browser",
        &["dioxus = \"1\""],
        &[("ui/Dioxus.toml", "")],
        "dx builds it for a browser: ui/Dioxus.toml",
    ),
    (
        "dioxus with a server",
        &["dioxus = { version = \"1\", features = [\"fullstack\"] }"],
        &[("ui/Dioxus.toml", "")],
        "",
    ),
    (
        "Cargo's configuration",
        &[],
        &[(
            "ui/.cargo/config.toml",
            "[build]\ntarget = \"wasm32-unknown-unknown\"\n",
        )],
        "ui/.cargo/config.toml compiles it for `wasm32-unknown-unknown`",
    ),
];

#[test]
fn what_runs_in_a_browser_is_proposed_as_no_service() {
    for (name, needs, files, why) in ROWS {
        let printed = with_ui(needs, files).run(&["init", "--print"]);
        assert!(printed.contains("[services.api]"), "{name}: {printed}");
        assert_eq!(
            printed.contains("[services.ui]"),
            why.is_empty(),
            "{name}: {printed}"
        );
        if !why.is_empty() {
            let line = printed.lines().find(|line| line.starts_with("#   `ui`: "));
            assert!(
                line.is_some_and(|line| line.contains(why)),
                "{name}: {printed}"
            );
        }
    }
}

#[test]
fn a_front_end_beside_examples_alone_is_no_service_either() {
    let grove = with_ui(&[], &[("ui/Trunk.toml", "")]);
    std::fs::remove_file(grove.path("crates/api/src/main.rs")).unwrap();
    grove.write("crates/api/src/lib.rs", "");
    grove.write("crates/common/Cargo.toml", "[package]\nname = \"common\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[[bin]]\nname = \"xtask\"\nrequired-features = [\"tool\"]\npath = \"src/main.rs\"\n\n[features]\ntool = []\n");
    grove.write("crates/common/src/main.rs", "fn main() {}");
    let printed = grove.run(&["init", "--print"]);
    assert!(printed.contains("[services.xtask]"), "{printed}");
    assert!(!printed.contains("[services.ui]"), "{printed}");
    assert!(printed.contains("#   `ui`: Trunk"), "{printed}");
}

type Files<'a> = &'a [(&'a str, &'a str)];

/// Case → files → whether Debian's definitions are proposed.
const DEFINITIONS: &[(&str, Files<'_>, bool)] = &[
    (
        "none",
        &[("ui/proto/a.proto", "import \"b.proto\";\n")],
        false,
    ),
    (
        "a time",
        &[(
            "ui/proto/a.proto",
            "import \"google/protobuf/timestamp.proto\";\n",
        )],
        true,
    ),
    (
        "one that is in the repository",
        &[
            (
                "ui/proto/a.proto",
                "import \"google/protobuf/timestamp.proto\";\n",
            ),
            ("ui/proto/google/protobuf/timestamp.proto", ""),
        ],
        false,
    ),
    (
        "one of another package of definitions",
        &[(
            "ui/proto/a.proto",
            "import \"google/api/annotations.proto\";\n",
        )],
        false,
    ),
    (
        "one outside the package that the build script names",
        &[
            (
                "ui/build.rs",
                "fn main() { prost_build::compile_protos(&[\"../proto/a.proto\"], &[\"../proto\"]).unwrap(); }",
            ),
            (
                "proto/a.proto",
                "import public 'google/protobuf/any.proto';\n",
            ),
        ],
        true,
    ),
    (
        "one that nobody reads",
        &[
            (
                "docs/a.proto",
                "import \"google/protobuf/timestamp.proto\";\n",
            ),
            (
                "ui/target/debug/a.proto",
                "import \"google/protobuf/timestamp.proto\";\n",
            ),
        ],
        false,
    ),
];

#[test]
fn debians_own_package_of_definitions_is_proposed_where_one_is_imported() {
    for (name, files, expected) in DEFINITIONS {
        let printed = with_ui(&["prost-build = \"1\""], files).run(&["init", "--print"]);
        assert!(
            printed.contains("\"protobuf-compiler\", # prost-build"),
            "{name}: {printed}"
        );
        let line = "\"libprotobuf-dev\", # google/protobuf/*.proto";
        assert_eq!(printed.contains(line), *expected, "{name}: {printed}");
    }
}
