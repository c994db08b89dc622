//! Names, tags, platforms, outputs and groups of the generated Bake file, as Bake reads them.

use bakehouse_e2e::printed::{output, print, printed, texts};
use bakehouse_testkit::bakehouse::{self, bakehouse};
use bakehouse_testkit::{GitHost, Member, Ran, Turn, Workspace, container};
use serde_json::json;

/// Variables, and the tags and platforms of a target with them.
type Row<'a> = (
    &'a [(&'a str, &'a str)],
    &'a str,
    &'a [&'a str],
    &'a [&'a str],
);

const CONFIG: &str = r#"
registries = ["ghcr.io/acme", "europe-docker.pkg.dev/acme/shop"]
platforms = ["linux/amd64", "linux/arm64"]

[services.relayer]
package = "relayer"
image = "agents/acme-relayer"
variants.profiling = { tag = "nightly-profiling", default = false, platforms = ["linux/amd64"] }
variants.debug = { tag = "{TAG}-debug", default = false }
variants.archive = { output = "type=oci,dest=relayer.tar", default = false }

[services.tagged]
package = "scraper"
bin = "scraper"
tag = ["{TAG}", "debian-{TAG}", "stable"]
default = false

[services.scraper]
package = "scraper"
variants.full = {}
variants.slim = {}
variants.nightly = { default = false }
variants.other = { registries = ["quay.io/acme", "ghcr.io/other"], default = false }

[bake.groups]
nightly = ["relayer", "relayer-profiling", "more"]
more = ["scraper"]
"#;

fn workspace() -> Workspace {
    let main = "fn main() {}\n";
    let members = ["relayer", "scraper"].map(|name| Member::binary(name, main));
    let workspace = Workspace::of(&members, CONFIG);
    workspace.generate();
    workspace
}

