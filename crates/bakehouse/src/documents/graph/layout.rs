//! The place of each node: in a column after all nodes that it is built from, and near them.

use super::{Graph, Kind};

/// The column of a node, and its row in that column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub column: usize,
    pub row: usize,
}

/// The number of passes over the columns, forth and back, that improve their order.
const ROUNDS: usize = 6;

/// Returns the place of each node.
pub fn places(graph: &Graph) -> Vec<Position> {
    let columns = columns(graph);
    let last = columns.iter().max().map_or(0, |last| last + 1);
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); last];
    for (node, column) in columns.iter().enumerate() {
        rows[*column].push(node);
    }
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); graph.nodes.len()];
    for (node, one) in graph.nodes.iter().enumerate() {
        for needed in &one.needs {
            users[*needed].push(node);
        }
    }
    let mut at = vec![0.0; graph.nodes.len()];
    let settle =
        |column: &mut Vec<usize>, at: &mut Vec<f64>, near: &dyn Fn(usize) -> Vec<usize>| {
            let middle = |node: usize, at: &[f64]| {
                let near = near(node);
                if near.is_empty() {
                    return at[node];
                }
                let count = f64::from(u32::try_from(near.len()).unwrap_or(u32::MAX));
                near.iter().map(|other| at[*other]).sum::<f64>() / count
            };
            column.sort_by(|a, b| middle(*a, at).total_cmp(&middle(*b, at)).then(a.cmp(b)));
            let half = f64::from(u32::try_from(column.len()).unwrap_or(u32::MAX)) / 2.0;
            for (row, node) in column.iter().enumerate() {
                at[*node] = f64::from(u32::try_from(row).unwrap_or(u32::MAX)) - half;
            }
        };
    for _ in 0..ROUNDS {
        for column in &mut rows {
            settle(column, &mut at, &|node| graph.nodes[node].needs.clone());
        }
        for column in rows.iter_mut().rev() {
            settle(column, &mut at, &|node| users[node].clone());
        }
    }
    let mut places = vec![Position { column: 0, row: 0 }; graph.nodes.len()];
    for (column, nodes) in rows.iter().enumerate() {
        for (row, node) in nodes.iter().enumerate() {
            places[*node] = Position { column, row };
        }
    }
    places
}

/// Returns the column of each node: images, crates by their depth, then one column for all outputs, then one for packs.
fn columns(graph: &Graph) -> Vec<usize> {
    let mut columns: Vec<usize> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        // Images come last among the nodes, and first among the columns.
        let column = |needed: &usize| columns.get(*needed).map_or(1, |column| column + 1);
        let deepest = node.needs.iter().map(column).max();
        columns.push(deepest.unwrap_or_default());
    }
    let crates = graph.nodes.iter().zip(&columns);
    let crates = crates.filter(|(node, _)| node.kind == Kind::Crate);
    let outputs = crates
        .map(|(_, column)| column + 1)
        .max()
        .unwrap_or_default();
    for (node, column) in graph.nodes.iter().zip(&mut columns) {
        match node.kind {
            Kind::Crate | Kind::Image => {}
            Kind::Service | Kind::PackBinary => *column = outputs,
            Kind::Pack => *column = outputs + 1,
        }
    }
    columns
}
