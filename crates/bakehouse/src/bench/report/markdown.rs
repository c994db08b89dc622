//! Results as Markdown tables.

use std::fmt::Write;

use super::text::setting;
use super::{bytes, seconds};
use crate::bench::contenders::Contender;
use crate::bench::results::{Cell, Outcome, Results, Row};

/// Renders the whole report.
pub fn render(results: &Results) -> String {
    let contenders: Vec<Contender> = Contender::ALL
        .into_iter()
        .filter(|contender| {
            results
                .contenders
                .iter()
                .any(|facts| facts.contender == contender.key())
        })
        .collect();
    let mut text = head(results);
    text += &times(results, &contenders);
    text += &compilations(results, &contenders);
    text += &sizes(results, &contenders);
    text += &losses(results, &contenders);
    text
}

fn head(results: &Results) -> String {
    let mut text = setting(&results.workspace, &results.machine);
    for contender in &results.contenders {
        let _ = writeln!(text, "- **{}**: {}", contender.title, contender.about);
    }
    text + "\n"
}

fn table(contenders: &[Contender], rows: impl Iterator<Item = (String, Vec<String>)>) -> String {
    let titles: Vec<&str> = contenders
        .iter()
        .map(|contender| contender.title())
        .collect();
    let mut text = format!(
        "| | {} |\n|---|{}\n",
        titles.join(" | "),
        "---:|".repeat(contenders.len())
    );
    for (title, cells) in rows {
        let _ = writeln!(text, "| {title} | {} |", cells.join(" | "));
    }
    text + "\n"
}

fn times(results: &Results, contenders: &[Contender]) -> String {
    let rows = results.scenarios.iter().map(|row| {
        let host = row.cell(Contender::Host).and_then(Cell::median);
        let cells = contenders
            .iter()
            .map(|contender| time(row, *contender, host))
            .collect();
        (row.title.clone(), cells)
    });
    let runs = results
        .scenarios
        .iter()
        .flat_map(|row| row.cells.values().map(|cell| cell.runs.len()))
        .max()
        .unwrap_or_default();
    format!(
        "Medians of up to {runs} runs (a small number is the count if there were fewer), in brackets the ratio to the host's.\n\n{}",
        table(contenders, rows)
    )
}

fn time(row: &Row, contender: Contender, host: Option<f64>) -> String {
    let Some(cell) = row.cell(contender) else {
        return "–".to_owned();
    };
    let mut text = match (cell.median(), cell.outcome()) {
        (Some(median), _) => seconds(median),
        (None, Some(_)) => "**failed**".to_owned(),
        (None, None) => return "–".to_owned(),
    };
    if let (Some(median), Some(host)) = (cell.median(), host)
        && contender != Contender::Host
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

fn compilations(results: &Results, contenders: &[Contender]) -> String {
    let rows = results.scenarios.iter().map(|row| {
        let cells = contenders.iter().map(|contender| {
            let run = row.cell(*contender).and_then(|cell| cell.runs.last());
            run.map_or_else(
                || "–".to_owned(),
                |run| format!("{} + {}", run.compiled_own, run.compiled_third_party),
            )
        });
        (row.title.clone(), cells.collect())
    });
    format!(
        "Compilations in the last run, of the workspace's own crates and of third-party ones.\n\n{}",
        table(contenders, rows)
    )
}

fn sizes(results: &Results, contenders: &[Contender]) -> String {
    let facts = |contender: &Contender| {
        results
            .contenders
            .iter()
            .find(|facts| facts.contender == contender.key())
    };
    let row = |title: &str, value: &dyn Fn(&Contender) -> Option<String>| {
        let cells = contenders
            .iter()
            .map(|contender| value(contender).unwrap_or_else(|| "–".to_owned()));
        (title.to_owned(), cells.collect::<Vec<_>>())
    };
    let bare = |key: &str, contender: &Contender| {
        let row = results.scenarios.iter().find(|row| row.scenario == key)?;
        let run = row.cell(*contender)?.runs.last()?;
        Some(bytes(run.fetched_bytes))
    };
    let rows = [
        row("All images together", &|contender| {
            let images = &facts(contender)?.image_bytes;
            (!images.is_empty()).then(|| bytes(images.values().sum()))
        }),
        row("Context sent for the clean build", &|contender| {
            facts(contender)?.context_bytes.map(bytes)
        }),
        row("Registry cache, pushed by the main branch", &|contender| {
            facts(contender)?.cache_bytes.map(bytes)
        }),
        row("Time to push it, all built before", &|contender| {
            facts(contender)?.cache_fill_seconds.map(seconds)
        }),
        row("Bare runner, nothing changed: fetched", &|contender| {
            bare("bare-nothing", contender)
        }),
        row("Bare runner, a service changed: fetched", &|contender| {
            bare("bare-service", contender)
        }),
        row("Bare runner, a library changed: fetched", &|contender| {
            bare("bare-common", contender)
        }),
    ];
    let told = rows
        .into_iter()
        .filter(|(_, cells)| cells.iter().any(|cell| cell != "–"));
    table(contenders, told)
}

/// Lists every row in which another contender was faster than this tool's default and built a correct binary.
fn losses(results: &Results, contenders: &[Contender]) -> String {
    let mut text = String::new();
    for row in &results.scenarios {
        let Some(own) = row.cell(Contender::Layer).and_then(Cell::median) else {
            continue;
        };
        let others = contenders
            .iter()
            .filter(|contender| !matches!(contender, Contender::Host | Contender::Layer));
        for contender in others {
            let Some(cell) = row.cell(*contender) else {
                continue;
            };
            let right = !matches!(cell.outcome(), Some(Outcome::Stale | Outcome::Failed));
            if let Some(median) = cell.median()
                && right
                && median < own
            {
                let _ = writeln!(
                    text,
                    "- {}: {} {} against {}",
                    row.title,
                    contender.title(),
                    seconds(median),
                    seconds(own)
                );
            }
        }
    }
    if text.is_empty() {
        "In no row was another way to build images faster than strategy `layer`.\n".to_owned()
    } else {
        format!(
            "Rows in which another way to build images was faster than strategy `layer`:\n\n{text}"
        )
    }
}
