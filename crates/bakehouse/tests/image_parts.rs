//! Parts of images of `[images]` in the images of services: files, and bases.

use serde_json::{Value, json};

use crate::shop::{Shop, changed, stderr, stdout};

const IMAGE: &str = "[images.dashboard]\ncontext = \"dashboard\"\n";

/// Returns the shop with a dashboard. `web` ships its page, and a variant of `batch` runs on it.
fn shop() -> Shop {
    let shop = Shop::native();
    shop.write("dashboard/Dockerfile", "FROM scratch\nCOPY . /dist/\n");
    shop.write("dashboard/page.html", "one\n");
    shop.edit(
        "bakehouse.toml",
        "files = {",
        "files = { \"dashboard:/dist\" = \"/srv/ui\",",
    );
    shop.edit(
        "bakehouse.toml",
        "variants.shell = {}",
        "variants.shell = { runtime = \"dashboard\" }",
    );
    let config = shop.read("bakehouse.toml");
    shop.write("bakehouse.toml", &format!("{config}\n{IMAGE}"));
    shop
}

fn json(shop: &Shop, arguments: &[&str]) -> Value {
    let output = shop.bakehouse(&[arguments, &["--format", "json"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns the targets that have the dashboard as a context.
fn with_context(shop: &Shop) -> Vec<String> {
    let bake = shop.read("docker-bake.hcl");
    let targets = bake.split("\ntarget \"").skip(1);
    let with =
        targets.filter(|target| target.contains("\"image-dashboard\" = \"target:dashboard\""));
    with.filter_map(|target| target.split('"').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn mistakes_in_parts_of_images_are_reported_at_once() {
    let shop = Shop::new();
    shop.write("dashboard/Dockerfile", "FROM scratch\n");
    shop.write(
        "bakehouse.toml",
        r#"platforms = ["linux/amd64", "linux/arm64"]

[bases.glibc]
dashbord = "2.36"

[services.web]
package = "web"
bin = "shop-web"
workdir = "srv"
files = { "dashbord:/dist" = "/ui", "dashboard" = "/a", "dashboard:" = "/b", "dashboard:dist" = "/c", "other:/x" = "/d" }

[services.batch]
files = { "narrow:/dist" = "/srv/ui" }
variants.amd64 = { platforms = ["linux/amd64"] }
variants.both = { runtime = "narrow", workdir = "/srv/../etc" }
variants.far = { files = { "dashboard:/dist" = "ui" } }

[images.dashboard]
context = "dashboard"

[images.narrow]
context = "dashboard"
platforms = ["linux/amd64"]
"#,
    );
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
}

/// The stages, targets and services in which the image occurs.
#[test]
fn parts_of_images_are_taken_from_their_targets() {
    let shop = shop();
    shop.generate();
    let parts = |file: &str, separator: &str| -> String {
        let text = shop.read(file);
        let parts = text.split(separator);
        let with = parts.filter(|part| part.contains("image-dashboard"));
        with.map(|part| format!("{}\n\n", part.trim())).collect()
    };
    let services = shop.read("docker/compose.yaml");
    let compose: Value = serde_saphyr::from_str(&services).unwrap();
    let contexts: Vec<String> = ["web", "batch-shell", "batch-python"]
        .iter()
        .map(|name| {
            let build = &compose["services"][name]["build"];
            format!("{name}: {}\n", build["additional_contexts"])
        })
        .collect();
    insta::assert_snapshot!(format!(
        "{}{}{}",
        parts("docker/Dockerfile", "\n\n"),
        parts("docker-bake.hcl", "\n\n"),
        contexts.concat()
    ));
    // The C library of the base decides whether each binary runs there, also those of packs. Other variants need no base
    // of their siblings.
    let readers = ["compiled", "batch-shell", "web", "pack-base-probe"];
    assert_eq!(with_context(&shop), readers);
    shop.edit(
        "bakehouse.toml",
        "[runtime]",
        "[bases.glibc]\ndashboard = \"2.36\"\n\n[runtime]",
    );
    shop.generate();
    assert_eq!(with_context(&shop), ["compiled", "batch-shell", "web"]);
}

#[test]
fn a_base_of_all_services_can_be_an_image_of_the_workspace() {
    let shop = shop();
    shop.edit(
        "bakehouse.toml",
        "[bases]",
        "[bases]\nruntime = \"dashboard\"",
    );
    shop.generate();
    let dockerfile = shop.read("docker/Dockerfile");
    let on = |stage: &str, base: &str| {
        let line = format!("FROM {base} AS {stage}\n");
        assert!(dockerfile.contains(&line), "{line}: {dockerfile}");
    };
    // It has packages, which are installed upon the image.
    on("runtime-for-web", "image-dashboard");
    on("batch-shell", "image-dashboard");
    on(
        "batch-python",
        "docker.io/library/python:3.12-slim-bookworm",
    );
    assert!(!dockerfile.contains("FROM ${RUNTIME_BASE}"), "{dockerfile}");
    let bases = &json(&shop, &["plan"])["bases"];
    assert!(!bases.to_string().contains("dashboard"), "{bases}");
    // `scratch` stays Docker's.
    shop.edit(
        "bakehouse.toml",
        "runtime = \"dashboard\" }",
        "runtime = \"scratch\" }",
    );
    shop.edit(
        "bakehouse.toml",
        IMAGE,
        &format!("{IMAGE}\n[images.scratch]\ncontext = \"dashboard\"\n"),
    );
    shop.generate();
    let dockerfile = shop.read("docker/Dockerfile");
    assert!(
        dockerfile.contains("FROM scratch AS batch-shell\n"),
        "{dockerfile}"
    );
}

/// Edit → outputs with a changed hash.
type Row = (&'static str, fn(&Shop), &'static [&'static str]);

const ROWS: &[Row] = &[
    (
        "the front end",
        |shop| shop.write("dashboard/page.html", "two\n"),
        &["batch-shell", "web"],
    ),
    (
        "its Dockerfile",
        |shop| {
            shop.write(
                "dashboard/Dockerfile",
                "FROM scratch\nCOPY . /dist/\nUSER 1:1\n",
            );
        },
        &["batch-shell", "web"],
    ),
    (
        "its name and tag",
        |shop| {
            shop.edit(
                "bakehouse.toml",
                IMAGE,
                &format!("{IMAGE}image = \"ui\"\ntag = \"a\"\n"),
            );
        },
        &[],
    ),
    (
        "the path in it",
        |shop| {
            shop.edit(
                "bakehouse.toml",
                "dashboard:/dist",
                "dashboard:/dist/page.html",
            );
        },
        &["web"],
    ),
    (
        "a slash at the end of that path",
        |shop| shop.edit("bakehouse.toml", "dashboard:/dist", "dashboard:/dist/"),
        &[],
    ),
    (
        "the place",
        |shop| shop.edit("bakehouse.toml", "/srv/ui", "/srv/front"),
        &["web"],
    ),
];

#[test]
fn another_part_reaches_the_services_that_have_it() {
    for (name, edit, expected) in ROWS {
        let shop = shop();
        let before = shop.hashes();
        edit(&shop);
        let after = shop.hashes();
        assert_eq!(changed(&before, &after), *expected, "{name}");
    }
}

#[test]
fn a_changed_front_end_is_the_reason_for_the_images_that_have_it() {
    let shop = shop();
    shop.generate();
    shop.commit_all();
    shop.write("dashboard/page.html", "two\n");
    let affected = json(&shop, &["affected", "--since", "HEAD"]);
    assert_eq!(affected["services"], json!(["batch-shell", "web"]));
    assert_eq!(affected["images"], json!(["dashboard"]));
    let why = |name: &str| stdout(&shop.bakehouse(&["why", name, "--since", "HEAD"]));
    for service in ["web", "batch-shell"] {
        let change =
            format!("dashboard/page.html (modified, not committed) → dashboard → {service}");
        assert!(why(service).contains(&change), "{}", why(service));
    }
    assert!(why("batch-python").contains("unchanged"));
    let made = stdout(&shop.bakehouse(&["why", "web"]));
    assert!(made.contains("built from\n  image dashboard\n"), "{made}");

    let image = &json(&shop, &["plan"])["images"][0];
    assert_eq!(image["shipped_by"], json!(["batch-shell", "web"]));
    let text = stdout(&shop.bakehouse(&["plan"]));
    assert!(text.contains(", in batch-shell, web"), "{text}");
    let graph = json(&shop, &["graph"]);
    let nodes = graph["nodes"].as_array().unwrap();
    let place = |name: &str, kind: &str| {
        let mut nodes = nodes.iter();
        nodes.position(|node| node["name"] == name && node["kind"] == kind)
    };
    let (image, web) = (place("dashboard", "image"), place("web", "service"));
    let lists = |node: usize, key: &str, other: usize| {
        nodes[node][key].as_array().unwrap().contains(&json!(other))
    };
    let (image, web) = (image.unwrap(), web.unwrap());
    assert!(lists(web, "needs", image) && lists(image, "changes", web));
    let compose: Value = serde_saphyr::from_str(&shop.read("docker/compose.yaml")).unwrap();
    let watched = compose["services"]["web"]["develop"]["watch"]
        .as_array()
        .unwrap();
    assert!(
        watched.iter().any(|rule| rule["path"] == "../dashboard"),
        "{watched:?}"
    );
}
