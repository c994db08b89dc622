//! The drawing, as a file of its own or within the page.

use std::fmt::Write;

use super::layout::{Position, places};
use super::{Graph, Node};

/// The size of a box, and the distances from one box to the next.
const WIDTH: usize = 190;
const HEIGHT: usize = 24;
const ACROSS: usize = 260;
const DOWN: usize = 32;
const MARGIN: usize = 16;

/// The number of letters that fit into a box.
const LETTERS: usize = 26;

const STYLE: &str = include_str!("graph.css");

/// Renders the drawing as a file of its own.
pub fn render(graph: &Graph) -> String {
    drawing(graph, &format!("<style>{STYLE}</style>\n"))
}

/// Renders the drawing for a page that already has the style.
pub fn inline(graph: &Graph) -> String {
    drawing(graph, "")
}

fn drawing(graph: &Graph, style: &str) -> String {
    let places = places(graph);
    let columns = places
        .iter()
        .map(|place| place.column + 1)
        .max()
        .unwrap_or_default();
    let rows = places
        .iter()
        .map(|place| place.row + 1)
        .max()
        .unwrap_or_default();
    let width = 2 * MARGIN + columns.saturating_sub(1) * ACROSS + WIDTH;
    let height = 2 * MARGIN + rows * DOWN;
    let tall = |place: &Position| {
        places
            .iter()
            .filter(|other| other.column == place.column)
            .count()
    };
    // Columns are centred vertically.
    let points: Vec<(usize, usize)> = places
        .iter()
        .map(|place| {
            let above = (rows - tall(place)) * DOWN / 2;
            (
                MARGIN + place.column * ACROSS,
                MARGIN + above + place.row * DOWN,
            )
        })
        .collect();
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"graph\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"group\" aria-label=\"{}\">\n{style}",
        escaped(&format!("Crates and outputs of {}", graph.name))
    );
    for (place, node) in graph.nodes.iter().enumerate() {
        for needed in &node.needs {
            let (to, from) = (points[place], points[*needed]);
            let (x1, y1) = (from.0 + WIDTH, from.1 + HEIGHT / 2);
            let (x2, y2) = (to.0, to.1 + HEIGHT / 2);
            let bend = usize::midpoint(x1, x2);
            let _ = writeln!(
                text,
                "<path class=\"edge\" data-from=\"{needed}\" data-to=\"{place}\" d=\"M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}\"/>"
            );
        }
    }
    let heats = heats(graph, |node| node.commits);
    let times = heats_of_times(graph);
    for (place, node) in graph.nodes.iter().enumerate() {
        let (x, y) = points[place];
        let _ = writeln!(
            text,
            "<g class=\"node {} heat-{}{}\" data-node=\"{place}\" tabindex=\"0\" role=\"button\" aria-pressed=\"false\" transform=\"translate({x} {y})\">\
            <title>{}</title><rect width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"{}\"/><text x=\"10\" y=\"16\">{}</text></g>",
            node.kind.as_str(),
            heats[place],
            times[place],
            escaped(&title(node)),
            if node.kind == super::Kind::Crate {
                3
            } else {
                12
            },
            escaped(&short(&node.name)),
        );
    }
    text.push_str("</svg>\n");
    text
}

fn title(node: &Node) -> String {
    let mut title = format!("{}: {}", node.name, node.about);
    match node.commits {
        0 => {}
        1 => title.push_str(", 1 commit"),
        commits => _ = write!(title, ", {commits} commits"),
    }
    if let Some(seconds) = node.seconds {
        let _ = write!(title, ", {seconds:.1} s");
    }
    title
}

/// Returns a heat for each node, from 0 for none to 4 for the highest values.
fn heats(graph: &Graph, of: impl Fn(&Node) -> usize) -> Vec<usize> {
    let most = graph.nodes.iter().map(&of).max().unwrap_or_default();
    let heat = |node: &Node| (of(node) * 4).checked_div(most).unwrap_or_default();
    let at_least = |node: &Node| usize::from(of(node) > 0);
    graph
        .nodes
        .iter()
        .map(|node| heat(node).max(at_least(node)))
        .collect()
}

/// Returns the class of the time of each node; empty if the time is not known.
fn heats_of_times(graph: &Graph) -> Vec<String> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no stage takes that many milliseconds"
    )]
    let milliseconds = |node: &Node| (node.seconds.unwrap_or_default() * 1000.0) as usize;
    let heats = heats(graph, milliseconds);
    let nodes = graph.nodes.iter().zip(heats);
    nodes
        .map(|(node, heat)| {
            node.seconds
                .map_or_else(String::new, |_| format!(" time-{heat}"))
        })
        .collect()
}

fn short(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    let start: String = name.chars().take(LETTERS - 1).collect();
    format!("{start}…")
}

/// Escapes a text for XML and HTML. Names contain no characters that XML cannot represent.
pub fn escaped(text: &str) -> String {
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
