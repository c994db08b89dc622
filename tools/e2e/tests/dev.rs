//! `bakehouse dev`: edits reach the containers that they change.

use bakehouse_testkit::bakehouse;
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
    let ran = workspace.bakehouse(["dev", "stor"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("did you mean `store`?"), "{ran}");
}
