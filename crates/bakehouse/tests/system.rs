//! Packages of the distribution that `init` proposes: what the services' crates seek, and nothing else.

use std::fmt::Write;

use crate::grove::Grove;

/// Case → packages with their dependencies and features → crates of the lock with their dependencies → the Debian
/// packages for the builder and for the image.
type Row<'a> = (
    &'a str,
    &'a [(&'a str, &'a str)],
    &'a [(&'a str, &'a [&'a str])],
    &'a [&'a str],
    &'a [&'a str],
);

const OPENSSL: (&str, &[&str]) = ("openssl-sys", &["cc", "openssl-src", "pkg-config"]);

const SQLX: &[(&str, &[&str])] = &[
    ("libsqlite3-sys", &["pkg-config", "vcpkg"]),
    ("sqlx", &["sqlx-sqlite"]),
    ("sqlx-sqlite", &["libsqlite3-sys"]),
];

const DIESEL: &[(&str, &[&str])] = &[
    ("diesel", &["libsqlite3-sys", "pq-sys"]),
    ("layer", &["diesel"]),
    ("libsqlite3-sys", &["pkg-config", "vcpkg"]),
    ("pq-sys", &["vcpkg"]),
];

const ROWS: &[Row<'_>] = &[
    (
        "a library of the system",
        &[("api", "[dependencies]\nopenssl-sys = \"1\"\n")],
        &[("openssl-sys", &["cc", "pkg-config"])],
        &["libssl-dev", "pkg-config"],
        &["ca-certificates", "libssl3"],
    ),
    (
        "brought along by a feature that nobody switches on",
        &[
            ("api", "[dependencies]\nopenssl-sys = \"1\"\n"),
            (
                "phone",
                "[features]\nbundled = [\"openssl-sys/vendored\"]\n[dependencies]\nopenssl-sys = { version = \"1\", optional = true }\n",
            ),
        ],
        &[OPENSSL, ("openssl-src", &["cc"])],
        &["libssl-dev", "pkg-config"],
        &["ca-certificates", "libssl3"],
    ),
    (
        "brought along by a feature of a service",
        &[(
            "api",
            "[dependencies]\nnative-tls = { version = \"1\", features = [\"vendored\"] }\n",
        )],
        &[
            ("native-tls", &["openssl-sys"]),
            OPENSSL,
            ("openssl-src", &["cc"]),
        ],
        &["make", "perl"],
        &[],
    ),
    (
        "brought along by a default feature that leads there",
        &[(
            "api",
            "[features]\ndefault = [\"tls\"]\ntls = [\"native-tls/vendored\"]\n[dependencies]\nnative-tls = \"1\"\n",
        )],
        &[
            ("native-tls", &["openssl-sys"]),
            OPENSSL,
            ("openssl-src", &["cc"]),
        ],
        &["make", "perl"],
        &[],
    ),
    (
        "nobody here says whether it is brought along",
        &[("api", "[dependencies]\ngit2 = \"1\"\n")],
        &[
            ("git2", &["openssl-sys"]),
            OPENSSL,
            ("openssl-src", &["cc"]),
        ],
        &["libssl-dev", "make", "perl", "pkg-config"],
        &["ca-certificates", "libssl3"],
    ),
    (
        "an optional dependency that is off",
        &[(
            "api",
            "[dependencies]\nopenssl-sys = { version = \"1\", optional = true }\n",
        )],
        &[("openssl-sys", &["cc", "pkg-config"])],
        &[],
        &[],
    ),
    (
        "a dependency for other platforms",
        &[(
            "api",
            "[target.'cfg(windows)'.dependencies]\nopenssl-sys = \"1\"\n",
        )],
        &[("openssl-sys", &["cc", "pkg-config"])],
        &[],
        &[],
    ),
    (
        "a build dependency without a build script",
        &[("api", "[build-dependencies]\nprost-build = \"1\"\n")],
        &[("prost-build", &[])],
        &[],
        &[],
    ),
    (
        "a compiler that one package brings along for itself",
        &[
            (
                "api",
                "build = \"build.rs\"\n[build-dependencies]\nprost-build = \"1\"\n",
            ),
            (
                "ingest",
                "build = \"build.rs\"\n[build-dependencies]\nprost-build = \"1\"\nprotoc-bin-vendored = \"1\"\n",
            ),
        ],
        &[("prost-build", &[]), ("protoc-bin-vendored", &[])],
        &["protobuf-compiler"],
        &[],
    ),
    (
        "a compiler that all bring along, one through a wrapper",
        &[
            (
                "api",
                "build = \"build.rs\"\n[build-dependencies]\ntonic-build = \"1\"\nprotox = \"1\"\n",
            ),
            (
                "ingest",
                "build = \"build.rs\"\n[build-dependencies]\nprost-build = \"1\"\nprotoc-bin-vendored = \"1\"\n",
            ),
        ],
        &[
            ("prost-build", &[]),
            ("protoc-bin-vendored", &[]),
            ("protox", &[]),
            ("tonic-build", &["prost-build"]),
        ],
        &[],
        &[],
    ),
    (
        "SQLite with and without its sources",
        &[(
            "api",
            "[dependencies]\nrusqlite = { version = \"1\", features = [\"bundled\"] }\n",
        )],
        &[
            ("libsqlite3-sys", &["cc", "pkg-config", "vcpkg"]),
            ("rusqlite", &["libsqlite3-sys"]),
        ],
        &[],
        &[],
    ),
    (
        "a driver that a lock always has, off",
        &[(
            "api",
            "[dependencies]\nsqlx = { version = \"1\", features = [\"postgres\"] }\n",
        )],
        SQLX,
        &[],
        &[],
    ),
    (
        "the same driver, on",
        &[(
            "api",
            "[dependencies]\nsqlx = { version = \"1\", features = [\"sqlite-unbundled\"] }\n",
        )],
        SQLX,
        &["libsqlite3-dev", "pkg-config"],
        &["libsqlite3-0"],
    ),
    (
        "a backend that another package switches on",
        &[
            (
                "api",
                "[dependencies]\ndiesel = { version = \"1\", features = [\"postgres\"] }\n",
            ),
            (
                "other-tool",
                "[features]\nlocal = [\"diesel/sqlite\"]\n[dependencies]\ndiesel = \"1\"\n",
            ),
        ],
        DIESEL,
        &["libpq-dev"],
        &["libpq5"],
    ),
    (
        "a backend that perhaps a third-party crate switches on",
        &[("api", "[dependencies]\nlayer = \"1\"\n")],
        DIESEL,
        &["libpq-dev", "libsqlite3-dev", "pkg-config"],
        &["libpq5", "libsqlite3-0"],
    ),
    (
        "a build tool that its only user leaves alone",
        &[("api", "[dependencies]\naws-lc-rs = \"1\"\n")],
        &[
            ("aws-lc-rs", &["aws-lc-sys"]),
            ("aws-lc-sys", &["cc", "cmake", "dunce"]),
            ("cmake", &["cc"]),
        ],
        &[],
        &[],
    ),
    (
        "a build tool of a crate that is off",
        &[("api", "[dependencies]\naws-lc-rs = \"1\"\n")],
        &[
            ("aws-lc-fips-sys", &["bindgen", "cmake"]),
            ("aws-lc-rs", &["aws-lc-fips-sys", "aws-lc-sys"]),
            ("aws-lc-sys", &["cc", "cmake", "dunce"]),
            ("cmake", &["cc"]),
        ],
        &[],
        &[],
    ),
    (
        "a build tool with two users",
        &[("api", "[dependencies]\naws-lc-rs = \"1\"\nfoo = \"1\"\n")],
        &[
            ("aws-lc-rs", &["aws-lc-sys"]),
            ("aws-lc-sys", &["cc", "cmake", "dunce"]),
            ("cmake", &["cc"]),
            ("foo", &["cmake"]),
        ],
        &["cmake", "g++", "make"],
        &[],
    ),
];

