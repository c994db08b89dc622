//! Images of other Dockerfiles beside the services, and services that embed files of them.

use std::collections::BTreeMap;
use std::process::Command;

use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{
    Compose, Member, Ran, Turn, Workspace, bakehouse, container, runner, unique,
};
use serde_json::{Value, json};

const DOCKERFILE: &str = r#"FROM docker.io/library/debian:bookworm-slim AS build
ARG GREETING
COPY . /front-end
RUN --network=none mkdir /dist && echo "$GREETING $(cat /front-end/page.txt)" >/dist/index.html

FROM docker.io/library/debian:bookworm-slim AS runtime
COPY --from=build /dist /dist
CMD ["cat", "/dist/index.html"]
"#;

const CONFIG: &str = r#"registry = "embedding"

[bases]
builder = "docker.io/library/rust:1.95.0-slim-bookworm"

[services.server]

[services.tool]

[images.dashboard]
context = "dashboard"
target = "runtime"
args = { GREETING = "hello" }
"#;

/// Returns a workspace whose service `server` embeds the page of the dashboard, at `place`, as `images` declares it.
fn workspace(place: &str, images: &str) -> Workspace {
    let page = format!("include_str!(\"../../../{place}/index.html\")");
    let library = Member::library("pages", &format!("pub const PAGE: &str = {page};\n"));
    let server = Member::binary("server", "fn main() { print!(\"{}\", pages::PAGE); }\n");
    let tool = Member::binary("tool", "fn main() { println!(\"tool\"); }\n");
    let config = format!("{CONFIG}\n[inputs.pages]\nimages = {images}\n");
    let workspace = Workspace::of(&[library, server.uses("pages"), tool], &config);
    workspace.write("dashboard/Dockerfile", DOCKERFILE);
    workspace.write("dashboard/page.txt", "one\n");
    workspace.write("dashboard/.dockerignore", "dist\n");
    // A file of the host must never be the one that is embedded.
    workspace.write(&format!("{place}/index.html"), "of the host\n");
    workspace
}

/// The list, and the table with a place in the folder of the package.
const FORMS: [(&str, &str); 2] = [
    ("dashboard/dist", "[\"dashboard:/dist\"]"),
    (
        "crates/pages/ui/dist",
        "{ \"dashboard:/dist\" = \"crates/pages/ui/dist\" }",
    ),
];

fn results(ran: &Ran) -> [&str; 3] {
    let results = bakehouse::results(ran);
    ["server", "tool", "dashboard"].map(|name| match results[name] {
        "built" | "cached" => "baked",
        result => result,
    })
}

#[test]
fn a_changed_front_end_is_in_the_service_that_embeds_it_and_builds_no_other() {
    let turn = Turn::share();
    for ((place, images), strategy) in FORMS.into_iter().zip(["layer", "mount"]) {
        let workspace = workspace(place, images);
        workspace.append(
            "bakehouse.toml",
            &format!("\n[cache]\nstrategy = \"{strategy}\"\n"),
        );
        workspace.make_cold(&unique::unique());
        workspace.generate();
        let registry = format!("{}/images-{}", runner::registry(), unique::unique());
        let push = || {
            let mut command = bakehouse::command(workspace.dir());
            let ran = Ran::of(command.args(["build", "--push"]).env("REGISTRY", &registry));
            ran.succeeded()
        };
        let prints = |name: &str| {
            let name = format!("{registry}/{name}:latest");
            docker(["pull", "--quiet", &name]);
            let printed = container::prints(&name, []);
            docker(["rmi", &name]);
            printed
        };
        assert_eq!(results(&push()), ["baked"; 3], "{strategy}");
        assert_eq!(prints("server"), "hello one", "{strategy}");
        assert_eq!(prints("dashboard"), "hello one", "{strategy}");
        assert_eq!(results(&push()), ["skipped"; 3], "{strategy}");
        workspace.write(&format!("{place}/index.html"), "another of the host\n");
        assert_eq!(results(&push()), ["skipped"; 3], "{strategy}");

        workspace.write("dashboard/page.txt", "two\n");
        let ran = push();
        assert_eq!(
            results(&ran),
            ["baked", "skipped", "baked"],
            "{strategy}: {ran}"
        );
        assert_eq!(prints("server"), "hello two", "{strategy}");
        // Back again: a page that is older than what was compiled from the other one.
        workspace.write("dashboard/page.txt", "one\n");
        assert_eq!(results(&push()), ["skipped"; 3], "{strategy}");
        let _ = workspace.bake(["server"]).run(&turn);
        let name = workspace.images.name("server");
        assert_eq!(container::prints(&name, []), "hello one", "{strategy}");
    }
}

#[test]
fn compose_builds_the_image_that_a_service_embeds() {
    let _turn = Turn::share();
    let (place, images) = FORMS[1];
    let workspace = workspace(place, images);
    workspace.generate();
    let compose = Compose::new(&workspace);
    compose.run(["build", "server"]);
    let name = workspace.images.name("server");
    assert_eq!(container::prints(&name, []), "hello one");
}

