//! A self-contained page: data, scripts that draw them, and the cost of commits.

use std::fmt::Write;

use super::Graph;

const PAGE: &str = include_str!("page/page.html");

/// The library that arranges boxes, after its licence. `tools/bundled` compares both with what is published.
const LIBRARY: [&str; 2] = [
    include_str!("page/dagre/dagre.min.js.LEGAL.txt"),
    include_str!("page/dagre/dagre.min.js"),
];

/// The page's own scripts. Each uses those before it.
const SCRIPTS: [&str; 8] = [
    include_str!("page/model.js"),
    include_str!("page/arrange.js"),
    include_str!("page/forms.js"),
    include_str!("page/drawing.js"),
    include_str!("page/about.js"),
    include_str!("page/caption.js"),
    include_str!("page/view.js"),
    include_str!("page/page.js"),
];

/// Renders the page.
pub fn render(graph: &Graph) -> String {
    let json = serde_json::to_string(graph).expect("strings, numbers and lists are JSON");
    // Escapes `<`, so that no name can end the script.
    let json = json.replace('<', "\\u003c");
    let parts = [
        ("<!-- name -->", escaped(&graph.name)),
        ("/* page.css */", include_str!("page/page.css").to_owned()),
        ("<!-- name -->", escaped(&graph.name)),
        ("<!-- history -->", history(graph)),
        ("<!-- costs -->", costs(graph)),
        ("<!-- data -->", json),
        ("/* library */", LIBRARY.concat()),
        ("/* scripts */", SCRIPTS.concat()),
    ];
    let mut text = String::new();
    let mut rest = PAGE;
    // Replaces placeholders in order, so that inserted text is never searched.
    for (place, part) in parts {
        if let Some((before, after)) = rest.split_once(place) {
            text += before;
            text += &part;
            rest = after;
        }
    }
    text + rest
}

/// Escapes a text for HTML. No page can contain control characters.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

fn commits(count: usize) -> String {
    match count {
        1 => "1 commit".to_owned(),
        count => format!("{count} commits"),
    }
}

/// Describes the cost of a commit for each service, and the changes that would save most.
fn history(graph: &Graph) -> String {
    let history = &graph.history;
    if graph.commits == 0 {
        return String::new();
    }
    let how = if history.measured {
        "Times are those that <code>bakehouse build</code> measured on this machine; stages that never ran here are estimated from the size of their sources."
    } else {
        "Times are estimated from the sizes of sources, until <code>bakehouse build</code> has measured them on this machine."
    };
    let mut text = format!(
        "<p>The {} examined commits would have compiled for {:.1} s in all. {how}</p>\n",
        graph.commits, history.seconds
    );
    if let Some(split) = &history.split {
        let _ = writeln!(
            text,
            "<p class=\"saves\">Splitting would save most in <a href=\"#crate:{0}\">{0}</a>: {1} changed nothing but its module <code>{2}</code>. As a crate of its own, needed by one service, that saves up to {3:.1} s of these.</p>",
            escaped(&split.package),
            commits(split.commits),
            escaped(&split.module),
            split.saves
        );
    }
    if let Some(merge) = &history.merge {
        let names: Vec<String> = merge
            .packages
            .iter()
            .map(|name| format!("<a href=\"#crate:{0}\">{0}</a>", escaped(name)))
            .collect();
        let _ = writeln!(
            text,
            "<p class=\"saves\">Merging would save most in {}: the same binaries contain both, and one stage less is {:.1} s of these. <code>bakehouse group</code> lets them share a stage without merging them.</p>",
            names.join(" and "),
            merge.saves
        );
    }
    text += "<table><thead><tr><th>service</th><th>commits that build it</th><th>seconds for a commit</th></tr></thead><tbody>\n";
    for cost in &history.services {
        let _ = writeln!(
            text,
            "<tr><td>{}</td><td>{}</td><td>{:.2}</td></tr>",
            escaped(&cost.name),
            cost.commits,
            cost.seconds_per_commit
        );
    }
    text + "</tbody></table>\n"
}

/// Describes the compilations that the examined commits caused, by the crate that they changed.
fn costs(graph: &Graph) -> String {
    let costs = graph.costs();
    if costs.is_empty() {
        return "<p>There is no history.</p>".to_owned();
    }
    let all: usize = costs.iter().map(|(_, cost)| cost).sum();
    let mut text = format!(
        "<p>In {} commits. The crates at the top are worth splitting, if few commits would touch each part or many services use little of the crate.</p>\n\
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

/// The number of crates in the table.
const SHOWN: usize = 20;
