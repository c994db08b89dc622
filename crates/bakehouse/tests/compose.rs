//! The compose files follow the configuration.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

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

/// The shell evaluates the names: what Compose and a POSIX shell have in common is all that they use.
#[test]
fn an_image_with_a_registry_of_its_own_has_it_while_registry_is_unset() {
    let shop = Shop::new();
    let own = "bin = \"shop-web\"\nregistries = [\"own.example/x\", \"other.example\"]";
    shop.edit("bakehouse.toml", "bin = \"shop-web\"", own);
    shop.generate();
    let services = &compose(&shop)["services"];
    let named = |service: &str, registry: Option<&str>| {
        let image = services[service]["image"].as_str().unwrap();
        let mut shell = Command::new("sh");
        shell.env_remove("REGISTRY").env_remove("TAG");
        shell.args(["-c", &format!("printf %s \"{image}\"")]);
        shell.envs(registry.map(|registry| ("REGISTRY", registry)));
        String::from_utf8(shell.output().unwrap().stdout).unwrap()
    };
    for (registry, web, batch) in [
        (
            None,
            "own.example/x/web:latest",
            "registry.example/shop/batch-shell:latest",
        ),
        (Some(""), "web:latest", "batch-shell:latest"),
        (
            Some("else.example"),
            "else.example/web:latest",
            "else.example/batch-shell:latest",
        ),
        // Bake has own.example/x here, as docs/compose.md says: Compose cannot compare.
        (
            Some("registry.example/shop"),
            "registry.example/shop/web:latest",
            "registry.example/shop/batch-shell:latest",
        ),
    ] {
        assert_eq!(named("web", registry), web, "{registry:?}");
        assert_eq!(named("batch-shell", registry), batch, "{registry:?}");
    }
}

/// Answers connections like a simple server: what it reads is up to `is_read`, and it hangs up after its answer.
fn answer(status: &'static str, is_read: fn(&[u8]) -> bool) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = client.unwrap();
            let mut read = Vec::new();
            let mut byte = [0];
            while !is_read(&read) && client.read(&mut byte).unwrap_or_default() > 0 {
                read.extend(byte);
            }
            let _ = write!(client, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        }
    });
    port
}

#[test]
fn the_check_over_http_is_answered_by_servers_that_do_not_read_the_whole_request() {
    let shop = Shop::new();
    let health = "ports = [8080]\nhealth = \"/up\"";
    shop.edit("bakehouse.toml", "ports = [8080]", health);
    shop.generate();
    let file = compose(&shop);
    let test = file["services"]["web"]["healthcheck"]["test"].as_array();
    let test: Vec<&str> = test.unwrap().iter().filter_map(Value::as_str).collect();
    let script = test[3].replace("$$", "$");
    let check = |port: u16| {
        let mut command = Command::new(test[1]);
        command.args([test[2], &script, test[4], &port.to_string(), "/up"]);
        command.output().unwrap()
    };
    let first_line: fn(&[u8]) -> bool = |read| read.ends_with(b"\n");
    let head: fn(&[u8]) -> bool = |read| read.ends_with(b"\r\n\r\n");
    for (status, is_read, expected) in [
        ("200 OK", first_line, Some(0)),
        ("200 OK", head, Some(0)),
        ("503 Service Unavailable", head, Some(1)),
        ("503 Service Unavailable", first_line, Some(1)),
    ] {
        let port = answer(status, is_read);
        // Whether a second write would come before or after the end is chance.
        for _ in 0..50 {
            let checked = check(port);
            assert_eq!(checked.status.code(), expected, "{status}: {checked:?}");
        }
    }
    let strange: fn(&[u8]) -> bool = |read| {
        let head = b"GET /up HTTP/1.0\r\nHost: localhost\r\n\r\n";
        read == head || !head.starts_with(read)
    };
    let checked = check(answer("200 OK", strange));
    assert_eq!(checked.status.code(), Some(0), "{checked:?}");
}

/// A client may send its request in pieces, and must not be hung up on before it has sent the last.
#[test]
fn the_server_of_the_examples_reads_the_whole_request() {
    let source = "../../docs/examples/services/greeting/src/lib.rs";
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let folder = tempfile::tempdir().unwrap();
    let main = format!(
        "#[path = {source:?}]\nmod greeting;\nfn main() {{ greeting::serve(std::env::args().nth(1).unwrap().parse().unwrap(), || \"hello\\n\".to_owned()).unwrap(); }}\n"
    );
    std::fs::write(folder.path().join("main.rs"), main).unwrap();
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "-o", "server", "main.rs"]);
    let compiled = rustc.current_dir(folder.path()).output().unwrap();
    assert!(compiled.status.success(), "{}", stderr(&compiled));
    // A port that is free at this moment.
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let mut server = Command::new(folder.path().join("server"));
    let mut server = server.arg(port.to_string()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    let mut client = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(client) => break client,
            Err(error) => assert!(Instant::now() < end, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut sent = true;
    for piece in [
        "GET /health HTTP/1.0\r\n",
        "Host: a\r\n",
        "Accept: */*\r\n",
        "\r\n",
    ] {
        sent &= client.write_all(piece.as_bytes()).is_ok();
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut answer = String::new();
    let read = client.read_to_string(&mut answer);
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(sent && read.is_ok(), "{read:?}");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nok\n"), "{answer}");
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
