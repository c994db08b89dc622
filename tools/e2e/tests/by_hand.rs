//! Bake files that six public repositories write by hand, each as a small workspace of the same shape: what is generated
//! has the targets, image names, tags, platforms and outputs of the file by hand, and one image of each is built and run.

use std::collections::{BTreeMap, BTreeSet};

use bakehouse_e2e::printed::{output, printed, texts};
use bakehouse_testkit::{Member, Turn, Workspace, container};
use serde_json::Value;

/// A target by hand: its name, its tags, its platforms and its output.
type Target<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a str);

/// A workspace in place of a repository.
struct Shape(Workspace);

impl Shape {
    /// Creates a workspace of packages that each have a binary of their name, and of folders with a Dockerfile that has a
    /// stage `runtime`.
    fn of(packages: &[&str], dockerfiles: &[&str], config: &str) -> Self {
        let members = packages.iter().map(|name| {
            let prints = format!(
                "fn main() {{\n    println!(\"{name} {{}} {{}}\", cfg!(feature = \"heap-prof\"), cfg!(debug_assertions));\n}}\n"
            );
            Member::binary(name, &prints).depends("\n[features]\nheap-prof = []")
        });
        let bases = "\n[bases]\nbuilder = \"docker.io/library/rust:1.95.0-slim-bookworm\"\n";
        let workspace = Workspace::of(&members.collect::<Vec<_>>(), &format!("{config}{bases}"));
        workspace.append(
            "Cargo.toml",
            "\n[profile.profiling]\ninherits = \"release\"\ndebug-assertions = true\n",
        );
        for folder in dockerfiles {
            workspace.write(
                &format!("{folder}/Dockerfile"),
                "FROM docker.io/library/debian:bookworm-slim AS runtime\nARG WHAT\nCMD [\"true\"]\n",
            );
        }
        workspace.generate();
        Self(workspace)
    }

    /// Builds a target for the engine's platform, and checks what its image prints. A registry of the test stands in for
    /// that of the file.
    #[track_caller]
    fn runs(&self, target: &str, image: &str, prints: &str) {
        let turn = Turn::share();
        let bake = self.0.bake([target]).variable("PLATFORMS", "");
        let _ = bake.run(&turn);
        let image = format!("{}/{image}", self.0.images.namespace());
        assert_eq!(container::prints(&image, []), prints, "{target}");
    }