#[test]
fn each_image_has_its_tags_under_each_registry() {
    let workspace = workspace();
    let both = ["linux/amd64", "linux/arm64"];
    let amd64 = ["linux/amd64"];
    let table: [Row<'_>; 16] = [
        (
            &[],
            "relayer",
            &[
                "ghcr.io/acme/agents/acme-relayer:latest",
                "europe-docker.pkg.dev/acme/shop/agents/acme-relayer:latest",
            ],
            &both,
        ),
        (
            &[
                ("TAG", "1.2.3,1.2,,latest,1.2,"),
                ("REGISTRY", "localhost:5000"),
            ],
            "relayer",
            &[
                "localhost:5000/agents/acme-relayer:1.2.3",
                "localhost:5000/agents/acme-relayer:1.2",
                "localhost:5000/agents/acme-relayer:latest",
            ],
            &both,
        ),
        (
            &[("TAG", "1,2")],
            "scraper-other",
            &[
                "quay.io/acme/scraper-other:1",
                "quay.io/acme/scraper-other:2",
                "ghcr.io/other/scraper-other:1",
                "ghcr.io/other/scraper-other:2",
            ],
            &both,
        ),
        (
            &[("REGISTRY", "localhost:5000")],
            "scraper-other",
            &["localhost:5000/scraper-other:latest"],
            &both,
        ),
        // A trailing comma makes it another value than the default: the first registry alone.
        (
            &[("REGISTRY", "ghcr.io/acme,")],
            "relayer",
            &["ghcr.io/acme/agents/acme-relayer:latest"],
            &both,
        ),
        (
            &[("REGISTRY", "a,b/c"), ("TAG", ",1")],
            "scraper-slim",
            &["a/scraper-slim:1", "b/c/scraper-slim:1"],
            &both,
        ),
        (
            &[("REGISTRY", ""), ("PLATFORMS", "linux/arm64")],
            "scraper-full",
            &["scraper-full:latest"],
            &["linux/arm64"],
        ),
        (
            &[("REGISTRY", ""), ("PLATFORMS", "")],
            "scraper-full",
            &["scraper-full:latest"],
            &[],
        ),
        (
            &[("REGISTRY", "r"), ("TAG", "1")],
            "relayer-profiling",
            &["r/agents/acme-relayer:nightly-profiling"],
            &amd64,
        ),
        (
            &[("REGISTRY", "r"), ("PLATFORMS", "linux/arm64")],
            "relayer-profiling",
            &["r/agents/acme-relayer:nightly-profiling"],
            &amd64,
        ),
        (
            &[("REGISTRY", "r"), ("PLATFORMS", "linux/arm64,linux/amd64")],
            "relayer-profiling",
            &["r/agents/acme-relayer:nightly-profiling"],
            &amd64,
        ),
        (
            &[("REGISTRY", "r"), ("PLATFORMS", "")],
            "relayer-profiling",
            &["r/agents/acme-relayer:nightly-profiling"],
            &amd64,
        ),
        (
            &[("REGISTRY", "r"), ("TAG", "1.2.3,1.2")],
            "relayer-debug",
            &[
                "r/agents/acme-relayer:1.2.3-debug",
                "r/agents/acme-relayer:1.2-debug",
            ],
            &both,
        ),
        (
            &[("REGISTRY", "r,s")],
            "tagged",
            &[
                "r/tagged:latest",
                "r/tagged:debian-latest",
                "r/tagged:stable",
                "s/tagged:latest",
                "s/tagged:debian-latest",
                "s/tagged:stable",
            ],
            &both,
        ),
        // Each tag counts once.
        (
            &[("REGISTRY", "r"), ("TAG", "1.2,stable")],
            "tagged",
            &[
                "r/tagged:1.2",
                "r/tagged:stable",
                "r/tagged:debian-1.2",
                "r/tagged:debian-stable",
            ],
            &both,
        ),
        (
            &[("REGISTRY", "r")],
            "relayer-archive",
            &["r/agents/acme-relayer-archive:latest"],
            &both,
        ),
    ];
    for (variables, target, tags, platforms) in table {
        let bake = printed(&workspace, &[target], variables, &[]);
        let read = &bake["target"][target];
        assert_eq!(texts(&read["tags"]), tags, "{target} {variables:?}");
        assert_eq!(
            texts(&read["platforms"]),
            platforms,
            "{target} {variables:?}"
        );
        let output: Vec<String> = read["output"]
            .as_array()
            .into_iter()
            .flatten()
            .map(output)
            .collect();
        let expected = match target {
            "relayer-archive" => vec!["type=oci,dest=relayer.tar".to_owned()],
            _ => Vec::new(),
        };
        assert_eq!(output, expected, "{target}");
    }
}

#[test]
fn what_is_baked_only_by_name_is_in_no_group_but_its_own() {
    let workspace = workspace();
    let groups =
        |wanted: &[&str]| printed(&workspace, wanted, &[("REGISTRY", "")], &[])["group"].clone();
    let family = json!({ "targets": ["scraper-full", "scraper-slim"] });
    assert_eq!(
        groups(&[])["_services"],
        json!({ "targets": ["relayer", "scraper-full", "scraper-slim"] })
    );
    assert_eq!(groups(&["scraper"])["scraper"], family);
    let nightly = groups(&["nightly"]);
    assert_eq!(
        nightly["nightly"],
        json!({ "targets": ["relayer", "relayer-profiling", "more"] })
    );
    assert_eq!(nightly["more"], json!({ "targets": ["scraper"] }));
    // No variant of it is baked by default, so the name is that of a target.
    let relayer = printed(&workspace, &["relayer"], &[], &[]);
    let targets: Vec<&String> = relayer["target"]
        .as_object()
        .expect("a table")
        .keys()
        .collect();
    assert_eq!(targets, ["relayer"]);
}

