//! The graph in the language of Mermaid, which GitHub and GitLab draw.

use std::fmt::Write;

use super::{Graph, Kind};

/// Renders a flowchart, with edges from each node to those that it is built from.
pub fn render(graph: &Graph) -> String {
    let mut text = String::from("flowchart RL\n");
    for (place, node) in graph.nodes.iter().enumerate() {
        let name = quoted(&node.name);
        let shape = match node.kind {
            Kind::Crate => format!("[{name}]"),
            Kind::Service => format!("([{name}])"),
            Kind::PackBinary => format!("[/{name}/]"),
            Kind::Pack => format!("[({name})]"),
            Kind::Image => format!("[[{name}]]"),
        };
        let _ = writeln!(text, "  n{place}{shape}");
    }
    for (place, node) in graph.nodes.iter().enumerate() {
        for needed in &node.needs {
            let _ = writeln!(text, "  n{place} --> n{needed}");
        }
    }
    text
}

/// Quotes a text. Mermaid writes entities between `#` and `;`.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("#quot;"),
            '#' => quoted.push_str("#35;"),
            '<' => quoted.push_str("#lt;"),
            '>' => quoted.push_str("#gt;"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
