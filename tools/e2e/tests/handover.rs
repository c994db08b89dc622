//! `bakehouse build --push --digests`: what is written down is in the registries, and deployments read it.

use std::collections::BTreeMap;

use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{Compose, Member, Ran, Turn, Workspace, bakehouse, runner, unique};
use serde_json::{Value, json};

/// Two images that need no base, for two platforms, beside a service that is never built.
const CONFIG: &str = r#"registry = "shop"
platforms = ["linux/amd64", "linux/arm64"]

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"

[services.tool]

[images.front]
context = "front"
ports = [8080]

[images.back]
context = "back"
image = "inner/back"
tag = ["{TAG}", "{TAG}-back"]
"#;

/// The workspace, with two registries that are two namespaces of the one that runs.
struct Shop {
    workspace: Workspace,
    registries: [String; 2],
}

impl Shop {
    fn new() -> Self {
        let tool = Member::binary("tool", "fn main() {}\n");
        let workspace = Workspace::of(&[tool], CONFIG);
        for image in ["front", "back"] {
            workspace.write(
                &format!("{image}/Dockerfile"),
                "FROM scratch\nCOPY page /\n",
            );
            workspace.write(&format!("{image}/page"), image);
        }
        workspace.generate();
        let unique = unique::unique();
        let registry = |place: &str| format!("{}/handover-{unique}/{place}", runner::registry());
        Self {
            workspace,
            registries: [registry("one"), registry("two")],
        }
    }

    fn push(&self, further: &[&str]) -> Ran {
        self.push_to(&self.registries.join(","), further)
    }

    fn push_to(&self, registries: &str, further: &[&str]) -> Ran {
        let mut command = bakehouse::command(self.workspace.dir());
        command.env("REGISTRY", registries);
        command.env("TAG", "1.2.3,latest");
        command.args(["build", "front", "back", "--push"]);
        Ran::of(command.args(further))
    }

    fn has_file(&self) -> bool {
        self.workspace.dir().join("digests.json").exists()
    }

    fn digests(&self) -> Value {
        let file = self.workspace.dir().join("digests.json");
        let text = std::fs::read_to_string(file).expect("it was written");
        serde_json::from_str(&text).expect("JSON")
    }

    fn handover(&self, form: &str) -> String {
        let mut command = bakehouse::command(self.workspace.dir());
        command.args(["handover", form, "--digests", "digests.json"]);
        Ran::of(&mut command).succeeded().stdout
    }
}

/// Returns what the registry has for a name.
fn inspected(name: &str) -> Value {
    let inspect = ["buildx", "imagetools", "inspect", name];
    let said = docker([&inspect[..], &["--format", "{{json .Manifest}}"]].concat());
    serde_json::from_str(&said).expect("JSON")
}

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is a text"))
}

#[test]
fn what_is_written_down_is_in_each_registry_whether_it_was_built_or_was_there() {
    let _turn = Turn::share();
    let shop = Shop::new();
    let first = shop.push(&["--digests", "digests.json"]).succeeded();
    let mut digests = shop.digests();
    assert_eq!(digests["version"], 1);
    let images = digests["images"].as_array().expect("a list").clone();
    let names: Vec<&str> = images.iter().map(|image| text(&image["name"])).collect();
    assert_eq!(names, ["back", "front"]);
    let hashes = bakehouse::rows(&first);
    for image in &images {
        let name = text(&image["name"]);
        let (path, tags) = match name {
            "back" => (
                "inner/back",
                vec!["1.2.3", "latest", "1.2.3-back", "latest-back"],
            ),
            _ => ("front", vec!["1.2.3", "latest"]),
        };
        assert_eq!(image["image"], format!("shop/{path}"));
        assert_eq!(image["input_hash"], hashes[name][4]);
        assert_ne!(image["result"], "skipped");
        let places = image["repositories"].as_array().expect("a list");
        let expected = shop
            .registries
            .each_ref()
            .map(|place| format!("{place}/{path}"));
        let found: Vec<&str> = places.iter().map(|place| text(&place["name"])).collect();
        assert_eq!(found, expected);
        for place in places {
            let mut found: Vec<&str> = Vec::new();
            found.extend(place["tags"].as_array().expect("a list").iter().map(text));
            found.sort_unstable();
            let mut tags = tags.clone();
            tags.sort_unstable();
            assert_eq!(found, tags, "{name}");
            let repository = text(&place["name"]);
            for tag in tags {
                let index = inspected(&format!("{repository}:{tag}"));
                assert_eq!(index["digest"], image["digest"], "{repository}:{tag}");
                let platforms = index["manifests"].as_array().expect("an index").iter();
                let platforms = platforms.map(|one| {
                    let platform = &one["platform"];
                    let (os, architecture) = (&platform["os"], &platform["architecture"]);
                    let name = format!("{}/{}", text(os), text(architecture));
                    (name, one["digest"].clone())
                });
                let platforms: BTreeMap<String, Value> = platforms.collect();
                assert_eq!(json!(platforms), image["platforms"], "{name}");
                assert_eq!(platforms.len(), 2);
            }
        }
    }
    // The next push builds nothing, and says the same but for that.
    let _ = shop.push(&["--digests", "digests.json"]).succeeded();
    for image in digests["images"].as_array_mut().expect("a list") {
        image["result"] = json!("skipped");
    }
    assert_eq!(shop.digests(), digests);
    let printed = shop.push(&["--digests", "-"]).succeeded();
    let printed: Value = serde_json::from_str(&printed.stdout).expect("nothing but JSON");
    assert_eq!(printed, digests);
}

