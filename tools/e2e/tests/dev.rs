//! `bakehouse dev`: edits reach the containers that they change.

use bakehouse_testkit::bakehouse;
use bakehouse_testkit::engine::docker;
use bakehouse_testkit::{Compose, Member, Reach, Running, Turn, Workspace};

const CONFIG: &str = r#"
[services.api]
package = "api"
ports = [8080]
health = "/"
depends-on = ["store"]

[services.store]
package = "store"

[services.other]
package = "other"
"#;

/// Answers each request with what the library says.
const API: &str = r#"
use std::io::{BufRead, BufReader, Write};

fn main() {
    let listener = std::net::TcpListener::bind("0.0.0.0:8080").unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            if line.is_empty() {
                break;
            }
        }
        let page = page::page();
        let _ = write!(stream, "HTTP/1.0 200 OK\r\n\r\n{page}");
    }
}
"#;

const STORE: &str = "fn main() {\n    loop {\n        std::thread::park();\n    }\n}\n";

fn page(text: &str) -> String {
    format!("pub fn page() -> &'static str {{\n    \"{text}\"\n}}\n")
}

fn workspace() -> Workspace {
    let members = [
        Member::library("page", &page("first")),
        Member::binary("api", API).uses("page"),
        Member::binary("store", STORE),
        Member::binary("other", STORE),
    ];
    Workspace::of(&members, CONFIG)
}

/// Returns what the api answers.
fn answer(compose: &Compose) -> String {
    let answer = compose.ask("api", "GET /", None);
    answer.expect("the api answers").body
}

