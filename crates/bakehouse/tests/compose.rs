//! The compose files follow the configuration.

use serde_json::Value;

use crate::shop::{Shop, stderr};

fn compose(shop: &Shop) -> Value {
    // Compose resolves merge keys itself. Here the text only needs to be valid YAML.
    serde_saphyr::from_str(&shop.read("docker/compose.yaml")).unwrap()
}

#[test]
fn a_workspace_without_packs_has_nothing_of_packs() {
    let shop = Shop::new();
    let text = shop.read("bakehouse.toml");
    let without = text.split("[packs.base]").next().unwrap();
    shop.write("bakehouse.toml", without);
    shop.generate();
    let text = shop.read("docker/compose.yaml");
    assert!(!text.contains("packs"), "{text}");
    assert!(!shop.path("docker/init-packs.sh").exists());
    assert!(!shop.path("docker/compose.oci.yaml").exists());
}

#[test]
fn without_compose_its_files_go_and_those_of_others_stay() {
    let shop = Shop::new();
    shop.generate();
    let files = [
        "docker/compose.yaml",
        "docker/compose.oci.yaml",
        "docker/init-packs.sh",
    ];
    assert!(files.iter().all(|file| shop.path(file).exists()));
    let config = shop.read("bakehouse.toml");
    shop.write("bakehouse.toml", &format!("compose = false\n{config}"));
    let check = shop.bakehouse(&["generate", "--check"]);
    assert_eq!(check.status.code(), Some(3), "{}", stderr(&check));
    shop.generate();
    assert!(files.iter().all(|file| !shop.path(file).exists()));
    shop.write("docker/compose.yaml", "services: {}\n");
    shop.generate();
    assert_eq!(shop.read("docker/compose.yaml"), "services: {}\n");
}

#[test]
fn nothing_of_compose_changes_an_image() {
    let shop = Shop::new();
    let before = shop.hashes();
    let keys = "ports = [8080]\nhealth = \"/up\"\ndepends-on = [\"batch\"]\npacks = \"rw\"\nstate = \"memory\"";
    shop.edit("bakehouse.toml", "ports = [8080]", keys);
    shop.edit(
        "bakehouse.toml",
        "packs = \"/packs\"",
        "packs = \"/packs\"\npacks-dev = \"own\"",
    );
    shop.edit("bakehouse.toml", "[bases]", "[bases]\ninit = \"busybox:1\"");
    assert_eq!(shop.hashes(), before);
    shop.generate();
    let services = &compose(&shop)["services"];
    let web = &services["web"];
    assert_eq!(web["read_only"], true);
    assert_eq!(
        web["tmpfs"][1],
        "/var/lib/app:uid=10001,gid=10001,mode=0750"
    );
    assert_eq!(web["volumes"][0]["target"], "/packs");
    assert_eq!(web["volumes"][0]["read_only"], Value::Null);
    assert_eq!(web["volumes"][1]["source"], "../own");
    assert_eq!(web["volumes"][1]["target"], "/packs.dev");
    let needs: Vec<&String> = web["depends_on"].as_object().unwrap().keys().collect();
    assert_eq!(needs, ["init-packs", "batch-python", "batch-shell"]);
    assert_eq!(services["init-packs"]["image"], "busybox:1");
    let check = web["healthcheck"]["test"].as_array().unwrap();
    assert_eq!(check[5..], ["8080", "/up"]);
    assert_eq!(services["batch-shell"]["volumes"][0]["read_only"], true);
}

#[test]
fn a_port_of_several_services_is_published_on_free_ones() {
    let shop = Shop::new();
    shop.edit(
        "bakehouse.toml",
        "variants.shell = {}",
        "ports = [9000]\nvariants.shell = {}",
    );
    shop.generate();
    let services = &compose(&shop)["services"];
    let port = |service: &str| services[service]["ports"][0].as_str().unwrap();
    assert_eq!(
        port("web"),
        "${BIND:-127.0.0.1}:${PORT_WEB_8080:-8080}:8080"
    );
    assert_eq!(
        port("batch-shell"),
        "${BIND:-127.0.0.1}:${PORT_BATCH_SHELL_9000:-}:9000"
    );
}

/// Compose rebuilds a service after a change in its inputs, and only then.
#[test]
fn each_service_watches_its_closure() {
    for strategy in ["layer", "mount"] {
        let shop = Shop::new();
        let setting = format!("[cache]\nstrategy = \"{strategy}\"");
        shop.edit("bakehouse.toml", "[cache]", &setting);
        shop.generate();
        let services = &compose(&shop)["services"];
        let watched = |service: &str| -> Vec<String> {
            let rules = services[service]["develop"]["watch"].as_array().unwrap();
            let paths = rules
                .iter()
                .map(|rule| rule["path"].as_str().unwrap().to_owned());
            paths.collect()
        };
        let web = watched("web");
        for path in ["../web", "../prices", "../docker/skeleton"] {
            assert!(
                web.iter().any(|watched| watched == path),
                "{path} in {web:?}"
            );
        }
        assert!(!web.iter().any(|path| path.contains("batch")), "{web:?}");
        assert_eq!(watched("batch-shell"), watched("batch-python"));
        assert_eq!(watched("init-packs"), ["../packs/base"]);
    }
}

#[test]
fn mistakes_are_reported_at_once() {
    let shop = Shop::new();
    shop.write(
        "bakehouse.toml",
        r#"compose = "no"

[services.web]
package = "web"
bin = "shop-web"
health = "health"
ports = [8080]
depends-on = ["bach", "batch"]
packs = "wr"
state = "disk"

[services.batch]
health = "/health"
depends-on = ["web"]
packs = "rw"
variants.one = { user = "1:1" }
variants.two = { user = "2:2" }

[services.probe]
health = 1

[services.init-packs]
package = "probe"

[packs.base]
path = "packs/base"
"#,
    );
    let output = shop.bakehouse(&["plan"]);
    assert_eq!(output.status.code(), Some(2));
    insta::assert_snapshot!(stderr(&output));
}
