//! Hidden inputs: the finding for each construct, constructs without findings, and the use of findings in commands.

use bakehouse::graph::Workspace;
use bakehouse::graph::cargo::Cargo;
use bakehouse::graph::inputs::{Finding, scan, scan_files};

use crate::grove::Grove;

struct Case {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// Lines `package path place kind certainty`, with `missing` if the file does not exist.
    findings: &'static [&'static str],
}

const MAIN: &str = "crates/api/src/main.rs";
const BUILD: &str = "crates/api/build.rs";

const CASES: &[Case] = &[
    Case {
        name: "an included file above the package",
        files: &[
            (
                MAIN,
                "const A: &str = include_str!(\"../../../openapi.json\");\nfn main() {}",
            ),
            ("openapi.json", "{}"),
        ],
        findings: &["api openapi.json crates/api/src/main.rs:1 include certain"],
    },
    Case {
        name: "an included file of the package's own",
        files: &[
            (
                MAIN,
                "const A: &str = include_str!(\"../README.md\"); fn main() {}",
            ),
            ("crates/api/README.md", ""),
        ],
        findings: &[],
    },
    Case {
        name: "a file of a package that is needed comes with it",
        files: &[
            (
                MAIN,
                "const A: &str = include_str!(\"../../common/a.txt\"); fn main() {}",
            ),
            ("crates/common/a.txt", ""),
        ],
        findings: &[],
    },
    Case {
        name: "a file of a package that is not needed does not",
        files: &[
            (
                MAIN,
                "const A: &[u8] = include_bytes!(\"../../other/a.txt\"); fn main() {}",
            ),
            ("crates/other/a.txt", ""),
        ],
        findings: &["api crates/other/a.txt crates/api/src/main.rs:1 include certain"],
    },
    Case {
        name: "an included file that is made before the build",
        files: &[(
            MAIN,
            "const A: &str = include_str!(\"../../../web/dist/index.html\"); fn main() {}",
        )],
        findings: &["api web/dist/index.html crates/api/src/main.rs:1 include certain missing"],
    },
    Case {
        name: "an included file outside the workspace",
        files: &[(
            MAIN,
            "const A: &str = include_str!(\"../../../../elsewhere.txt\"); fn main() {}",
        )],
        findings: &["api ../elsewhere.txt crates/api/src/main.rs:1 include certain missing"],
    },
    Case {
        name: "what a build script made is in no folder of the workspace",
        files: &[(
            MAIN,
            "include!(concat!(env!(\"OUT_DIR\"), \"/../x.rs\")); fn main() {}",
        )],
        findings: &[],
    },
    Case {
        name: "an included file of a package within the package",
        files: &[
            (
                MAIN,
                "const A: &str = include_str!(\"nested/a.txt\");\nfn main() {}",
            ),
            (
                "crates/api/src/nested/Cargo.toml",
                "[package]\nname = \"nested\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            ),
            ("crates/api/src/nested/src/lib.rs", ""),
            ("crates/api/src/nested/a.txt", ""),
        ],
        findings: &[],
    },
    Case {
        name: "what comments name",
        files: &[
            (
                MAIN,
                "//! As `include_str!(\"../../../a.txt\")` does, in CARGO_MANIFEST_DIR.\n/* include!(\"../../../a.txt\") */\nfn main() { env!(\"CARGO_MANIFEST_DIR\"); }",
            ),
            ("a.txt", ""),
        ],
        findings: &[],
    },
    Case {
        name: "the README as documentation",
        files: &[
            (
                MAIN,
                "#![doc = include_str!(\"../../../README.md\")]\nfn main() {}",
            ),
            (
                "crates/common/src/lib.rs",
                "#![cfg_attr(doctest, doc = include_str!(\"../../../README.md\"))]",
            ),
            ("README.md", ""),
        ],
        findings: &["api README.md crates/api/src/main.rs:1 include certain"],
    },
    Case {
        name: "within other macros, and in modules far down",
        files: &[
            (MAIN, "mod a;\nfn main() { println!(\"{}\", a::b::A); }"),
            ("crates/api/src/a/mod.rs", "pub mod b;"),
            (
                "crates/api/src/a/b.rs",
                "lazy! {\n    static ref X: &str = include_str!(\"../../../../a.txt\");\n}\nfn f() { assert_eq!(1, g(include_str!(\"../../../../b.txt\"))); }",
            ),
            ("a.txt", ""),
            ("b.txt", ""),
        ],
        findings: &[
            "api a.txt crates/api/src/a/b.rs:2 include certain",
            "api b.txt crates/api/src/a/b.rs:4 include certain",
        ],
    },
    Case {
        name: "an included path made of the package's folder",
        files: &[
            (
                MAIN,
                "const A: &str = include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../../a.txt\"));\nfn main() {}",
            ),
            ("a.txt", ""),
        ],
        findings: &["api a.txt crates/api/src/main.rs:1 include certain"],
    },
    Case {
        name: "paths made of the package's folder may be read at run time",
        files: &[
            (
                MAIN,
                "use std::path::Path;\nfn main() {\n    let root = Path::new(env!(\"CARGO_MANIFEST_DIR\")).parent().unwrap().parent().unwrap();\n    read(root.join(\"config\").join(\"a.toml\"));\n    read(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../../b.toml\"));\n    read(format!(\"{}/../../c.toml\", env!(\"CARGO_MANIFEST_DIR\")));\n    let mut path = home();\n    path.push(\"d.toml\");\n    read(&path);\n    read(root);\n    read(root.join(\"missing\"));\n}\nfn home() -> PathBuf {\n    PathBuf::from(env!(\"CARGO_MANIFEST_DIR\")).join(\"../..\")\n}",
            ),
            ("config/a.toml", ""),
            ("b.toml", ""),
            ("c.toml", ""),
            ("d.toml", ""),
        ],
        findings: &[
            "api b.toml crates/api/src/main.rs:5 manifest-dir perhaps",
            "api c.toml crates/api/src/main.rs:6 manifest-dir perhaps",
            "api config/a.toml crates/api/src/main.rs:3 manifest-dir perhaps",
            "api d.toml crates/api/src/main.rs:14 manifest-dir perhaps",
        ],
    },
    Case {
        name: "a build script that goes up until it finds something is said, once for each place",
        files: &[
            (
                "crates/api/build.rs",
                "fn main() {\n    let own = Path::new(env!(\"CARGO_MANIFEST_DIR\"));\n    let root = own.ancestors().find(|dir| dir.join(\"Cargo.lock\").exists());\n    let mut dir = std::env::current_dir().unwrap();\n    while !dir.join(\"proto\").exists() {\n        dir.pop();\n    }\n    let mut up = own;\n    loop {\n        up = up.parent().unwrap();\n    }\n}\nfn known() {\n    let own = Path::new(env!(\"CARGO_MANIFEST_DIR\"));\n    read(own.ancestors().nth(2).unwrap().join(\"a.txt\"));\n    let out = PathBuf::from(env::var(\"OUT_DIR\").unwrap());\n    for dir in out.ancestors() {}\n    for file in own.read_dir() { file.parent(); }\n}",
            ),
            (
                MAIN,
                "fn main() { Path::new(env!(\"CARGO_MANIFEST_DIR\")).ancestors(); }",
            ),
            ("a.txt", ""),
        ],
        findings: &[
            "api a.txt crates/api/build.rs:14 build-script certain",
            "api crates crates/api/build.rs:3 unfollowed perhaps",
            "api crates crates/api/build.rs:6 unfollowed perhaps",
            "api crates crates/api/build.rs:10 unfollowed perhaps",
        ],
    },
    Case {
        name: "a build script runs in the folder of its package, and holds paths in several variables",
        files: &[
            (
                "crates/api/build.rs",
                "fn main() {\n    read(std::env::current_dir().unwrap().join(\"..\").join(\"../a.txt\"));\n    let mut p = current_dir()?;\n    p.pop();\n    p.push(\"../b.txt\");\n    read(&p);\n    let root = env::var(\"CARGO_MANIFEST_DIR\").map(PathBuf::from).unwrap();\n    let above = root.parent().unwrap().to_owned();\n    read(above.join(\"../c.txt\"));\n    let q = { let mut q = current_dir().map(|own| own.join(\"..\")).unwrap(); q.push(\"../d.txt\"); q };\n    read(q);\n}",
            ),
            (
                MAIN,
                "fn main() { read(std::env::current_dir().unwrap().join(\"../../a.txt\")); }",
            ),
            ("a.txt", ""),
            ("b.txt", ""),
            ("c.txt", ""),
            ("d.txt", ""),
        ],
        findings: &[
            "api a.txt crates/api/build.rs:2 build-script certain",
            "api b.txt crates/api/build.rs:3 build-script certain",
            "api c.txt crates/api/build.rs:7 build-script certain",
            "api d.txt crates/api/build.rs:10 build-script certain",
        ],
    },
    Case {
        name: "tests are in no image",
        files: &[
            (
                MAIN,
                "#[cfg(test)]\nmod checks;\n#[cfg(all(test, unix))]\nmod inline { const A: &str = include_str!(\"../../../a.txt\"); }\nfn main() {}\n#[test]\nfn t() { include_str!(\"../../../a.txt\"); }",
            ),
            ("crates/api/src/checks.rs", "mod deep;"),
            (
                "crates/api/src/checks/deep.rs",
                "const A: &str = include_str!(\"../../../../a.txt\");",
            ),
            (
                "crates/api/tests/a.rs",
                "const A: &str = include_str!(\"../../../a.txt\");",
            ),
            ("a.txt", ""),
        ],
        findings: &[],
    },
    Case {
        name: "what is compiled in tests too is in the image",
        files: &[
            (
                MAIN,
                "#[cfg(any(test, feature = \"x\"))]\nconst A: &str = include_str!(\"../../../a.txt\");\nfn main() {}",
            ),
            ("a.txt", ""),
        ],
        findings: &["api a.txt crates/api/src/main.rs:2 include certain"],
    },
    Case {
        name: "migrations",
        files: &[
            (
                MAIN,
                "fn main() {\n    sqlx::migrate!(\"../../migrations\");\n    sqlx::migrate!();\n}",
            ),
            (
                "crates/common/src/lib.rs",
                "const M: EmbeddedMigrations = embed_migrations!();",
            ),
            ("migrations/1.sql", ""),
            ("crates/api/migrations/1.sql", ""),
        ],
        findings: &[
            "api migrations crates/api/src/main.rs:2 migrations certain",
            "common migrations crates/common/src/lib.rs:1 migrations certain",
        ],
    },
    Case {
        name: "the query cache of the workspace, and that of the package",
        files: &[
            (MAIN, "fn main() { sqlx::query!(\"SELECT 1\"); }"),
            (
                "crates/common/src/lib.rs",
                "fn f() { query_file_as!(Row, \"../../sql/a.sql\"); }",
            ),
            ("crates/common/.sqlx/query-1.json", "{}"),
            (".sqlx/query-2.json", "{}"),
            ("sql/a.sql", ""),
        ],
        findings: &[
            "api .sqlx crates/api/src/main.rs:1 queries certain",
            "common sql/a.sql crates/common/src/lib.rs:1 queries certain",
        ],
    },
    Case {
        name: "embedded folders",
        files: &[
            (
                MAIN,
                "#[derive(RustEmbed)]\n#[folder = \"../../web/dist\"]\nstruct Web;\nstatic D: Dir = include_dir!(\"$CARGO_MANIFEST_DIR/../../docs\");\n#[derive(RustEmbed)]\n#[folder = \"static/\"]\nstruct Own;\nfn main() {}",
            ),
            ("web/dist/index.html", ""),
            ("docs/a.md", ""),
        ],
        findings: &[
            "api docs crates/api/src/main.rs:4 folder certain",
            "api web/dist crates/api/src/main.rs:2 folder certain",
        ],
    },
    Case {
        name: "a module elsewhere",
        files: &[
            (
                MAIN,
                "#[path = \"../../../shared/a.rs\"]\nmod a;\nfn main() {}",
            ),
            ("shared/a.rs", ""),
        ],
        findings: &["api shared/a.rs crates/api/src/main.rs:1 module certain"],
    },
    Case {
        name: "paths in macros and attributes that are not known",
        files: &[
            (
                MAIN,
                "#[derive(GraphQLQuery)]\n#[graphql(schema_path = \"../../schema.graphql\", query_path = \"src/q.graphql\")]\nstruct Q;\nwit_bindgen::generate!({ path: \"../../wit\", world: \"../../no-file\" });\nfn main() { let x = \"../../schema.graphql\"; }",
            ),
            ("schema.graphql", ""),
            ("wit/a.wit", ""),
        ],
        findings: &[
            "api schema.graphql crates/api/src/main.rs:2 macro perhaps",
            "api wit crates/api/src/main.rs:4 macro perhaps",
        ],
    },
    Case {
        name: "proto files with what they import",
        files: &[
            (
                BUILD,
                "fn main() {\n    tonic_build::compile_protos(\"../../proto/api/a.proto\").unwrap();\n    println!(\"cargo:rerun-if-changed=../../proto/b.proto\");\n}",
            ),
            (MAIN, "fn main() {}"),
            ("proto/api/a.proto", ""),
            ("proto/b.proto", ""),
        ],
        findings: &[
            "api proto crates/api/build.rs:3 proto certain",
            "api proto/api crates/api/build.rs:2 proto certain",
        ],
    },
    Case {
        name: "paths that a build script puts together",
        files: &[
            (
                BUILD,
                "use std::{env, path::PathBuf};\nconst SCHEMAS: &str = \"../../schemas\";\nfn main() {\n    let root = PathBuf::from(env::var(\"CARGO_MANIFEST_DIR\").unwrap()).join(\"../..\");\n    let proto = root.join(\"proto\");\n    for file in [\"a.proto\", \"b.proto\"] {\n        compile(&proto.join(file));\n    }\n    cc::Build::new().file(\"../../c/a.c\").compile(\"a\");\n    read(SCHEMAS);\n    for entry in std::fs::read_dir(root.join(\"assets\")).unwrap() {}\n}",
            ),
            (MAIN, "fn main() {}"),
            ("proto/a.proto", ""),
            ("proto/b.proto", ""),
            ("c/a.c", ""),
            ("schemas/a.json", ""),
            ("assets/a.png", ""),
        ],
        findings: &[
            "api assets crates/api/build.rs:4 build-script certain",
            "api c/a.c crates/api/build.rs:9 build-script certain",
            "api proto crates/api/build.rs:4 proto certain",
            "api schemas crates/api/build.rs:2 build-script certain",
        ],
    },
    Case {
        name: "templates",
        files: &[
            (MAIN, "fn main() {}"),
            (
                "crates/api/askama.toml",
                "[general]\ndirs = [\"templates\", \"../../templates\"]\n",
            ),
            ("templates/a.html", ""),
        ],
        findings: &["api templates crates/api/askama.toml:2 templates certain"],
    },
    Case {
        name: "a build script that fetches something",
        files: &[
            (
                BUILD,
                "use ureq::get;\nfn main() {\n    let body = reqwest::blocking::get(\"https://x\");\n    let curl = std::process::Command::new(\"curl\");\n    curl.arg(\"x\");\n    std::process::Command::new(\"npm\").arg(\"ci\");\n}",
            ),
            (
                MAIN,
                "use ureq::get;\nfn main() { std::process::Command::new(\"curl\"); }",
            ),
        ],
        findings: &[
            "api the network crates/api/build.rs:1 network certain missing",
            "api the network crates/api/build.rs:3 network certain missing",
            "api the network crates/api/build.rs:4 network perhaps missing",
            "api the network crates/api/build.rs:6 network perhaps missing",
        ],
    },
    Case {
        name: "the repository",
        files: &[
            (
                BUILD,
                "use vergen_git2::Emitter;\nfn main() {\n    std::process::Command::new(\"git\").arg(\"rev-parse\");\n    println!(\"cargo:rerun-if-changed=../../.git/HEAD\");\n}",
            ),
            (
                MAIN,
                "const V: &str = git_version::git_version!();\nfn main() {}",
            ),
            (".git/HEAD", ""),
        ],
        findings: &[
            "api .git crates/api/build.rs:1 git certain",
            "api .git crates/api/build.rs:3 git certain",
            "api .git crates/api/build.rs:4 git certain",
            "api .git crates/api/src/main.rs:1 git certain",
        ],
    },
    Case {
        name: "a submodule that is not checked out",
        files: &[
            (
                MAIN,
                "const A: &str = include_str!(\"../../../vendor/spec/a.json\"); fn main() {}",
            ),
            (
                ".gitmodules",
                "[submodule \"spec\"]\n\tpath = vendor/spec\n\turl = https://example.invalid/spec\n",
            ),
        ],
        findings: &[
            "api vendor/spec .gitmodules:2 submodule certain missing",
            "api vendor/spec/a.json crates/api/src/main.rs:1 include certain missing",
        ],
    },
    Case {
        name: "source that this parser does not know is searched for macros",
        files: &[
            (
                MAIN,
                "fn main() { let a = b c; x(include_str!(\"../../../a.txt\")) }",
            ),
            ("a.txt", ""),
        ],
        findings: &["api a.txt crates/api/src/main.rs:1 include certain"],
    },
];

/// Returns the hidden inputs of `api` and `common`, one per line.
fn findings(grove: &Grove) -> Vec<String> {
    let workspace = Workspace::read(&Cargo::default(), Some(&grove.path("Cargo.toml"))).unwrap();
    let line = |finding: &Finding| {
        let missing = if finding.exists { "" } else { " missing" };
        let Finding { package, path, .. } = finding;
        let (kind, certainty) = (finding.kind.as_str(), finding.certainty.as_str());
        format!(
            "{package} {path} {} {kind} {certainty}{missing}",
            finding.place()
        )
    };
    let packages = ["api", "common"].into();
    let sources = workspace.sources_of(&packages).unwrap();
    let found = scan(&workspace, &sources, &packages);
    // Files without a sign are not parsed, and there is nothing in them.
    assert_eq!(found, scan_files(&workspace, &sources, &packages, false));
    found.iter().map(line).collect()
}

#[test]
fn each_construct_that_reads_outside_its_package_is_found() {
    let mut wrong = Vec::new();
    for case in CASES {
        let grove = Grove::new(case.files);
        let found = findings(&grove);
        if found != case.findings {
            wrong.push(format!(
                "{}\n  found {found:#?}\n  expected {:#?}",
                case.name, case.findings
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sources_that_were_read_are_not_read_again() {
    let grove = Grove::new(&[
        (
            MAIN,
            "mod a;\n#[cfg(test)]\nmod b;\nfn main() {}\nconst A: &str = include_str!(\"../../../a.txt\");",
        ),
        (
            "crates/api/src/a.rs",
            "const B: &str = include_str!(\"../../../b.txt\");",
        ),
        (
            "crates/api/src/b.rs",
            "const C: &str = include_str!(\"../../../c.txt\");",
        ),
        ("a.txt", ""),
        ("b.txt", ""),
        ("c.txt", ""),
    ]);
    let manifest = grove.path("Cargo.toml");
    let workspace = Workspace::read(&Cargo::default(), Some(&manifest)).unwrap();
    let packages = ["api"].into();
    let sources = workspace.sources_of(&packages).unwrap();
    std::fs::remove_dir_all(grove.path("crates/api")).unwrap();
    let found = scan(&workspace, &sources, &packages);
    let found: Vec<&str> = found.iter().map(|finding| finding.path.as_str()).collect();
    assert_eq!(found, ["a.txt", "b.txt"]);
}

#[cfg(unix)]
#[test]
fn links_that_leave_the_package_are_followed() {
    let grove = Grove::new(&[
        (
            MAIN,
            "const A: &str = include_str!(\"../notes.txt\"); fn main() {}",
        ),
        ("proto/a.proto", ""),
        ("notes.txt", ""),
        ("LICENSE", ""),
        ("crates/common/data/a", ""),
    ]);
    for (link, target) in [
        ("crates/api/proto", "../../proto"),
        ("crates/api/notes.txt", "../../notes.txt"),
        ("crates/api/LICENSE", "../../LICENSE"),
        ("crates/api/data", "../common/data"),
    ] {
        std::os::unix::fs::symlink(target, grove.path(link)).unwrap();
    }
    assert_eq!(
        findings(&grove),
        [
            "api notes.txt crates/api/notes.txt link certain",
            "api notes.txt crates/api/src/main.rs:1 include certain",
            "api proto crates/api/proto link certain",
        ]
    );
}

#[test]
fn the_plan_names_what_is_not_declared_and_is_quiet_about_the_rest() {
    let grove = Grove::new(&[
        (
            "crates/common/src/lib.rs",
            "pub const A: &str = include_str!(\"../../../a/a.txt\");\npub const B: &str = include_str!(\"../../../b.txt\");",
        ),
        (MAIN, "fn main() {}"),
        ("a/a.txt", ""),
        ("b.txt", ""),
    ]);
    let hidden = || {
        let plan: serde_json::Value =
            serde_json::from_str(&grove.run(&["plan", "--format", "json"])).unwrap();
        plan["hidden_inputs"].clone()
    };
    let b = serde_json::json!({
        "package": "common", "path": "b.txt", "file": "crates/common/src/lib.rs", "line": 2, "kind": "include",
        "by": "include_str!", "certainty": "certain", "exists": true, "services": ["api"],
    });
    assert_eq!(hidden().as_array().unwrap().len(), 2);
    grove.write(
        "bakehouse.toml",
        "[services.api]\n[inputs.common]\npaths = [\"a/**\"]\n",
    );
    assert_eq!(hidden(), serde_json::json!([b]));
    let text = grove.run(&["plan"]);
    assert!(text.contains("common reads b.txt"), "{text}");
    grove.write(
        "bakehouse.toml",
        "[services.api]\n[inputs.common]\npaths = [\"a\", \"b.txt\"]\n",
    );
    assert_eq!(hidden(), serde_json::json!([]));
    assert!(!grove.run(&["plan"]).contains("hidden"));
}

/// A fake engine on which every bake fails.
const DOCKER: &str = r#"#!/bin/sh
case "$1 $2" in
"version --format") echo 28.5.2 ;;
"buildx version") echo github.com/docker/buildx v0.29.1 0 ;;
"buildx bake") echo "couldn't read a file" >&2; exit 1 ;;
esac
"#;

#[cfg(unix)]
#[test]
fn a_bake_that_fails_names_the_key_that_may_be_missing() {
    use std::os::unix::fs::PermissionsExt;

    let grove = Grove::new(&[
        (
            "crates/common/src/lib.rs",
            "pub const A: &str = include_str!(\"../../../a.txt\");",
        ),
        (
            MAIN,
            "fn main() { read(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/../../b.txt\")) }",
        ),
        ("a.txt", ""),
        ("b.txt", ""),
        ("bin/docker", DOCKER),
    ]);
    let docker = grove.path("bin/docker");
    std::fs::set_permissions(docker, std::fs::Permissions::from_mode(0o755)).unwrap();
    let fails = || {
        grove.run(&["generate"]);
        let output = grove.command(&["build"]);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    insta::assert_snapshot!(fails());
    // A declared file was not missing, and a file that is read at run time is no reason to fail.
    grove.write(
        "bakehouse.toml",
        "[services.api]\n[inputs.common]\npaths = [\"a.txt\"]\n",
    );
    let said = fails();
    assert!(
        said.contains("bake-failed") && !said.contains("input-undeclared"),
        "{said}"
    );
}

#[test]
fn generate_names_the_key_before_a_bake_fails() {
    let grove = Grove::new(&[
        (
            "crates/common/src/lib.rs",
            "pub const A: &str = include_str!(\"../../../a.txt\");",
        ),
        (MAIN, "fn main() {}"),
        ("a.txt", ""),
        ("bakehouse.toml", "[services.api]\n"),
    ]);
    let said = |arguments: &[&str]| {
        let output = grove.command(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let told = said(&["generate"]);
    for words in [
        "the build of `common` may lack a.txt",
        "add \"a.txt\" to `paths` of [inputs.common]",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert_eq!(said(&["generate", "--quiet"]), "");
    grove.write(
        "bakehouse.toml",
        "[services.api]\n[inputs.common]\npaths = [\"a.txt\"]\n",
    );
    assert_eq!(said(&["generate"]), "");
}

#[test]
fn a_module_is_found_below_a_file_that_nests_too_deep() {
    let nested = "return ".repeat(50_000);
    let grove = Grove::new(&[
        ("crates/api/src/main.rs", "fn main() {}\n"),
        (
            "crates/common/src/lib.rs",
            &format!("// A test.\nmod deep;\nfn nested() {{ {nested} }}\n"),
        ),
        (
            "crates/common/src/deep.rs",
            "pub const A: &str = include_str!(\"../../../a.txt\");\n",
        ),
        ("a.txt", ""),
    ]);
    assert!(grove.run(&["plan"]).contains("a.txt"));
}