#[test]
fn tags_that_are_none_are_refused_one_by_one() {
    let workspace = workspace();
    for (variable, value, said) in [
        ("TAG", "", "TAG has no tag"),
        ("TAG", ",,", "TAG has no tag"),
        ("TAG", "1.2.3,feature/x", "a tag consists of"),
        ("TAG", "1.2.3, 1.2", "a tag consists of"),
        ("REGISTRY", "r,r.example/c:1", "without a tag"),
        ("REGISTRY", "r,ghcr.io/Acme", "write r,ghcr.io/acme"),
        ("REGISTRY", "r,Acme", "write r,acme"),
        ("REGISTRY", "r,https://r", "have no scheme"),
    ] {
        let refused = print(&workspace, &["relayer"], &[(variable, value)], &[]);
        assert_ne!(refused.code, Some(0), "{variable}={value}");
        refused.says(said);
    }
}

const METADATA: &str = r#"{ "target": { "docker-metadata-action": {
    "tags": ["ghcr.io/acme/shop:1.2.3", "ghcr.io/acme/shop:sha-1", "r.example:5000/shop:1.2.3", "r.example:5000/shop:sha-1"],
    "labels": { "org.opencontainers.image.version": "1.2.3", "org.opencontainers.image.revision": "abc" },
    "annotations": ["manifest:org.opencontainers.image.version=1.2.3"] } } }"#;

#[test]
fn tags_of_the_metadata_action_are_taken_once_and_the_rest_when_asked() {
    let workspace = workspace();
    workspace.write("meta.json", METADATA);
    let variables = [("REGISTRY", "r"), ("REVISION", "c0ffee")];
    let read = |target: &str, files: &[&str]| {
        printed(&workspace, &[target], &variables, files)["target"][target].clone()
    };
    let scraper = read("scraper-slim", &["meta.json"]);
    assert_eq!(
        texts(&scraper["tags"]),
        ["r/scraper-slim:1.2.3", "r/scraper-slim:sha-1"]
    );
    assert_eq!(
        scraper["labels"],
        json!({ "org.opencontainers.image.revision": "c0ffee" })
    );
    assert_eq!(scraper["annotations"], json!(null));
    let own = read("relayer-profiling", &["meta.json"]);
    assert_eq!(
        texts(&own["tags"]),
        ["r/agents/acme-relayer:nightly-profiling"]
    );
    let debug = read("relayer-debug", &["meta.json"]);
    assert_eq!(
        texts(&debug["tags"]),
        [
            "r/agents/acme-relayer:1.2.3-debug",
            "r/agents/acme-relayer:sha-1-debug"
        ]
    );

    let tagged = read("tagged", &["meta.json"]);
    assert_eq!(
        texts(&tagged["tags"]),
        [
            "r/tagged:1.2.3",
            "r/tagged:sha-1",
            "r/tagged:debian-1.2.3",
            "r/tagged:debian-sha-1",
            "r/tagged:stable"
        ]
    );

    let asked = format!("{CONFIG}\n[bake]\nmetadata = [\"labels\", \"annotations\"]\n");
    workspace.write("bakehouse.toml", &asked);
    workspace.generate();
    let scraper = read("scraper-slim", &["meta.json"]);
    let labels = json!({
        "org.opencontainers.image.version": "1.2.3",
        // A variable that is set counts more.
        "org.opencontainers.image.revision": "c0ffee"
    });
    assert_eq!(scraper["labels"], labels);
    assert_eq!(
        scraper["annotations"],
        json!(["manifest:org.opencontainers.image.version=1.2.3"])
    );
    let without = read("scraper-slim", &[]);
    assert_eq!(
        without["labels"],
        json!({ "org.opencontainers.image.revision": "c0ffee" })
    );
    assert_eq!(without["annotations"], json!(null));
}