    /// Checks a bake of `wanted`, a group or some targets, with these variables.
    #[track_caller]
    fn bakes(&self, wanted: &[&str], variables: &[(&str, &str)], by_hand: &[Target<'_>]) {
        let bake = printed(&self.0, wanted, variables, &[]);
        let read = bake["target"].as_object().expect("a table");
        let names: BTreeSet<&str> = read.keys().map(String::as_str).collect();
        let expected: BTreeSet<&str> = by_hand.iter().map(|(name, ..)| *name).collect();
        assert_eq!(names, expected, "{wanted:?}");
        for (name, tags, platforms, written) in by_hand {
            let target = &read[*name];
            assert_eq!(texts(&target["tags"]), *tags, "{name} {variables:?}");
            assert_eq!(texts(&target["platforms"]), *platforms, "{name}");
            let outputs: Vec<String> = target["output"]
                .as_array()
                .into_iter()
                .flatten()
                .map(output)
                .collect();
            assert_eq!(outputs.join(" "), *written, "{name}");
        }
    }

    /// Returns the members of each group of a bake.
    fn groups(&self, wanted: &[&str]) -> BTreeMap<String, Vec<String>> {
        let bake = printed(&self.0, wanted, &[], &[]);
        let groups = bake["group"].as_object().expect("a table").iter();
        let members = |group: &Value| {
            texts(&group["targets"])
                .into_iter()
                .map(str::to_owned)
                .collect()
        };
        groups
            .map(|(name, group)| (name.clone(), members(group)))
            .collect()
    }
}

/// Local names with a tag of their own, one default target, and groups; two binaries in one image, and images that are not
/// Rust.
fn base() -> Shape {
    Shape::of(
        &[
            "base",
            "base-snapshotter-bin",
            "basectl",
            "base-proposer-bin",
            "websocket-proxy-bin",
        ],
        &["etc/op-batcher", "etc/profiling"],
        r#"
[services.base]
package = "base"
bins = ["base", { package = "base-snapshotter-bin" }]
tag = "local"

[services.basectl]
package = "basectl"
image = "base-basectl"
tag = "local"
default = false

[services.snapshotter]
package = "base-snapshotter-bin"
bin = "base-snapshotter-bin"
image = "base-snapshotter"
tag = "local"
default = false

[services.proposer]
package = "base-proposer-bin"
bin = "base-proposer-bin"
image = "base-proposer"
tag = "local"
default = false

[services.websocket-proxy]
package = "websocket-proxy-bin"
bin = "websocket-proxy-bin"
tag = "local"
default = false

[images.op-batcher]
context = "etc/op-batcher"
target = "runtime"
args = { WHAT = "v1.2.3" }
tag = "local"
default = false

[images.profiling-tools]
context = "etc/profiling"
tag = "local"
default = false

[bake.groups]
rust-services = ["base", "basectl", "snapshotter", "proposer", "websocket-proxy"]
devnet = ["base", "op-batcher"]
profiling = ["profiling-tools"]
"#,
    )
}

#[test]
fn one_default_image_and_groups_of_others_with_local_names() {
    let shape = base();
    let all: [Target<'_>; 5] = [
        ("base", &["base:local"], &[], ""),
        ("basectl", &["base-basectl:local"], &[], ""),
        ("snapshotter", &["base-snapshotter:local"], &[], ""),
        ("proposer", &["base-proposer:local"], &[], ""),
        ("websocket-proxy", &["websocket-proxy:local"], &[], ""),
    ];
    shape.bakes(&[], &[], &all[..1]);
    let batcher: Target<'_> = ("op-batcher", &["op-batcher:local"], &[], "");
    shape.bakes(&["devnet"], &[], &[all[0], batcher]);
    let tools: Target<'_> = ("profiling-tools", &["profiling-tools:local"], &[], "");
    shape.bakes(&["profiling"], &[], &[tools]);
    shape.bakes(&["rust-services"], &[], &all);
    shape.runs("base", "base:local", "base false false");
}

/// Variants with tags, features and platforms of their own, archives for other programs, and a group of each night.
fn reth() -> Shape {
    Shape::of(
        &["reth"],
        &[],
        r#"
registry = "ghcr.io/paradigmxyz"
platforms = ["linux/amd64", "linux/arm64"]

[services.ethereum]
package = "reth"
bin = "reth"
image = "reth"
variants.profiling = { profile = "profiling", features = ["heap-prof"], tag = "nightly-profiling", platforms = ["linux/amd64"], default = false }
variants.edge-profiling = { profile = "profiling", rustflags = ["-C", "force-frame-pointers=yes"], tag = "nightly-edge-profiling", platforms = ["linux/amd64"], default = false }

[services.hive-stable]
package = "reth"
bin = "reth"
image = "reth"
tag = "local"
platforms = ["linux/amd64"]
output = "type=docker,dest=reth_image.tar"
default = false

[services.hive-edge]
package = "reth"
bin = "reth"
image = "reth"
tag = "local"
platforms = ["linux/amd64"]
output = "type=docker,dest=reth_image.tar"
default = false

[services.kurtosis]
package = "reth"
bin = "reth"
image = "reth"
tag = "kurtosis-ci"
platforms = ["linux/amd64"]
output = "type=docker,dest=reth_image.tar"
default = false

[bake.groups]
nightly = ["ethereum", "ethereum-profiling", "ethereum-edge-profiling"]
"#,
    )
}

#[test]
fn variants_with_own_tags_and_platforms_and_archives() {
    let shape = reth();
    let (both, amd64) = (["linux/amd64", "linux/arm64"], ["linux/amd64"]);
    let archive = "type=docker,dest=reth_image.tar";
    shape.bakes(
        &[],
        &[],
        &[("ethereum", &["ghcr.io/paradigmxyz/reth:latest"], &both, "")],
    );
    shape.bakes(
        &["nightly"],
        &[("TAG", "v1.2.3,latest")],
        &[
            (
                "ethereum",
                &[
                    "ghcr.io/paradigmxyz/reth:v1.2.3",
                    "ghcr.io/paradigmxyz/reth:latest",
                ],
                &both,
                "",
            ),
            (
                "ethereum-profiling",
                &["ghcr.io/paradigmxyz/reth:nightly-profiling"],
                &amd64,
                "",
            ),
            (
                "ethereum-edge-profiling",
                &["ghcr.io/paradigmxyz/reth:nightly-edge-profiling"],
                &amd64,
                "",
            ),
        ],
    );
    // By hand, these archives have a local name; here that is an empty REGISTRY.
    for hive in ["hive-stable", "hive-edge"] {
        let local: Target<'_> = (hive, &["reth:local"], &amd64, archive);
        shape.bakes(&[hive], &[("REGISTRY", "")], &[local]);
    }
    shape.bakes(
        &["kurtosis"],
        &[],
        &[(
            "kurtosis",
            &["ghcr.io/paradigmxyz/reth:kurtosis-ci"],
            &amd64,
            archive,
        )],
    );
    shape.runs(
        "ethereum-profiling",
        "reth:nightly-profiling",
        "reth true true",
    );
}

/// Many images of one workspace, with the tag of a commit and sometimes `latest`, and one that is not Rust.
fn brdgme() -> Shape {
    Shape::of(
        &[
            "web",
            "migrate",
            "acquire-1",
            "bot",
            "lost-cities-2",
            "operator",
        ],
        &["web-debug"],
        r#"registry = "ghcr.io/brdgme/brdgme"

[images.web-debug]
context = "web-debug"
"#,
    )
}

#[test]
fn the_tag_of_a_commit_and_sometimes_latest() {
    let shape = brdgme();
    let names = [
        "acquire-1",
        "bot",
        "lost-cities-2",
        "migrate",
        "operator",
        "web",
        "web-debug",
    ];
    for (tag, tags) in [
        ("sha-dev", &["sha-dev"][..]),
        ("sha-dev,", &["sha-dev"]),
        ("sha-dev,latest", &["sha-dev", "latest"]),
    ] {
        let tagged: Vec<(&str, Vec<String>)> = names
            .iter()
            .map(|name| {
                let tags = tags
                    .iter()
                    .map(|tag| format!("ghcr.io/brdgme/brdgme/{name}:{tag}"));
                (*name, tags.collect())
            })
            .collect();
        let tagged: Vec<(&str, Vec<&str>)> = tagged
            .iter()
            .map(|(name, tags)| (*name, tags.iter().map(String::as_str).collect()))
            .collect();
        let targets: Vec<Target<'_>> = tagged
            .iter()
            .map(|(name, tags)| (*name, &tags[..], &[][..], ""))
            .collect();
        shape.bakes(&[], &[("TAG", tag)], &targets);
    }
    shape.runs("acquire-1", "acquire-1:latest", "acquire-1 false false");
}

/// Local names that are the targets', all with the tag `ci`, one binary in two images, and two stages of a Dockerfile that
/// is not Rust.
fn chroma() -> Shape {
    let service = |name: &str, bin: &str| {
        format!("[services.{name}]\npackage = \"{bin}\"\nbin = \"{bin}\"\ntag = \"ci\"\n\n")
    };
    let config = [
        service("rust-log-service", "log_service"),
        service("heap-tender-service", "log_service"),
        service("rust-frontend-service", "chroma-cli"),
        service("query-service", "query_service"),
        service("garbage-collector", "garbage_collector"),
        "[images.sysdb]\ncontext = \"go\"\ntarget = \"runtime\"\ntag = \"ci\"\n\n".to_owned(),
        "[images.sysdb-migration]\ncontext = \".\"\ndockerfile = \"go/Dockerfile\"\ntag = \"ci\"\n"
            .to_owned(),
    ];
    Shape::of(
        &[
            "log_service",
            "chroma-cli",
            "query_service",
            "garbage_collector",
        ],
        &["go"],
        &config.concat(),
    )
}

#[test]
fn one_binary_in_two_images_with_local_names() {
    let shape = chroma();
    shape.bakes(
        &[],
        &[],
        &[
            ("rust-log-service", &["rust-log-service:ci"], &[], ""),
            ("heap-tender-service", &["heap-tender-service:ci"], &[], ""),
            (
                "rust-frontend-service",
                &["rust-frontend-service:ci"],
                &[],
                "",
            ),
            ("query-service", &["query-service:ci"], &[], ""),
            ("garbage-collector", &["garbage-collector:ci"], &[], ""),
            ("sysdb", &["sysdb:ci"], &[], ""),
            ("sysdb-migration", &["sysdb-migration:ci"], &[], ""),
        ],
    );
    shape.runs(
        "heap-tender-service",
        "heap-tender-service:ci",
        "log_service false false",
    );
}

/// A group that only checks that images build: its targets have no tags by hand, and here those of local names. One target
/// gives files.
fn miden() -> Shape {
    let service = |name: &str, package: &str, further: &str| {
        format!("[services.{name}]\npackage = \"{package}\"\nbin = \"{package}\"\n{further}\n")
    };
    let config = [
        service("node", "miden-node", "ports = [57291]\n"),
        service("validator", "miden-validator", "ports = [50101]\n"),
        service("remote-prover", "miden-remote-prover", "ports = [50051]\n"),
        service("node-tps-benchmark", "miden-benchmark", ""),
        "[images.build-report]\ncontext = \".\"\ndockerfile = \"ci/Dockerfile\"\noutput = \"type=local,dest=target/report\"\ndefault = false\n\n".to_owned(),
        "[bake.groups]\nvalidate = [\"node\", \"validator\", \"remote-prover\", \"node-tps-benchmark\"]\n".to_owned(),
    ];
    Shape::of(
        &[
            "miden-node",
            "miden-validator",
            "miden-remote-prover",
            "miden-benchmark",
        ],
        &["ci"],
        &config.concat(),
    )
}

#[test]
fn a_group_that_checks_that_images_build() {
    let shape = miden();
    shape.bakes(
        &["validate"],
        &[],
        &[
            ("node", &["node:latest"], &[], ""),
            ("validator", &["validator:latest"], &[], ""),
            ("remote-prover", &["remote-prover:latest"], &[], ""),
            (
                "node-tps-benchmark",
                &["node-tps-benchmark:latest"],
                &[],
                "",
            ),
        ],
    );
    let report = "type=local,dest=target/report";
    let tags = ["build-report:latest"];
    shape.bakes(
        &["build-report"],
        &[],
        &[("build-report", &tags, &[], report)],
    );
    shape.runs(
        "validator",
        "validator:latest",
        "miden-validator false false",
    );
    let groups = shape.groups(&["validate"]);
    assert_eq!(
        groups["validate"],
        ["node", "validator", "remote-prover", "node-tps-benchmark"]
    );
}

/// Two registries, and tags that name branch, profile, features and system; groups of groups; targets without a result.
fn tuwunel() -> Shape {
    Shape::of(
        &["tuwunel", "complement-tester"],
        &["docker/lints"],
        r#"
registries = ["ghcr.io/matrix-construct", "docker.io/jevolk"]

[services.tuwunel]
package = "tuwunel"
image = "tuwunel"
output = "type=registry,oci-mediatypes=true,compression=zstd,force-compression=true"
variants.release-all = { tag = "{TAG}-release-all-x86_64-v1-linux-gnu" }
variants.release-none = { tag = "{TAG}-release-none-x86_64-v1-linux-gnu" }

[services.complement-tester]
package = "complement-tester"
output = "type=docker,compression=zstd,mode=max"
default = false

[images.lints]
context = "."
dockerfile = "docker/lints/Dockerfile"
output = "type=cacheonly"
default = false

[bake.groups]
publish = ["tuwunel"]
complement = ["complement-tester"]
tests = ["complement"]
"#,
    )
}

#[test]
fn two_registries_and_tags_of_several_parts() {
    let shape = tuwunel();
    let output = "type=registry,oci-mediatypes=true,force-compression=true,compression=zstd";
    shape.bakes(
        &["publish"],
        &[("TAG", "main")],
        &[
            (
                "tuwunel-release-all",
                &[
                    "ghcr.io/matrix-construct/tuwunel:main-release-all-x86_64-v1-linux-gnu",
                    "docker.io/jevolk/tuwunel:main-release-all-x86_64-v1-linux-gnu",
                ],
                &[],
                output,
            ),
            (
                "tuwunel-release-none",
                &[
                    "ghcr.io/matrix-construct/tuwunel:main-release-none-x86_64-v1-linux-gnu",
                    "docker.io/jevolk/tuwunel:main-release-none-x86_64-v1-linux-gnu",
                ],
                &[],
                output,
            ),
        ],
    );
    shape.bakes(
        &["tests"],
        &[("REGISTRY", "")],
        &[(
            "complement-tester",
            &["complement-tester:latest"],
            &[],
            "type=docker,mode=max,compression=zstd",
        )],
    );
    assert_eq!(shape.groups(&["tests"])["tests"], ["complement"]);
    let lints = [
        "ghcr.io/matrix-construct/lints:latest",
        "docker.io/jevolk/lints:latest",
    ];
    shape.bakes(&["lints"], &[], &[("lints", &lints, &[], "type=cacheonly")]);
    shape.runs(
        "complement-tester",
        "complement-tester:latest",
        "complement-tester false false",
    );
}
