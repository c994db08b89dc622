//! Results as a bar chart in SVG.

use std::fmt::Write;

use super::seconds;
use super::text::{colour, escape};
use crate::bench::contenders::Contender;
use crate::bench::results::{Cell, Outcome, Results};

const WIDTH: f64 = 860.0;
/// Left edge of the bars. They end at `WIDTH - LABEL` at the latest.
const BARS: f64 = 190.0;
const LABEL: f64 = 160.0;
const BAR: f64 = 16.0;

/// Renders the chart: a group of bars for each scenario, each group on a scale of its own.
pub fn render(results: &Results) -> String {
    let mut body = String::new();
    let mut y = 58.0;
    for row in &results.scenarios {
        let cells: Vec<(Contender, &Cell, f64)> = Contender::ALL
            .into_iter()
            .filter_map(|contender| {
                let cell = row.cell(contender)?;
                Some((contender, cell, cell.median()?))
            })
            .collect();
        if cells.is_empty() {
            continue;
        }
        let longest = cells.iter().map(|(_, _, time)| *time).fold(0.001, f64::max);
        let _ = writeln!(
            body,
            r#"<text class="title" x="8" y="{y:.0}">{}</text>"#,
            escape(&row.title.replace('`', ""))
        );
        y += 8.0;
        for (contender, cell, time) in cells {
            let width = (time / longest * (WIDTH - BARS - LABEL)).max(1.0);
            let mut label = seconds(time);
            if cell.outcome() == Some(Outcome::Stale) {
                label += ", stale binary";
            }
            let _ = writeln!(
                body,
                r#"<text class="way" x="{:.0}" y="{:.0}">{}</text><rect x="{BARS:.0}" y="{y:.0}" width="{width:.1}" height="{:.0}" rx="2" fill="{}"/><text x="{:.1}" y="{:.0}">{label}</text>"#,
                BARS - 8.0,
                y + 12.0,
                escape(&contender.title().replace('`', "")),
                BAR - 3.0,
                colour(contender),
                BARS + width + 6.0,
                y + 12.0,
            );
            y += BAR;
        }
        y += 30.0;
    }
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0} {y:.0}" font-family="system-ui, sans-serif" font-size="12">
<style>text {{ fill: #24292f }} .title {{ font-weight: 600; font-size: 13px }} .way {{ text-anchor: end; fill: #57606a }} .ground {{ fill: #fff }} @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} .way {{ fill: #9da7b1 }} .ground {{ fill: #0d1117 }} }}</style>
<rect class="ground" width="100%" height="100%"/>
<text x="8" y="24" font-size="16" font-weight="600">{}: medians, each scenario on its own scale</text>
{body}</svg>
"##,
        escape(&results.workspace.name)
    )
}