#[test]
fn compose_has_the_same_names_and_starts_what_is_baked_by_default() {
    let workspace = workspace();
    let config = |further: &[&str]| -> serde_json::Value {
        let mut command = std::process::Command::new("docker");
        command
            .current_dir(workspace.dir())
            .args(["compose", "--file", "docker/compose.yaml"])
            .args(further)
            .args(["config", "--format", "json"])
            .env("REGISTRY", "r")
            .env("TAG", "1");
        let said = Ran::of(&mut command).succeeded();
        serde_json::from_str(&said.stdout).expect("JSON")
    };
    let usual = config(&[]);
    let names: Vec<&String> = usual["services"]
        .as_object()
        .expect("a table")
        .keys()
        .collect();
    assert_eq!(names, ["relayer", "scraper-full", "scraper-slim"]);
    let all = config(&["--profile", "*"]);
    for (service, image, platform) in [
        ("relayer", "r/agents/acme-relayer:1", json!(null)),
        (
            "relayer-profiling",
            "r/agents/acme-relayer:nightly-profiling",
            json!("linux/amd64"),
        ),
        (
            "relayer-debug",
            "r/agents/acme-relayer:1-debug",
            json!(null),
        ),
        ("scraper-nightly", "r/scraper-nightly:1", json!(null)),
        ("tagged", "r/tagged:1", json!(null)),
    ] {
        assert_eq!(all["services"][service]["image"], image);
        assert_eq!(all["services"][service]["platform"], platform, "{service}");
    }
}

#[test]
fn without_the_variable_the_tag_is_that_of_the_configuration() {
    let workspace = workspace();
    workspace.write(
        "bakehouse.toml",
        &format!("{CONFIG}\n[bake]\ntag = \"dev\"\n"),
    );
    workspace.generate();
    for (variables, tag) in [(vec![], "dev"), (vec![("TAG", "1")], "1")] {
        let variables = [vec![("REGISTRY", "r")], variables].concat();
        let tags = |target: &str| {
            let bake = printed(&workspace, &[target], &variables, &[]);
            texts(&bake["target"][target]["tags"])
                .into_iter()
                .map(str::to_owned)
                .collect::<Vec<String>>()
        };
        assert_eq!(tags("relayer"), [format!("r/agents/acme-relayer:{tag}")]);
        let debug = format!("r/agents/acme-relayer:{tag}-debug");
        assert_eq!(tags("relayer-debug"), [debug]);
        let mut compose = std::process::Command::new("docker");
        compose
            .current_dir(workspace.dir())
            .args([
                "compose",
                "--file",
                "docker/compose.yaml",
                "config",
                "--images",
            ])
            .env_remove("TAG")
            .envs(variables.iter().copied());
        let said = Ran::of(&mut compose).succeeded();
        let image = format!("r/agents/acme-relayer:{tag}");
        assert!(said.stdout.lines().any(|line| line == image), "{said}");
    }
}

#[test]
fn a_tag_that_would_make_two_images_one_is_refused_before_a_build() {
    let workspace = workspace();
    let mut build = bakehouse::command(workspace.dir());
    build
        .args(["build", "relayer", "relayer-profiling"])
        .env("REGISTRY", "")
        .env("TAG", "1,nightly-profiling");
    let refused = Ran::of(&mut build).exited(2);
    refused.says("`agents/acme-relayer:nightly-profiling` the image of both `relayer` and `relayer-profiling`");
    let unknown = bakehouse(workspace.dir(), ["build", "nihgtly"]);
    unknown.says("did you mean `nightly`");
}

#[test]
fn a_remote_repository_is_baked_without_a_flag() {
    let turn = Turn::share();
    let workspace = workspace();
    let host = GitHost::start();
    let tree = workspace.tree();
    let files: Vec<(&str, String)> = tree
        .paths()
        .filter(|path| !path.starts_with("target/"))
        .map(|path| (path, workspace.read(path)))
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    host.commit("shop", "main", &files, &[]);
    let elsewhere = Workspace::empty();
    let namespace = elsewhere.images.namespace();
    let mut bake = std::process::Command::new("docker");
    bake.current_dir(elsewhere.dir())
        .args([
            "buildx",
            "bake",
            &format!("{}#main", host.url("shop")),
            "scraper-slim",
        ])
        .env("REGISTRY", namespace)
        .env("PLATFORMS", "")
        .stdin(std::process::Stdio::null());
    let _ = Ran::of(&mut bake).succeeded();
    drop(turn);
    assert_eq!(
        container::prints(&elsewhere.images.name("scraper-slim"), []),
        ""
    );
}
