//! The second Bake file of `bakehouse build`, laid over the committed one: it adds the tag and the label of the input
//! hash to images, and keeps the usual tags and those of docker/metadata-action.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use bakehouse_e2e::tiny::tiny;
use bakehouse_testkit::{Ran, Workspace, bakehouse};
use serde_json::{Value, json};

/// A fake docker that prints the plan of the bake instead of baking, with further Bake files between and after those of
/// bakehouse.
const DOCKER: &str = r#"#!/bin/sh
PATH=${PATH#*:}
if [ "$1 $2" = "buildx bake" ]; then
    committed=$4
    shift 4
    exec docker buildx bake --print --file "$committed" $BETWEEN "$@" $AFTER >printed.json
fi
exec docker "$@"
"#;

/// Returns the target `a` as `bakehouse build a` hands it to Bake.
fn target(workspace: &Workspace, arguments: &[&str], variables: &[(&str, &str)]) -> Value {
    let docker = workspace.dir().join("target/bin/docker");
    workspace.write("target/bin/docker", DOCKER);
    std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755))
        .expect("it was written");
    let path = std::env::var_os("PATH").expect("there is one");
    let mut paths = vec![PathBuf::from(docker.parent().expect("a folder"))];
    paths.extend(std::env::split_paths(&path));
    let mut command = bakehouse::command(workspace.dir());
    let command = command
        .args(["build", "--force", "a"])
        .args(arguments)
        .env("PATH", std::env::join_paths(paths).expect("plain paths"))
        .envs(variables.iter().copied());
    let _ = Ran::of(command).succeeded();
    let printed = workspace.read("printed.json");
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    printed["target"]["a"].clone()
}

#[test]
fn input_hashes_are_added_to_the_tags_of_whoever_gives_some() {
    let workspace = tiny();
    workspace.generate();
    let plan = Ran::of(bakehouse::command(workspace.dir()).args(["plan", "--format", "json"]));
    let plan: Value = serde_json::from_str(&plan.succeeded().stdout).expect("JSON");
    let services = plan["services"].as_array().expect("a list");
    let service = services.iter().find(|service| service["name"] == "a");
    let hash = service.expect("it is there")["input_hash"]
        .as_str()
        .expect("a text");
    workspace.write(
        "meta.json",
        r#"{ "target": { "docker-metadata-action": {
            "tags": ["ghcr.io/acme/shop:1.2.3", "ghcr.io/acme/shop:sha-1"], "labels": { "other": "label" },
            "args": { "DOCKER_META_VERSION": "1.2.3" } } } }"#,
    );
    let meta = "--file meta.json";
    let name = |tag: &str| format!("r.example/a:{tag}");
    let hashed = name(&format!("in-{hash}"));
    // Variables, the user's argument, and the tags.
    let table = [
        (vec![], vec![], vec![name("latest"), hashed.clone()]),
        (vec![("TAG", "1")], vec![], vec![name("1"), hashed.clone()]),
        (
            vec![("BETWEEN", meta)],
            vec![],
            vec![name("1.2.3"), name("sha-1"), hashed.clone()],
        ),
        (
            vec![("AFTER", meta)],
            vec![],
            vec![name("1.2.3"), name("sha-1"), hashed],
        ),
        // A file of the user can change what is built, so the input hash is left out.
        (
            vec![],
            vec!["--", "--file", "meta.json"],
            vec![name("1.2.3"), name("sha-1")],
        ),
        (
            vec![("RUNTIME_BASE", "debian:other")],
            vec![],
            vec![name("latest")],
        ),
    ];
    for (mut variables, arguments, tags) in table {
        variables.push(("REGISTRY", "r.example"));
        variables.push(("REVISION", "c0ffee"));
        let target = target(&workspace, &arguments, &variables);
        assert_eq!(target["tags"], json!(tags), "{variables:?} {arguments:?}");
        let mut labels = json!({ "org.opencontainers.image.revision": "c0ffee" });
        if tags.iter().any(|tag| tag.contains(":in-")) {
            labels["dev.bakehouse.input-hash"] = json!(hash);
        }
        assert_eq!(target["labels"], labels, "{variables:?} {arguments:?}");
        assert_eq!(target["target"], "a");
    }
}
