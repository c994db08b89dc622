//! The graph in Graphviz's language.

use std::fmt::Write;

use super::{Graph, Kind};

/// Renders a digraph, with edges from each node to those that it is built from.
pub fn render(graph: &Graph) -> String {
    let mut text = format!(
        "digraph {} {{\n  rankdir = RL\n  node [shape = box]\n",
        quoted(&graph.name)
    );
    for (place, node) in graph.nodes.iter().enumerate() {
        let style = match node.kind {
            Kind::Crate => "",
            Kind::Service => ", style = bold",
            Kind::PackBinary => ", style = dashed",
            Kind::Pack => ", shape = folder",
            Kind::Image => ", shape = component",
        };
        let _ = writeln!(
            text,
            "  n{place} [label = {}, tooltip = {}{style}]",
            quoted(&node.name),
            quoted(&node.about)
        );
    }
    for (place, node) in graph.nodes.iter().enumerate() {
        for needed in &node.needs {
            let _ = writeln!(text, "  n{place} -> n{needed}");
        }
    }
    text.push_str("}\n");
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
