//! Images of other Dockerfiles beside the services: `[images]`.

use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::shop::{Shop, stderr, stdout};

const DOCKERFILE: &str = "FROM node:20 AS build\nARG NODE_ENV\nCOPY . .\nRUN npm run build\n\n\
    FROM scratch AS runtime\nCOPY --from=build /dist /dist\n";

const IMAGE: &str = "[images.dashboard]\ncontext = \"dashboard\"\ntarget = \"runtime\"\nargs = { NODE_ENV = \"production\" }\n";

/// Returns the shop with a dashboard, whose files `web` embeds by the line `embeds` of `[inputs.web]`.
fn shop(embeds: &str) -> Shop {
    let shop = Shop::native();
    shop.write("dashboard/Dockerfile", DOCKERFILE);
    shop.write("dashboard/src/page.ts", "one\n");
    shop.write("dashboard/.dockerignore", "notes\nnode_modules\n");
    let inputs = match embeds {
        "" => String::new(),
        line => format!("\n[inputs.web]\n{line}\n"),
    };
    let config = shop.read("bakehouse.toml");
    shop.write("bakehouse.toml", &format!("{config}\n{IMAGE}{inputs}"));
    shop
}

fn plan(shop: &Shop) -> Value {
    let output = shop.bakehouse(&["plan", "--format", "json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the input hash of the dashboard.
fn hash(shop: &Shop) -> Value {
    plan(shop)["images"][0]["input_hash"].clone()
}

#[test]
fn mistakes_in_images_are_reported_at_once() {
    let shop = shop("");
    shop.write("site/Containerfile", DOCKERFILE);
    let config = shop.read("bakehouse.toml");
    let wrong = r#"
[images.dashbord]
context = "dashbord"

[images.site]
context = "site"
args = { "A B" = "x" }

[images.docs]
context = "dashboard"
target = "runtme"
args = { NODE_EVN = "production" }
tag = "a b"
platforms = ["linux/s390x"]
output = "type=dokcer"
health = "/up"
depends-on = ["wbe"]

[images.web]
context = "dashboard"

[images.deps]
context = "dashboard"

[images.copy]
context = "dashboard"
image = "dashboard"

[images.one]
context = "../elsewhere"
depends-on = ["two"]

[images.two]
context = "dashboard"
depends-on = ["one"]

[inputs.web]
images = ["dashboard", "dashbaord:/dist", "dashboard:dist"]

[inputs.batch]
images = { "dashboard:/dist" = "batch/dist", "docs:/dist" = "batch/dist/docs" }

[inputs.common]
images = 1
"#;
    shop.write("bakehouse.toml", &format!("{config}{wrong}"));
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
}

/// What the host has at such a place must not be read, so nothing around it may be mounted as a whole.
#[test]
fn files_of_an_image_go_only_where_nothing_is_read_as_a_whole() {
    let rows = [
        ("images = [\"dashboard:/dist\"]", ""),
        ("images = { \"dashboard:/dist\" = \"web/ui/dist\" }", ""),
        (
            "images = { \"dashboard:/dist\" = \"web/src/dist\" }",
            "web/src is read as a whole",
        ),
        (
            "images = { \"dashboard:/dist\" = \"common/ui/dist\" }\npaths = [\"common/ui/**\"]",
            "common/ui is read as a whole",
        ),
    ];
    for (line, expected) in rows {
        let shop = shop(line);
        shop.write("common/ui/a.txt", "");
        let output = shop.bakehouse(&["plan"]);
        assert_eq!(output.status.success(), expected.is_empty(), "{line}");
        let said = stderr(&output);
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn the_input_hash_is_over_what_docker_is_sent_and_how_it_is_built() {
    type Edit = fn(&Shop);
    let rows: [(&str, bool, Edit); 16] = [
        ("a file", true, |shop| {
            shop.write("dashboard/src/page.ts", "two\n");
        }),
        ("a new file", true, |shop| {
            shop.write("dashboard/src/b.ts", "");
        }),
        ("an empty folder", true, |shop| {
            shop.folder("dashboard/public");
        }),
        ("a mode", true, |shop| {
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(shop.path("dashboard/src/page.ts"), mode).unwrap();
        }),
        ("a link", true, |shop| {
            std::os::unix::fs::symlink("page.ts", shop.path("dashboard/src/l")).unwrap();
        }),
        ("what is ignored", false, |shop| {
            shop.write("dashboard/notes/a.md", "");
        }),
        ("what tools put there", false, |shop| {
            shop.write("dashboard/node_modules/a/index.js", "");
        }),
        (
            "the ignore file of the Dockerfile, which comes first",
            true,
            |shop| {
                shop.write("dashboard/Dockerfile.dockerignore", "");
                shop.write("dashboard/notes/a.md", "");
            },
        ),
        ("the Dockerfile", true, |shop| {
            shop.write("dashboard/Dockerfile", &format!("{DOCKERFILE}USER 1:1\n"));
        }),
        ("the stage", true, |shop| {
            shop.edit(
                "bakehouse.toml",
                "target = \"runtime\"",
                "target = \"build\"",
            );
        }),
        ("an argument", true, |shop| {
            shop.edit("bakehouse.toml", "\"production\" }", "\"development\" }");
        }),
        ("a name and tag", false, |shop| {
            shop.edit(
                "bakehouse.toml",
                "target = \"runtime\"",
                "target = \"runtime\"\nimage = \"ui\"\ntag = \"a\"\ndefault = false",
            );
        }),
        ("what is for Compose", false, |shop| {
            shop.edit("bakehouse.toml", "target = \"runtime\"", "target = \"runtime\"\nports = [80]\nenv = { A = \"b\" }\nhealth = [\"true\"]\ndepends-on = [\"web\"]");
        }),
        ("the source of a service", false, |shop| {
            shop.write("web/src/main.rs", "fn main() { println!(); }\n");
        }),
        ("the builder", false, |shop| {
            shop.edit(
                "bakehouse.toml",
                "[bases]",
                "[bases]\nruntime = \"debian:trixie-slim\"",
            );
        }),
        ("a platform", true, |shop| {
            let config = shop.read("bakehouse.toml");
            shop.write(
                "bakehouse.toml",
                &format!("platforms = [\"linux/arm64\"]\n{config}"),
            );
        }),
    ];
    for (what, changes, edit) in rows {
        let shop = shop("");
        let before = hash(&shop);
        edit(&shop);
        assert_eq!(hash(&shop) != before, changes, "{what}");
    }
}

#[test]
fn a_context_of_what_no_checkout_has_is_warned_of() {
    let shop = shop("");
    shop.write("dashboard/.dockerignore", "notes\n");
    assert!(!stderr(&shop.bakehouse(&["plan"])).contains("node_modules"));
    shop.write("dashboard/node_modules/a/index.js", "");
    let said = stderr(&shop.bakehouse(&["plan"]));
    assert!(
        said.contains("`dashboard` is sent dashboard/node_modules"),
        "{said}"
    );
    let doctor = stdout(&shop.bakehouse(&["doctor"]));
    assert!(doctor.contains("dashboard/node_modules"), "{doctor}");
}

/// Returns what `affected` lists as services, and as images.
fn affected(shop: &Shop) -> Value {
    let output = shop.bakehouse(&["affected", "--since", "HEAD", "--format", "json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    json!([shown["services"], shown["images"]])
}

#[test]
fn a_front_end_changes_its_image_and_the_services_that_embed_it() {
    for line in [
        "images = [\"dashboard:/dist\"]",
        "images = { \"dashboard:/dist\" = \"web/ui/dist\" }",
    ] {
        let shop = shop(line);
        shop.generate();
        shop.commit_all();
        assert_eq!(affected(&shop), json!([[], []]), "{line}");
        // Files of the host at that place are not those that are embedded.
        for folder in ["dashboard/dist", "web/ui/dist"] {
            shop.write(&format!("{folder}/index.html"), "of the host");
        }
        shop.write(
            "dashboard/.dockerignore",
            "notes\nnode_modules\ndist\n.dockerignore\n",
        );
        shop.commit_all();
        shop.write("web/ui/dist/index.html", "another of the host");
        shop.write("dashboard/dist/index.html", "another of the host");
        let own = if line.contains("ui") {
            json!([])
        } else {
            json!(["web"])
        };
        assert_eq!(affected(&shop), json!([own, []]), "{line}");
        shop.commit_all();
        shop.write("dashboard/src/page.ts", "two\n");
        assert_eq!(affected(&shop), json!([["web"], ["dashboard"]]), "{line}");
        let why = |name: &str| stdout(&shop.bakehouse(&["why", name, "--since", "HEAD"]));
        let change = "dashboard/src/page.ts (modified, not committed) → dashboard";
        assert!(
            why("web").contains(&format!("{change} → web")),
            "{}",
            why("web")
        );
        assert!(why("dashboard").contains(change), "{}", why("dashboard"));
        assert!(why("batch-shell").contains("unchanged"));
        let jobs = shop.bakehouse(&["affected", "--since", "HEAD", "--format", "github"]);
        let jobs = stdout(&jobs);
        let matrix = r#"matrix={"include":[{"target":"web"},{"target":"dashboard"}]}"#;
        assert!(jobs.contains(matrix), "{jobs}");
    }
}

#[test]
fn embedded_files_are_mounted_from_the_image_and_nothing_of_the_host_is() {
    for strategy in ["layer", "mount"] {
        let shop = shop("images = { \"dashboard:/dist\" = \"web/ui/dist\" }");
        shop.write("web/ui/dist/index.html", "of the host");
        shop.write("web/ui/note.txt", "");
        let setting = format!("[cache]\nstrategy = \"{strategy}\"");
        shop.edit("bakehouse.toml", "[cache]", &setting);
        shop.generate();
        let dockerfile = shop.read("docker/Dockerfile");
        let mounts: Vec<&str> = dockerfile
            .lines()
            .map(str::trim)
            .filter(|line| line.contains("/sources/web"))
            .collect();
        let mounted = |place: &str| mounts.iter().any(|mount| mount.contains(place));
        assert!(
            mounted("from=image-dashboard,source=/dist,target=/sources/web/ui/dist"),
            "{mounts:#?}"
        );
        assert!(mounted("target=/sources/web/ui/note.txt"), "{mounts:#?}");
        for whole in ["/sources/web ", "/sources/web/ui "] {
            assert!(!mounted(whole), "{mounts:#?}");
        }
        let place = dockerfile
            .find("FROM scratch AS image-dashboard\n")
            .unwrap();
        assert!(place < dockerfile.find("from=image-dashboard").unwrap());
        let ignore = shop.read("docker/Dockerfile.dockerignore");
        assert!(
            !ignore
                .lines()
                .any(|line| "!web/ui/dist".starts_with(line) && line.len() > 1),
            "{ignore}"
        );
        // Only what embeds the image is built from it.
        let bake = shop.read("docker-bake.hcl");
        let targets = bake.split("\ntarget \"").skip(1);
        let with = targets.filter(|target| target.contains("\"target:dashboard\""));
        let with: Vec<&str> = with.filter_map(|target| target.split('"').next()).collect();
        assert_eq!(with, ["compiled", "web"]);
    }
}

#[test]
fn other_images_stand_beside_services_everywhere() {
    let shop = shop("images = [\"dashboard:/dist\"]");
    let keys = "target = \"runtime\"\nports = [8080]\nenv = { A = \"$b\" }\nhealth = [\"true\"]\ndepends-on = [\"web\"]";
    shop.edit("bakehouse.toml", "target = \"runtime\"", keys);
    shop.edit(
        "bakehouse.toml",
        "[services.batch]",
        "[services.batch]\ndepends-on = [\"dashboard\"]",
    );
    shop.generate();
    let compose: Value = serde_saphyr::from_str(&shop.read("docker/compose.yaml")).unwrap();
    let services = &compose["services"];
    let dashboard = &services["dashboard"];
    assert_eq!(dashboard["build"]["context"], "../dashboard");
    assert_eq!(dashboard["build"]["dockerfile"], "Dockerfile");
    assert_eq!(dashboard["build"]["target"], "runtime");
    assert_eq!(dashboard["build"]["args"]["NODE_ENV"], "production");
    assert_eq!(dashboard["environment"]["A"], "$$b");
    assert_eq!(dashboard["healthcheck"]["test"], json!(["CMD", "true"]));
    assert_eq!(
        dashboard["depends_on"]["web"]["condition"],
        "service_started"
    );
    // Both want port 8080 of the host.
    assert_eq!(
        dashboard["ports"][0],
        "${BIND:-127.0.0.1}:${PORT_DASHBOARD_8080:-}:8080"
    );
    assert_eq!(
        services["web"]["ports"][0],
        "${BIND:-127.0.0.1}:${PORT_WEB_8080:-}:8080"
    );
    let contexts = &services["web"]["build"]["additional_contexts"];
    assert_eq!(contexts["image-dashboard"], "service:dashboard");
    let watched = services["web"]["develop"]["watch"].as_array().unwrap();
    assert!(watched.iter().any(|rule| rule["path"] == "../dashboard"));
    assert_eq!(
        services["batch-shell"]["build"]["additional_contexts"],
        Value::Null
    );
    let condition = &services["batch-shell"]["depends_on"]["dashboard"]["condition"];
    // The variants share it by a merge key.
    let shared = &compose["x-variants-batch"]["depends_on"]["dashboard"]["condition"];
    assert!(
        condition == "service_healthy" || shared == "service_healthy",
        "{compose:#}"
    );

    let shown = plan(&shop);
    assert_eq!(shown["images"][0]["name"], "dashboard");
    assert_eq!(shown["images"][0]["embedded_by"], json!(["web"]));
    assert_eq!(
        shown["hidden_inputs"],
        plan(&Shop::native())["hidden_inputs"]
    );
    let text = stdout(&shop.bakehouse(&["plan"]));
    assert!(
        text.contains("dashboard") && text.contains(", in web"),
        "{text}"
    );
    let graph: Value =
        serde_json::from_slice(&shop.bakehouse(&["graph", "--format", "json"]).stdout).unwrap();
    let nodes = graph["nodes"].as_array().unwrap();
    let place = |name: &str, kind: &str| {
        nodes
            .iter()
            .position(|node| node["name"] == name && node["kind"] == kind)
            .unwrap()
    };
    let (image, package) = (place("dashboard", "image"), place("web", "crate"));
    assert!(
        nodes[package]["needs"]
            .as_array()
            .unwrap()
            .contains(&json!(image))
    );
    assert!(
        nodes[image]["changes"]
            .as_array()
            .unwrap()
            .contains(&json!(place("web", "service")))
    );
    for format in ["html", "mermaid", "dot"] {
        let drawn = stdout(&shop.bakehouse(&["graph", "--format", format]));
        assert!(drawn.contains("dashboard"), "{format}");
    }
    shop.commit_all();
    let gitlab = shop.bakehouse(&["ci", "gitlab"]);
    assert!(gitlab.status.success(), "{}", stderr(&gitlab));
    assert!(
        shop.read(".gitlab/bakehouse.yml")
            .contains("(.services + (.images // []) - (.by_name // []))[],")
    );
}

#[test]
fn an_image_that_is_not_default_is_baked_only_by_name() {
    let shop = shop("");
    shop.edit(
        "bakehouse.toml",
        "target = \"runtime\"",
        "target = \"runtime\"\ndefault = false",
    );
    shop.generate();
    let bake = shop.read("docker-bake.hcl");
    let groups: Vec<&str> = bake
        .lines()
        .filter(|line| line.starts_with("group "))
        .collect();
    assert!(
        groups.iter().all(|group| !group.contains("dashboard")),
        "{groups:#?}"
    );
    assert!(bake.contains("target \"dashboard\" {"));
    let compose: Value = serde_saphyr::from_str(&shop.read("docker/compose.yaml")).unwrap();
    assert_eq!(
        compose["services"]["dashboard"]["profiles"],
        json!(["images"])
    );
}

#[test]
fn compose_builds_an_image_that_is_not_default_for_the_services_that_embed_it() {
    let shop = shop("images = [\"dashboard:/dist\"]");
    shop.edit(
        "bakehouse.toml",
        "target = \"runtime\"",
        "target = \"runtime\"\ndefault = false",
    );
    shop.generate();
    let compose: Value = serde_saphyr::from_str(&shop.read("docker/compose.yaml")).unwrap();
    let dashboard = &compose["services"]["dashboard"];
    assert_eq!(dashboard["scale"], "0");
    assert_eq!(dashboard["profiles"], Value::Null);
}