fn workspace(packages: &[(&str, &str)], crates: &[(&str, &[&str])]) -> Grove {
    let mut lock = "version = 4\n".to_owned();
    let folders = packages
        .iter()
        .map(|(name, _)| format!("\"crates/{name}\""));
    let folders = folders.collect::<Vec<_>>().join(", ");
    let mut files = vec![(
        "Cargo.toml".to_owned(),
        format!("[workspace]\nresolver = \"3\"\nmembers = [{folders}]\n"),
    )];
    let quoted = |names: &mut dyn Iterator<Item = &str>| {
        let quoted: Vec<String> = names.map(|name| format!("{name:?}")).collect();
        quoted.join(", ")
    };
    for (name, manifest) in packages {
        let known = crates.iter().map(|(name, _)| *name);
        let mut named = known.filter(|known| manifest.contains(&format!("\n{known} = ")));
        let _ = write!(
            lock,
            "\n[[package]]\nname = {name:?}\nversion = \"0.1.0\"\ndependencies = [{}]\n",
            quoted(&mut named)
        );
        let head = format!("[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        files.push((format!("crates/{name}/Cargo.toml"), head + manifest));
        files.push((format!("crates/{name}/src/main.rs"), "fn main() {}".into()));
        if manifest.starts_with("build = ") {
            files.push((format!("crates/{name}/build.rs"), "fn main() {}".into()));
        }
    }
    let others = crates.iter().flat_map(|(_, needs)| needs.iter());
    let mut all: Vec<(&str, &[&str])> = crates.to_vec();
    for other in others {
        if !all.iter().any(|(name, _)| name == other) {
            all.push((other, &[]));
        }
    }
    for (name, needs) in all {
        let _ = write!(
            lock,
            "\n[[package]]\nname = {name:?}\nversion = \"1.0.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\ndependencies = [{}]\n",
            quoted(&mut needs.iter().copied())
        );
    }
    files.push(("Cargo.lock".to_owned(), lock));
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    Grove::new(&files)
}

/// Returns the packages of the list in a table of the proposal.
fn packages(proposal: &str, table: &str) -> Vec<String> {
    let value: toml::Table = proposal.parse().unwrap();
    let list = value
        .get(table)
        .and_then(|table| table.get("packages"))
        .and_then(toml::Value::as_array);
    let names = list.into_iter().flatten().filter_map(toml::Value::as_str);
    names.map(str::to_owned).collect()
}

#[test]
fn packages_are_those_that_the_services_crates_seek() {
    for (case, members, crates, builder, image) in ROWS {
        let printed = workspace(members, crates).run(&["init", "--print"]);
        assert_eq!(packages(&printed, "bases"), *builder, "{case}\n{printed}");
        assert_eq!(packages(&printed, "runtime"), *image, "{case}\n{printed}");
    }
}

#[test]
fn packages_have_the_names_of_the_bases_that_are_proposed() {
    let (_, members, crates, ..) = ROWS[0];
    let grove = workspace(members, crates);
    grove.write(
        "Dockerfile",
        "FROM rust:1.95.0-alpine AS b\nCOPY . .\nRUN cargo build --release -p api\nFROM alpine:3.22\nCOPY --from=b /target/release/api /usr/bin/\nENTRYPOINT [\"api\"]\n",
    );
    let printed = grove.run(&["init", "--print"]);
    assert!(
        printed.contains("builder = \"docker.io/library/rust:1.95.0-alpine\""),
        "{printed}"
    );
    assert_eq!(
        packages(&printed, "bases"),
        ["openssl-dev", "pkgconf"],
        "{printed}"
    );
    assert_eq!(
        packages(&printed, "runtime"),
        ["ca-certificates", "libcrypto3", "libssl3"],
        "{printed}"
    );
}

#[test]
fn plan_names_what_no_key_lists_until_one_does() {
    let (_, members, crates, ..) = ROWS[0];
    let grove = workspace(members, crates);
    let slim = "[bases]\nbuilder = \"docker.io/library/rust:1.95.0-slim-bookworm\"\n";
    let listed = "packages = [\"libssl-dev\", \"pkg-config=1.8.1-1\"]\n\n[runtime]\npackages = [\"ca-certificates\", \"libssl3\"]\n";
    let alpine = "[bases]\nbuilder = \"docker.io/library/rust:1.95.0-alpine\"\nruntime = \"docker.io/library/alpine:3.22\"\n";
    let other = "[bases]\nbuilder = \"ghcr.io/acme/rust:1\"\nruntime = \"ghcr.io/acme/base:1\"\n";
    let table: [(String, &[&str]); 4] = [
        (
            slim.to_owned(),
            &["ca-certificates", "libssl-dev", "libssl3", "pkg-config"],
        ),
        (slim.to_owned() + listed, &[]),
        (
            alpine.to_owned(),
            &[
                "ca-certificates",
                "libcrypto3",
                "libssl3",
                "openssl-dev",
                "pkgconf",
            ],
        ),
        (other.to_owned(), &[]),
    ];
    for (config, expected) in table {
        grove.write("bakehouse.toml", &config);
        let shown = grove.run(&["plan", "--format", "json"]);
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let missing = shown["missing_packages"].as_array().cloned();
        let mut names: Vec<String> = missing
            .unwrap_or_default()
            .iter()
            .map(|one| one["package"].as_str().unwrap_or_default().to_owned())
            .collect();
        names.sort();
        assert_eq!(names, expected, "{config}");
        let told = grove.run(&["plan"]).contains("no key lists");
        assert_eq!(told, !expected.is_empty(), "{config}");
    }
}