/// Creates a container that another compose file, laid over the generated one, would have in the project.
fn bystander(compose: &Compose) -> String {
    let api = compose.container("api");
    let inspect = |format: &str| docker(["inspect", "--format", format, &api]);
    let project = inspect(r#"{{index .Config.Labels "com.docker.compose.project"}}"#);
    let labels = [
        format!("com.docker.compose.project={project}"),
        "com.docker.compose.service=mine".to_owned(),
        "com.docker.compose.oneoff=False".to_owned(),
        "com.docker.compose.container-number=1".to_owned(),
        "com.docker.compose.config-hash=0".to_owned(),
        "com.docker.compose.project.config_files=docker/compose.yaml,mine.yaml".to_owned(),
    ];
    let image = inspect("{{.Image}}");
    let labels = labels.iter().flat_map(|label| ["--label", label]);
    docker(["create"].into_iter().chain(labels).chain([image.as_str()]))
}

#[test]
fn an_edit_reaches_the_container_that_it_changes_and_no_other() {
    let turn = Turn::take();
    let workspace = workspace();
    let compose = Compose::new(&workspace);
    let mut command = bakehouse::command(workspace.dir());
    compose.join(command.args(["dev", "api"]));
    let mut dev = Running::start(&mut command);
    dev.wait_for_new("api, store: healthy after");
    assert_eq!(answer(&compose), "first");
    let store = compose.container("store");

    let table: [(&str, &dyn Fn()); 3] = [
        ("second", &|| {
            workspace.write("crates/page/src/lib.rs", &page("second"));
        }),
        // A file in a new folder, and one that takes the place of another, as editors write.
        ("third", &|| {
            workspace.write("crates/page/src/text/mod.rs", &page("third"));
            workspace.write(
                "crates/page/src/new.rs",
                "mod text;\n\npub use text::page;\n",
            );
            workspace.rename("crates/page/src/new.rs", "crates/page/src/lib.rs");
        }),
        ("fourth", &|| {
            workspace.write("crates/page/src/text/mod.rs", &page("fourth"));
        }),
    ];
    for (expected, edit) in table {
        edit();
        dev.wait_for_new("api: healthy after");
        assert_eq!(answer(&compose), expected);
        // Neither is made of the library.
        assert_eq!(compose.container("store"), store, "{expected}");
        assert_eq!(compose.container("other"), "", "{expected}");
    }

    workspace.write(
        "crates/page/src/text/mod.rs",
        "pub fn page() -> u8 { 'x' }\n",
    );
    dev.wait_for_new("mismatched types");
    dev.wait_for_new("waiting for the next edit");
    assert_eq!(answer(&compose), "fourth");
    workspace.write("crates/page/src/text/mod.rs", &page("fifth"));
    dev.wait_for_new("api: healthy after");
    assert_eq!(answer(&compose), "fifth");

    // Nothing is made of these: no round, so the line that follows is of the edit after them.
    workspace.write("README.md", "Read me.\n");
    workspace.append("crates/other/src/main.rs", "// edited\n");
    workspace.write("crates/page/src/text/mod.rs", &page("sixth"));
    dev.wait_for_new("api: healthy after");
    assert_eq!(answer(&compose), "sixth");

    // The engine still has the image of an edit that is undone.
    workspace.write("crates/page/src/text/mod.rs", &page("fifth"));
    dev.wait_for_new("api: healthy after");
    assert_eq!(answer(&compose), "fifth");

    // A generated file that was edited by hand stops the rounds until it is as it was.
    let file = workspace.read("docker/compose.yaml");
    workspace.append("docker/compose.yaml", "# by hand\n");
    workspace.write("crates/page/src/text/mod.rs", &page("seventh"));
    dev.wait_for_new("file-hand-edited");
    dev.wait_for_new("waiting for the next edit");
    assert_eq!(answer(&compose), "fifth");
    workspace.write("docker/compose.yaml", &file);
    dev.wait_for_new("api: healthy after");
    assert_eq!(answer(&compose), "seventh");

    // The same for a folder that is away for a while.
    workspace.rename("crates", "away");
    dev.wait_for_new("waiting for the next edit");
    workspace.rename("away", "crates");
    workspace.write("crates/page/src/text/mod.rs", &page("eighth"));
    dev.wait_for_new("api: healthy after");
    assert_eq!(answer(&compose), "eighth");

    // A service that the configuration has no more.
    assert_ne!(compose.container("store"), "");
    let stays = bystander(&compose);
    let config = CONFIG.replace("depends-on = [\"store\"]\n", "");
    let config = config.replace("[services.store]\npackage = \"store\"\n", "");
    workspace.write("crates/page/src/text/mod.rs", &page("ninth"));
    workspace.write("bakehouse.toml", &config);
    dev.wait_for_new("api: healthy after");
    assert_eq!(answer(&compose), "ninth");
    let left = compose.run(["ps", "--all", "--quiet", "--no-trunc"]);
    let left: std::collections::BTreeSet<&str> = left.lines().collect();
    let api = compose.run(["ps", "--quiet", "--no-trunc", "api"]);
    assert_eq!(left, [api.as_str(), stays.as_str()].into());
    docker(["rm", "--force", &stays]);

    dev.signal("INT", Reach::Group);
    let ran = dev.wait();
    assert_eq!(ran.code, Some(0), "{ran}");
    for file in ["README.md", "crates/other/src/main.rs"] {
        let of_a_round = format!(" s), {file}");
        assert!(!ran.stderr.contains(&of_a_round), "{ran}");
    }
    let running = compose.run(["ps", "--quiet", "--status", "running"]);
    assert_eq!(running, "", "{ran}");
    drop(turn);
}

#[test]
fn without_a_compose_file_nothing_is_baked() {
    let _turn = Turn::take();
    let workspace = Workspace::of(
        &[Member::binary("store", STORE)],
        "compose = false\n[services.store]\npackage = \"store\"\n",
    );
    let ran = workspace.bakehouse(["dev"]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert!(ran.stderr.starts_with("compose-failed"), "{ran}");
    let ran = workspace.bakehouse(["dev", "packs"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(
        ran.stderr.contains("`packs` names no service that runs"),
        "{ran}"
    );
    let ran = workspace.bakehouse(["dev", "stor"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("did you mean `store`?"), "{ran}");
}