#[test]
fn nothing_is_written_down_that_was_not_pushed_whole() {
    let _turn = Turn::share();
    let shop = Shop::new();
    // One image is pushed, the other fails.
    shop.workspace
        .write("back/Dockerfile", "FROM scratch\nCOPY none /\n");
    let failed = shop.push(&["--digests", "digests.json"]).exited(1);
    failed.says("bake-failed");
    assert!(!shop.has_file());
    shop.workspace
        .write("back/Dockerfile", "FROM scratch\nCOPY page /\n");
    let _ = shop.push(&["--digests", "digests.json"]).succeeded();
    let whole = shop.digests();
    shop.workspace
        .write("back/Dockerfile", "FROM scratch\nCOPY none /\n");
    let _ = shop.push(&["--digests", "digests.json"]).exited(1);
    assert_eq!(shop.digests(), whole);
    // Arguments for Bake can push to other places than the names say.
    shop.workspace
        .write("back/Dockerfile", "FROM scratch\nCOPY page /\n");
    shop.workspace.write("back/page", "another");
    let elsewhere = format!("back.tags={}/elsewhere:1", shop.registries[0]);
    let further = [
        "--digests",
        "digests.json",
        "--",
        "--set",
        elsewhere.as_str(),
    ];
    let ran = shop.push(&further).exited(1);
    ran.says("not-published").says("is not in its registry");
    assert_eq!(shop.digests(), whole);
}

#[test]
fn a_tag_that_another_push_moved_on_is_left_out() {
    let _turn = Turn::share();
    let shop = Shop::new();
    // The tags of the one that is baked are all elsewhere; those of the configuration are an older image's.
    let _ = shop.push(&[]).succeeded();
    shop.workspace.write("front/page", "another");
    let one = &shop.registries[0];
    let moved = format!("front.tags={one}/front:other");
    let further = ["--digests", "digests.json", "--", "--set", moved.as_str()];
    let ran = shop.push_to(one, &further).succeeded();
    ran.says("front:latest is another image by now");
    let digests = shop.digests();
    let front = &digests["images"][1];
    assert_eq!(front["repositories"][0]["tags"], json!([]));
    // Whatever the argument did, the input hash does not say it.
    assert_eq!(front["input_hash"], Value::Null);
    let index = inspected(&format!("{one}/front:other"));
    assert_eq!(front["digest"], index["digest"]);
}

#[test]
fn compose_runs_the_images_by_digest_and_builds_none() {
    let _turn = Turn::share();
    let shop = Shop::new();
    let _ = shop.push(&["--digests", "digests.json"]).succeeded();
    shop.workspace
        .write("docker/live.yaml", &shop.handover("compose"));
    let compose = Compose::new(&shop.workspace).file("docker/live.yaml");
    let said = compose.run(["config", "--format", "json"]);
    let read: Value = serde_json::from_str(&said).expect("Compose prints JSON");
    let digests = shop.digests();
    for image in digests["images"].as_array().expect("a list") {
        let service = &read["services"][text(&image["name"])];
        let place = text(&image["repositories"][0]["name"]);
        let pinned = format!("{place}@{}", text(&image["digest"]));
        assert_eq!(service["image"], pinned);
        assert_eq!(service["build"], Value::Null);
    }
    // The rest of the service stays, and so do those that were not pushed.
    assert_eq!(read["services"]["front"]["ports"][0]["target"], 8080);
    assert_ne!(read["services"]["tool"]["build"], Value::Null);
}
