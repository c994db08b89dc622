//! `bakehouse graph`: the graph shows what is built, and the program that each format is for can read it.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::shop::{self, Shop};

fn graph(shop: &Shop, format: &str) -> String {
    let output = shop.bakehouse(&["graph", "--format", format]);
    assert!(output.status.success(), "{}", shop::stderr(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn json(shop: &Shop) -> Value {
    serde_json::from_str(&graph(shop, "json")).unwrap()
}

fn node<'a>(graph: &'a Value, kind: &str, name: &str) -> &'a Value {
    let mut nodes = graph["nodes"].as_array().unwrap().iter();
    let found = nodes.find(|node| node["kind"] == kind && node["name"] == name);
    found.unwrap_or_else(|| panic!("{kind} {name} in {graph:#}"))
}

fn names(graph: &Value, places: &Value) -> Vec<String> {
    let places = places.as_array().unwrap().iter();
    let name =
        |place: &Value| &graph["nodes"][usize::try_from(place.as_u64().unwrap()).unwrap()]["name"];
    let mut names: Vec<String> = places
        .map(|place| name(place).as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn closures_are_those_of_the_plan_and_changes_are_their_reverse() {
    let shop = Shop::new();
    let graph = json(&shop);
    let plan = shop.bakehouse(&["plan", "--format", "json"]);
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    for service in plan["services"].as_array().unwrap() {
        let name = service["name"].as_str().unwrap();
        let drawn = node(&graph, "service", name);
        assert_eq!(drawn["hash"], service["input_hash"]);
        let closure: Vec<&str> = service["closure"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one.as_str().unwrap())
            .collect();
        assert_eq!(names(&graph, &drawn["closure"]), closure, "{name}");
        for package in closure {
            let changes = names(&graph, &node(&graph, "crate", package)["changes"]);
            assert!(
                changes.iter().any(|changed| changed == name),
                "{package}: {changes:?}"
            );
        }
    }
}

#[test]
fn the_forms_for_other_programs_are_as_reviewed() {
    let shop = Shop::new();
    insta::assert_snapshot!("mermaid", graph(&shop, "mermaid"));
    insta::assert_snapshot!("dot", graph(&shop, "dot"));
}

#[test]
fn commits_are_counted_by_the_packages_that_they_changed() {
    let shop = Shop::new();
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@t"])
            .args(arguments)
            .current_dir(shop.path(""))
            .status();
        assert!(status.unwrap().success(), "git {arguments:?}");
    };
    assert_eq!(json(&shop)["commits"], 0);
    git(&["init", "--quiet"]);
    assert_eq!(json(&shop)["commits"], 0);
    git(&["add", "--all"]);
    git(&["commit", "--quiet", "--message", "all"]);
    for text in ["one", "two"] {
        let source = shop.read("prices/src/lib.rs");
        shop.write("prices/src/lib.rs", &format!("{source}// {text}\n"));
        shop.write("README.md", text);
        git(&["add", "--all"]);
        git(&["commit", "--quiet", "--message", text]);
    }
    let graph = json(&shop);
    assert_eq!(graph["commits"], 3);
    let prices = node(&graph, "crate", "prices");
    assert_eq!(prices["commits"], 3);
    assert!(prices["rebuilds"].as_u64().unwrap() > 1, "{prices}");
    assert_eq!(node(&graph, "crate", "web")["commits"], 1);
}

#[test]
fn the_page_needs_nothing_else_and_is_the_same_each_time() {
    let shop = Shop::new();
    let page = graph(&shop, "html");
    assert_eq!(page, graph(&shop, "html"));
    let addresses = page.matches("://").count();
    let namespaces = page.matches("http://www.w3.org/2000/svg").count();
    assert_eq!(addresses, namespaces);
    for word in ["<link", "@import", "url(", "<script src", "<img"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(!page.contains("<!-- "), "every part of the page is filled");
    assert!(
        page.contains("Copyright (c) 2012-2014 Chris Pettitt"),
        "the library keeps its notice"
    );
}

#[test]
fn the_library_in_the_page_is_the_one_whose_checksum_is_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/documents/graph/page/dagre");
    let sums = std::fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count(), 2);
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let digest = Sha256::digest(std::fs::read(folder.join(name)).unwrap());
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, sum, "{name}");
    }
}
