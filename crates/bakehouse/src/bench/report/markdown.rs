//! Results as Markdown tables.

use std::fmt::Write;

use super::{bytes, seconds};
use crate::bench::results::{Cell, Outcome, Results, Row};
use crate::bench::ways::Way;

/// The whole report.
pub fn render(results: &Results) -> String {
    let ways: Vec<Way> = Way::ALL
        .into_iter()
        .filter(|way| results.ways.iter().any(|facts| facts.way == way.key()))
        .collect();
    let mut text = head(results);
    text += &times(results, &ways);
    text += &compilations(results, &ways);
    text += &sizes(results, &ways);
    text += &losses(results, &ways);
    text
}

fn head(results: &Results) -> String {
    let facts = &results.workspace;
    let machine = &results.machine;
    let versions: Vec<String> = machine
        .versions
        .iter()
        .map(|(name, version)| {
            let version = version.trim_start_matches(name).trim();
            format!("{name} {version}")
        })
        .collect();
    let mut text = format!(
        "`{}`: {} members, {} services ({} images), {} pack binaries, {} third-party crates in the lock.\n\n{} cores ({}), {} GiB; {}; {}.\n\n",
        facts.name,
        facts.members,
        facts.services,
        facts.images,
        facts.pack_binaries,
        facts.third_party,
        machine.cores,
        machine.cpu,
        machine.memory,
        machine.started,
        versions.join(", "),
    );
    for way in &results.ways {
        let _ = writeln!(text, "- **{}**: {}", way.title, way.about);
    }
    text + "\n"
}

fn table(ways: &[Way], rows: impl Iterator<Item = (String, Vec<String>)>) -> String {
    let titles: Vec<&str> = ways.iter().map(|way| way.title()).collect();
    let mut text = format!(
        "| | {} |\n|---|{}\n",
        titles.join(" | "),
        "---:|".repeat(ways.len())
    );
    for (title, cells) in rows {
        let _ = writeln!(text, "| {title} | {} |", cells.join(" | "));
    }
    text + "\n"
}

fn times(results: &Results, ways: &[Way]) -> String {
    let rows = results.scenarios.iter().map(|row| {
        let host = row.cell(Way::Host).and_then(Cell::median);
        let cells = ways.iter().map(|way| time(row, *way, host)).collect();
        (row.title.clone(), cells)
    });
    let runs = results
        .scenarios
        .iter()
        .flat_map(|row| row.cells.values().map(|cell| cell.runs.len()))
        .max()
        .unwrap_or_default();
    format!(
        "Medians of up to {runs} runs (a small number says how many where fewer), in brackets the ratio to the host's.\n\n{}",
        table(ways, rows)
    )
}

fn time(row: &Row, way: Way, host: Option<f64>) -> String {
    let Some(cell) = row.cell(way) else {
        return "–".to_owned();
    };
    let mut text = match (cell.median(), cell.outcome()) {
        (Some(median), _) => seconds(median),
        (None, Some(_)) => "**failed**".to_owned(),
        (None, None) => return "–".to_owned(),
    };
    if let (Some(median), Some(host)) = (cell.median(), host)
        && way != Way::Host
    {
        let _ = write!(text, " (×{:.2})", median / host);
    }
    if cell.outcome() == Some(Outcome::Stale) {
        text += " **stale binary**";
    }
    let failures = cell
        .runs
        .iter()
        .map(|run| run.failures.len())
        .sum::<usize>();
    if failures > 0 && cell.median().is_some() {
        let _ = write!(text, ", {failures} failed first");
    }
    let most = row
        .cells
        .values()
        .map(|cell| cell.runs.len())
        .max()
        .unwrap_or_default();
    if cell.runs.len() < most {
        let _ = write!(text, " <sub>{}</sub>", cell.runs.len());
    }
    text
}

fn compilations(results: &Results, ways: &[Way]) -> String {
    let rows = results.scenarios.iter().map(|row| {
        let cells = ways.iter().map(|way| {
            let run = row.cell(*way).and_then(|cell| cell.runs.last());
            run.map_or_else(
                || "–".to_owned(),
                |run| format!("{} + {}", run.compiled_own, run.compiled_third_party),
            )
        });
        (row.title.clone(), cells.collect())
    });
    format!(
        "Compilations in the last run, of the workspace's own crates and of third-party ones.\n\n{}",
        table(ways, rows)
    )
}

fn sizes(results: &Results, ways: &[Way]) -> String {
    let facts = |way: &Way| results.ways.iter().find(|facts| facts.way == way.key());
    let row = |title: &str, value: &dyn Fn(&Way) -> Option<String>| {
        let cells = ways
            .iter()
            .map(|way| value(way).unwrap_or_else(|| "–".to_owned()));
        (title.to_owned(), cells.collect::<Vec<_>>())
    };
    let bare = |key: &str, way: &Way| {
        let row = results.scenarios.iter().find(|row| row.scenario == key)?;
        let run = row.cell(*way)?.runs.last()?;
        Some(bytes(run.fetched_bytes))
    };
    let rows = [
        row("All images together", &|way| {
            let images = &facts(way)?.image_bytes;
            (!images.is_empty()).then(|| bytes(images.values().sum()))
        }),
        row("Context sent for the clean build", &|way| {
            facts(way)?.context_bytes.map(bytes)
        }),
        row("Registry cache, pushed by the main branch", &|way| {
            facts(way)?.cache_bytes.map(bytes)
        }),
        row("Time to push it, all built before", &|way| {
            facts(way)?.cache_fill_seconds.map(seconds)
        }),
        row("Bare runner, nothing changed: fetched", &|way| {
            bare("bare-nothing", way)
        }),
        row("Bare runner, a service changed: fetched", &|way| {
            bare("bare-service", way)
        }),
        row("Bare runner, a library changed: fetched", &|way| {
            bare("bare-common", way)
        }),
    ];
    let told = rows
        .into_iter()
        .filter(|(_, cells)| cells.iter().any(|cell| cell != "–"));
    table(ways, told)
}

/// Every row in which another way to build images was faster than this tool's default, and right.
fn losses(results: &Results, ways: &[Way]) -> String {
    let mut text = String::new();
    for row in &results.scenarios {
        let Some(own) = row.cell(Way::Layer).and_then(Cell::median) else {
            continue;
        };
        let others = ways
            .iter()
            .filter(|way| !matches!(way, Way::Host | Way::Layer));
        for way in others {
            let Some(cell) = row.cell(*way) else { continue };
            let right = !matches!(cell.outcome(), Some(Outcome::Stale | Outcome::Failed));
            if let Some(median) = cell.median()
                && right
                && median < own
            {
                let _ = writeln!(
                    text,
                    "- {}: {} {} against {}",
                    row.title,
                    way.title(),
                    seconds(median),
                    seconds(own)
                );
            }
        }
    }
    if text.is_empty() {
        "Strategy `layer` was slower than no other way to build images in any row.\n".to_owned()
    } else {
        format!("Where strategy `layer` was slower than another way to build images:\n\n{text}")
    }
}