/// Returns the plan of a bake of `targets`, as Bake prints it.
fn printed(workspace: &Workspace, targets: &[&str], variables: &[(&str, &str)]) -> Value {
    let mut command = Command::new("docker");
    command
        .current_dir(workspace.dir())
        .args(["buildx", "bake", "--print"])
        .args(targets)
        .envs(variables.iter().copied());
    serde_json::from_str(&Ran::of(&mut command).succeeded().stdout).expect("Bake prints JSON")
}

#[test]
fn bake_reads_other_images_as_they_are_configured() {
    let (place, images) = FORMS[0];
    let workspace = workspace(place, images);
    workspace.generate();
    let bake = printed(&workspace, &[], &[("REGISTRY", "r"), ("TAG", "1")]);
    assert_eq!(
        bake["group"]["_services"]["targets"],
        json!(["server", "tool", "dashboard"])
    );
    let dashboard = &bake["target"]["dashboard"];
    let expected = json!({
        "attest": [{ "disabled": true, "type": "provenance" }],
        "context": "dashboard",
        "dockerfile": "Dockerfile",
        "target": "runtime",
        "args": { "GREETING": "hello", "SOURCE_DATE_EPOCH": "0" },
        "tags": ["r/dashboard:1"],
    });
    assert_eq!(*dashboard, expected);
    let contexts = |target: &str| bake["target"][target]["contexts"].clone();
    assert_eq!(
        contexts("server"),
        json!({ "image-dashboard": "target:dashboard" })
    );
    assert_eq!(contexts("tool"), Value::Null);
    let cached = printed(
        &workspace,
        &["dashboard"],
        &[
            ("CACHE_REF", "r/c"),
            ("CACHE_BRANCH", "next"),
            ("PLATFORMS", "linux/arm64"),
        ],
    );
    let dashboard = &cached["target"]["dashboard"];
    assert_eq!(dashboard["platforms"], json!(["linux/arm64"]));
    let refs = |key: &str| -> Vec<String> {
        let caches = dashboard[key].as_array().expect("a list").iter();
        caches
            .map(|cache| cache["ref"].as_str().expect("a name").to_owned())
            .collect()
    };
    let of = |branch: &str| format!("r/c:image-dashboard..linux-arm64..{branch}");
    assert_eq!(refs("cache-from"), [of("next"), of("main")]);
    assert_eq!(refs("cache-to"), [of("next")]);
}

const OVERRIDE: &str = r#"variable "REGISTRY" { default = "override.example" }
group "front" { targets = ["dashboard", "docs"] }
target "docs" { dockerfile-inline = "FROM scratch" }
target "dashboard" { args = { GREETING = "ahoy" } }
target "tool" {
  platforms = ["linux/arm64"]
  tags = ["override.example/tool:own"]
}
"#;

#[test]
fn what_users_write_beside_the_bake_file_is_read_after_it() {
    let (place, images) = FORMS[0];
    let workspace = workspace(place, images);
    workspace.generate();
    workspace.write("docker-bake.override.hcl", OVERRIDE);
    let bake = printed(&workspace, &["default", "front"], &[]);
    let target = |name: &str, key: &str| bake["target"][name][key].clone();
    assert_eq!(
        bake["group"]["front"]["targets"],
        json!(["dashboard", "docs"])
    );
    assert_eq!(target("docs", "dockerfile-inline"), "FROM scratch");
    assert_eq!(target("dashboard", "args")["GREETING"], "ahoy");
    assert_eq!(target("dashboard", "context"), "dashboard");
    assert_eq!(
        target("dashboard", "tags"),
        json!(["override.example/dashboard:latest"])
    );
    assert_eq!(
        target("server", "tags"),
        json!(["override.example/server:latest"])
    );
    assert_eq!(target("tool", "tags"), json!(["override.example/tool:own"]));
    assert_eq!(target("tool", "platforms"), json!(["linux/arm64"]));
    assert_eq!(target("tool", "target"), "tool");
    // `generate` leaves it alone.
    workspace.generate();
    assert_eq!(workspace.read("docker-bake.override.hcl"), OVERRIDE);
}

/// Its changes are in no input hash, so images have none. Targets and groups of its own change no image.
#[test]
fn a_build_reads_what_users_write_beside_the_bake_file() {
    let _turn = Turn::share();
    let (place, images) = FORMS[0];
    let workspace = workspace(place, images);
    workspace.generate();
    let build = || {
        let mut command = bakehouse::command(workspace.dir());
        let command = command.args(["build", "dashboard"]);
        Ran::of(command.env("REGISTRY", workspace.images.namespace())).succeeded()
    };
    let result = |ran: &Ran| bakehouse::results(ran)["dashboard"].to_owned();
    let prints = || container::prints(&workspace.images.name("dashboard"), []);
    let _ = build();
    assert_eq!(result(&build()), "skipped");
    workspace.write(
        "docker-bake.override.hcl",
        "group \"front\" { targets = [\"docs\"] }\ntarget \"docs\" { dockerfile-inline = \"FROM scratch\" }\n",
    );
    assert_eq!(result(&build()), "skipped");
    workspace.write(
        "docker-bake.override.hcl",
        "target \"dashboard\" { args = { GREETING = \"ahoy\" } }\n",
    );
    let ran = build();
    assert_ne!(result(&ran), "skipped", "{ran}");
    assert_eq!(prints(), "ahoy one");
    assert_ne!(result(&build()), "skipped");
    workspace.remove("docker-bake.override.hcl");
    assert_eq!(result(&build()), "skipped");
    assert_eq!(prints(), "hello one");
}

