//! The generated compose files, as Docker Compose reads them.

use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{Compose, Member, Turn, Workspace};
use serde_json::{Value, json};

/// Returns the files as Compose resolves them. It prints `$` as `$$`, so that its output can be read as a compose file
/// again.
fn read(compose: &Compose) -> Value {
    let said = compose.run(["--profile", "packs", "config", "--format", "json"]);
    serde_json::from_str(&said.replace("$$", "$")).expect("Compose prints JSON")
}

#[test]
fn compose_takes_the_files_of_this_repository() {
    let workspace = Workspace::platform();
    workspace.generate();
    let compose = Compose::new(&workspace);
    let read_back = read(&compose);
    let services = read_back["services"].as_object().expect("a map");
    let names: Vec<&str> = services.keys().map(String::as_str).collect();
    let expected = [
        "api",
        "executor",
        "init-packs",
        "notifier",
        "sensor",
        "worker-full",
        "worker-node",
        "worker-python",
        "worker-shell",
    ];
    assert_eq!(names, expected);
    for (name, service) in services {
        assert_eq!(service["cap_drop"], json!(["ALL"]), "{name}");
        assert_eq!(
            service["security_opt"],
            json!(["no-new-privileges:true"]),
            "{name}"
        );
        assert_eq!(service["read_only"], true, "{name}");
        let packs = mount(service, "/opt/attune/packs");
        let mounted = !["executor", "init-packs", "notifier"].contains(&name.as_str());
        assert_eq!(packs.is_some(), mounted, "{name}");
        assert!(
            packs.is_none_or(|packs| packs["read_only"] == true),
            "{name}"
        );
        let first = &service["depends_on"]["init-packs"]["condition"];
        assert_eq!(first == "service_completed_successfully", mounted, "{name}");
        let dev = mount(service, "/opt/attune/packs.dev");
        assert!(dev.is_none_or(|dev| dev["read_only"].is_null()), "{name}");
    }
    assert_eq!(
        services["api"]["image"],
        format!("{}/api:latest", workspace.images.namespace())
    );
    assert_eq!(
        services["worker-python"]["build"]["target"],
        "worker-python"
    );

    let images = read(&Compose::new(&workspace).file("docker/compose.oci.yaml"));
    assert!(images["services"]["init-packs"].is_null());
    let packs = mount(&images["services"]["api"], "/opt/attune/packs/core").expect("it is mounted");
    assert_eq!(packs["type"], "image");
    assert!(mount(&images["services"]["api"], "/opt/attune/packs").is_none());
    assert!(mount(&images["services"]["api"], "/var/lib/attune").is_some());
    assert!(images["volumes"]["packs_data"].is_null());
}

fn mount<'a>(service: &'a Value, target: &str) -> Option<&'a Value> {
    let mounts = service["volumes"].as_array()?;
    mounts.iter().find(|mount| mount["target"] == target)
}

#[test]
fn compose_builds_the_layers_that_bake_does() {
    let turn = Turn::take();
    let main = Member::binary("thing", "fn main() { println!(\"here\"); }");
    let config = "[services.thing]\nlabels = { \"example.owner\" = \"team $A\" }\n";
    let workspace = Workspace::of([&main], config);
    workspace.generate();
    let _ = workspace.bake([]).run(&turn);
    let inspect = || -> Value {
        let said = docker(["image", "inspect", &workspace.images.name("thing")]);
        let mut images: Value = serde_json::from_str(&said).expect("docker prints JSON");
        let mut image = images[0].take();
        // Compose adds labels of its own.
        let labels = image["Config"]["Labels"].as_object_mut().expect("a map");
        labels.retain(|key, _| !key.starts_with("com.docker.compose."));
        json!([image["RootFS"], image["Config"], image["Created"]])
    };
    let baked = inspect();
    assert_eq!(baked[1]["Labels"]["example.owner"], "team $A");
    let compose = Compose::new(&workspace);
    compose.run(["build", "thing"]);
    assert_eq!(inspect(), baked);
}
