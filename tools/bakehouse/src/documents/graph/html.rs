//! One page that needs nothing else: the drawing, what each node is, and what commits cost.

use std::fmt::Write;

use super::Graph;
use super::svg::{escaped, inline};

const PAGE: &str = include_str!("page.html");

/// The page.
pub fn render(graph: &Graph) -> String {
    let json = serde_json::to_string(graph).expect("strings, numbers and lists are JSON");
    // No text ends the script, whatever a name holds.
    let json = json.replace('<', "\\u003c");
    let parts = [
        ("<!-- name -->", escaped(&graph.name)),
        ("/* graph.css */", include_str!("graph.css").to_owned()),
        ("/* page.css */", include_str!("page.css").to_owned()),
        ("<!-- name -->", escaped(&graph.name)),
        ("/* page.js */", include_str!("page.js").to_owned()),
        ("<!-- drawing -->", inline(graph)),
        ("<!-- costs -->", costs(graph)),
        ("<!-- data -->", json),
    ];
    let mut text = String::new();
    let mut rest = PAGE;
    // In their order, so that nothing is looked for in what was put in.
    for (place, part) in parts {
        if let Some((before, after)) = rest.split_once(place) {
            text += before;
            text += &part;
            rest = after;
        }
    }
    text + rest
}

/// What the commits that were looked at compiled anew, by the crate that they changed.
fn costs(graph: &Graph) -> String {
    let costs = graph.costs();
    if costs.is_empty() {
        return "<p>There is no history to look at.</p>".to_owned();
    }
    let all: usize = costs.iter().map(|(_, cost)| cost).sum();
    let mut text = format!(
        "<p>In {} commits. A crate that few commits would touch if it were split, or that many services hold for little of it, stands at the top.</p>\n\
        <table><thead><tr><th>crate</th><th>commits</th><th>stages compiled for each</th><th>share of all</th></tr></thead><tbody>\n",
        graph.commits
    );
    for (node, cost) in costs.iter().take(SHOWN) {
        let _ = writeln!(
            text,
            "<tr><td><a href=\"#crate:{0}\">{0}</a></td><td>{1}</td><td>{2}</td><td>{3} %</td></tr>",
            escaped(&node.name),
            node.commits,
            node.rebuilds,
            cost * 100 / all
        );
    }
    text + "</tbody></table>"
}

/// Crates that the table has room for.
const SHOWN: usize = 20;