const FILES: [&str; 24] = [
    "#c",
    "README.md",
    "Upper.TXT",
    "[z]",
    "a#b",
    "a.txt",
    "a/b/c",
    "ab/c",
    "abc",
    "b.md",
    "docs/README.md",
    "docs/x/y.md",
    "empty/only.log",
    "foo.d/x",
    "foo/bar/baz",
    "foobar",
    "sp ace.txt",
    "src/.hidden",
    "src/a.txt",
    "src/deep/a.txt",
    "src/deep/b.log",
    "tmp/gone.txt",
    "tmp/sub/keep.txt",
    "x!y",
];

const IGNORE_FILES: [&str; 32] = [
    "",
    "**/*.md\n!README.md\n",
    "src\n!src/deep/a.txt\n",
    "src/*\n",
    "src/**\n",
    "**/deep\n",
    "*\n!src\n",
    "*\n!src/**/a.txt\n",
    "foo**\n",
    "/foo\n./abc\n",
    "../web/foo\n",
    "tmp/**\n!tmp/**/keep.txt\n",
    "# a\n#c\n",
    "\\#c\n",
    " a.txt \n",
    "[a-c].txt\n[^a].md\n",
    "[!a].md\n",
    "?.txt\nd?cs\n",
    "**\n!a.txt\n",
    "*/**\n",
    "**b**\n",
    "a/**/c\n",
    "\\[z\\]\n",
    "sp ace.txt\nempty/*.log\n",
    "*.txt\n!*.txt\na.txt\n",
    "\u{feff}a.txt\r\nb.md\r\n",
    ".\n/\n",
    "src/deep/../a.txt\n",
    "**/foo/**\n",
    "***\n!x!y\n",
    "**a.txt\n",
    "s**/a.txt\n",
];

/// The files that an image of all that Docker is sent has are those that its input hash is over.
#[test]
fn the_input_hash_is_over_the_files_that_docker_is_sent() {
    let _turn = Turn::share();
    let tool = Member::binary("tool", "fn main() {}\n");
    let config = "[services.tool]\n\n[images.web]\ncontext = \"web\"\n";
    let workspace = Workspace::of(&[tool], config);
    workspace.write("web/Dockerfile", "FROM scratch\nCOPY . /\n");
    for file in FILES {
        workspace.write(&format!("web/{file}"), file);
    }
    std::os::unix::fs::symlink("a.txt", workspace.dir().join("web/link")).expect("a link");
    std::fs::create_dir(workspace.dir().join("web/void")).expect("a folder");
    let mut wrong = BTreeMap::new();
    for text in IGNORE_FILES {
        workspace.write("web/.dockerignore", text);
        let sent = workspace.dir().join("target/sent");
        let mut command = Command::new("docker");
        command
            .current_dir(workspace.dir())
            .args(["buildx", "build", "--quiet", "web", "--output"])
            .arg(format!("type=local,dest={sent}"));
        let _ = Ran::of(&mut command).succeeded();
        let mut files = Vec::new();
        list(&sent, &sent, &mut files);
        files.sort();
        std::fs::remove_dir_all(&sent).expect("a folder");
        let why = workspace
            .bakehouse(["why", "web", "--format", "json"])
            .succeeded();
        let why: Value = serde_json::from_str(&why.stdout).expect("JSON");
        let hashed = why["files"].as_array().into_iter().flatten();
        let hashed = hashed.map(|path| path.as_str().expect("a path"));
        let mut hashed: Vec<String> = hashed.map(|path| path["web/".len()..].to_owned()).collect();
        hashed.sort();
        if files != hashed {
            wrong.insert(text, (files, hashed));
        }
    }
    assert!(wrong.is_empty(), "sent, hashed: {wrong:#?}");
}

/// Adds the files, links and empty folders in a folder.
fn list(root: &camino::Utf8Path, folder: &camino::Utf8Path, found: &mut Vec<String>) {
    let entries = folder.read_dir_utf8().expect("a folder");
    let entries: Vec<_> = entries
        .map(|entry| entry.expect("an entry").into_path())
        .collect();
    let inside = |path: &camino::Utf8Path| path.strip_prefix(root).expect("inside").to_string();
    if entries.is_empty() && folder != root {
        found.push(inside(folder));
    }
    for path in entries {
        if path.is_dir() && !path.is_symlink() {
            list(root, &path, found);
        } else {
            found.push(inside(&path));
        }
    }
}
