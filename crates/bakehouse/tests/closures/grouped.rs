//! Libraries that share a stage.

use crate::tree::{Tree, stderr};

/// `api` needs money → words, and its build script needs generate → words. `web` needs money, and words through it.
const TEXT: &str = r#"
-- Cargo.toml --
[workspace]
resolver = "3"
members = ["api", "web", "money", "words", "generate", "own"]
-- bakehouse.toml --
profile = "dev"
[groups]
small = ["money", "words"]
-- api/Cargo.toml --
[package]
name = "api"
version = "0.1.0"
edition = "2024"
[dependencies]
money = { path = "../money" }
own = { path = "../own" }
[build-dependencies]
generate = { path = "../generate" }
-- api/build.rs --
fn main() { println!("cargo::rustc-env=WORD={}", generate::word()) }
-- api/src/main.rs --
fn main() { println!("{} {} {}", env!("WORD"), money::money(), own::own()) }
-- web/Cargo.toml --
[package]
name = "web"
version = "0.1.0"
edition = "2024"
[dependencies]
money = { path = "../money" }
-- web/src/main.rs --
fn main() { println!("{}", money::money()) }
-- money/Cargo.toml --
[package]
name = "money"
version = "0.1.0"
edition = "2024"
[features]
default = ["round"]
round = []
[dependencies]
words = { path = "../words" }
-- money/src/lib.rs --
pub fn money() -> String { format!("1 {}", words::word()) }
-- words/Cargo.toml --
[package]
name = "words"
version = "0.1.0"
edition = "2024"
-- words/src/lib.rs --
pub fn word() -> &'static str { "word" }
-- generate/Cargo.toml --
[package]
name = "generate"
version = "0.1.0"
edition = "2024"
[dependencies]
words = { path = "../words" }
-- generate/src/lib.rs --
pub fn word() -> &'static str { words::word() }
-- own/Cargo.toml --
[package]
name = "own"
version = "0.1.0"
edition = "2024"
[dependencies]
money = { path = "../money" }
-- own/src/lib.rs --
pub fn own() -> String { format!("own {}", money::money()) }
"#;

#[test]
fn libraries_of_a_group_compile_in_one_stage_and_once() {
    let tree = Tree::of(TEXT);
    assert_eq!(tree.built(), ["api: word 1 word own 1 word", "web: 1 word"]);
    let dockerfile = tree.generated("docker/Dockerfile");
    assert!(dockerfile.contains("AS libs-small\n"), "{dockerfile}");
    for own in ["AS lib-money\n", "AS lib-words\n"] {
        assert!(!dockerfile.contains(own), "{dockerfile}");
    }
    assert!(dockerfile.contains("AS lib-own\n"), "{dockerfile}");
}

#[test]
fn a_group_changes_no_input_hash() {
    let tree = Tree::of(TEXT);
    let hashes = |tree: &Tree| {
        let plan = tree.plan();
        let services = plan["services"].as_array().unwrap().iter();
        Vec::from_iter(services.map(|service| service["input_hash"].to_string()))
    };
    let grouped = hashes(&tree);
    tree.write("bakehouse.toml", "profile = \"dev\"\n");
    assert_eq!(hashes(&tree), grouped);
}

#[test]
fn groups_that_make_no_stage_are_refused_in_their_place() {
    let rows = [
        (
            "small = [\"money\", \"wrds\"]",
            "package-unknown",
            "did you mean `words`?",
        ),
        (
            "small = [\"money\", \"web\"]",
            "config-value",
            "`web` is not a library",
        ),
        (
            "small = [\"money\"]\nother = [\"money\"]",
            "config-value",
            "is in the group `",
        ),
        (
            "small = [\"own\", \"words\"]",
            "config-value",
            "`money` needs a library of the group `small`",
        ),
        (
            "one = [\"own\", \"words\"]\ntwo = [\"money\", \"generate\"]",
            "config-value",
            "needs a library of the group `",
        ),
        ("\"a b\" = [\"money\"]", "config-value", "`a b` cannot name"),
    ];
    let tree = Tree::of(TEXT);
    for (groups, code, says) in rows {
        tree.write("bakehouse.toml", &format!("[groups]\n{groups}\n"));
        let output = tree.bakehouse(&["plan"]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{groups}\n{said}");
        for words in [code, says, "bakehouse.toml:2"] {
            assert!(said.contains(words), "{groups}\n{words}\n{said}");
        }
    }
}

#[test]
fn the_plan_tells_a_group_that_costs_from_one_that_does_not() {
    let tree = Tree::of(TEXT);
    let said = |tree: &Tree| String::from_utf8(tree.bakehouse(&["plan"]).stdout).unwrap();
    assert!(
        said(&tree).contains("libs-small: words, money"),
        "{}",
        said(&tree)
    );
    assert!(
        said(&tree).contains("the same 2 binaries hold all of them"),
        "{}",
        said(&tree)
    );
    let config = "profile = \"dev\"\n[groups]\nsmall = [\"generate\", \"words\"]\n";
    tree.write("bakehouse.toml", config);
    assert!(
        said(&tree).contains("one stage for different binaries"),
        "{}",
        said(&tree)
    );
    // Sharing costs time, and nothing else changes.
    assert_eq!(tree.built(), ["api: word 1 word own 1 word", "web: 1 word"]);
}
