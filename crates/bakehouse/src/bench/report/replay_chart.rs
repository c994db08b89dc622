//! A replay as a picture in SVG: the time that has gone by after each commit, a line for each way to build.

use std::fmt::Write;

use super::replay_markdown::{title, tracks_of};
use super::seconds;
use super::text::{colour, escape};
use crate::bench::replay::kind::Kind;
use crate::bench::replay::results::{CommitFacts, Replayed, TrackName, Where};

const WIDTH: f64 = 900.0;
const LEFT: f64 = 64.0;
/// Width of the labels right of the lines.
const LABEL: f64 = 244.0;
const HEIGHT: f64 = 260.0;
/// Height of a label.
const LINE: f64 = 15.0;

/// Renders the picture: a panel for each place.
pub fn render(replayed: &Replayed) -> String {
    let mut body = String::new();
    let mut y = 52.0;
    for place in [Where::Bare, Where::Kept] {
        let tracks = tracks_of(replayed, place);
        if !tracks.is_empty() {
            let _ = writeln!(
                body,
                r#"<text class="title" x="8" y="{y:.0}">{}</text>"#,
                capital(title(place))
            );
            body += &panel(replayed, &tracks, y + 18.0);
            y += HEIGHT + 74.0;
        }
    }
    let _ = writeln!(
        body,
        r#"<text class="way" x="{LEFT:.0}" y="{:.0}">▲ a commit that changes the third-party part of the lock</text>"#,
        y - 12.0
    );
    format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0} {y:.0}" font-family="system-ui, sans-serif" font-size="12">
<style>text {{ fill: #24292f }} .title {{ font-weight: 600; font-size: 13px }} .way {{ fill: #57606a }} .end {{ text-anchor: end }} .middle {{ text-anchor: middle }} .axis {{ stroke: #d0d7de }} .ground {{ fill: #fff }} @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} .way {{ fill: #9da7b1 }} .axis {{ stroke: #30363d }} .ground {{ fill: #0d1117 }} }}</style>
<rect class="ground" width="100%" height="100%"/>
<text x="8" y="24" font-size="16" font-weight="600">{}: time spent on {} commits, one after another</text>
{body}</svg>
"##,
        escape(&replayed.workspace.name),
        replayed.counted().count()
    )
}

fn panel(replayed: &Replayed, tracks: &[TrackName], top: f64) -> String {
    let commits: Vec<&CommitFacts> = replayed.counted().collect();
    let lines: Vec<(TrackName, Vec<f64>)> = tracks
        .iter()
        .map(|track| (*track, cumulated(&commits, *track)))
        .collect();
    let most = lines
        .iter()
        .filter_map(|(_, times)| times.last())
        .fold(1.0, |a: f64, b| a.max(*b));
    let (step, most) = scale(most);
    let width = WIDTH - LEFT - LABEL;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand commits at most")]
    let column = width / commits.len().max(1) as f64;
    let bottom = top + HEIGHT;
    let height = |time: f64| bottom - time / most * HEIGHT;
    let mut text = String::new();
    let mut tick = 0.0;
    while tick <= most + step / 2.0 {
        let _ = writeln!(
            text,
            r#"<line class="axis" x1="{LEFT:.0}" y1="{y:.1}" x2="{:.1}" y2="{y:.1}"/><text class="way end" x="{:.0}" y="{:.1}">{tick:.0} s</text>"#,
            LEFT + width,
            LEFT - 8.0,
            height(tick) + 4.0,
            y = height(tick),
        );
        tick += step;
    }
    let mut x = LEFT + column / 2.0;
    for commit in &commits {
        if commit.kind == Kind::Lock {
            let _ = writeln!(
                text,
                r#"<text class="way middle" x="{x:.1}" y="{:.1}" font-size="9">▲<title>{} {}</title></text>"#,
                bottom + 14.0,
                commit.short(),
                escape(&commit.subject)
            );
        }
        x += column;
    }
    let mut labels: Vec<(f64, String, &'static str)> = Vec::new();
    for (track, times) in &lines {
        let mut path = format!("M{LEFT:.1} {bottom:.1}");
        let mut x = LEFT;
        for time in times {
            x += column;
            let _ = write!(path, "V{:.1}H{x:.1}", height(*time));
        }
        let colour = colour(track.contender);
        let _ = writeln!(
            text,
            r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-linejoin="round"/>"#
        );
        let total = times.last().copied().unwrap_or_default();
        let name = track.contender.title().replace('`', "");
        let stale = replayed.sums.iter().find(|sum| sum.track == *track);
        let stale = stale.map_or(0, |sum| sum.stale);
        let note = match stale {
            0 => String::new(),
            stale => format!(", {stale} stale"),
        };
        labels.push((
            height(total),
            format!("{name} {}{note}", seconds(total)),
            colour,
        ));
    }
    labels.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut lowest = bottom + 4.0;
    for (y, label, colour) in labels {
        let y = y.min(lowest);
        lowest = y - LINE;
        let _ = writeln!(
            text,
            r#"<rect x="{:.1}" y="{:.1}" width="9" height="9" rx="2" fill="{colour}"/><text x="{:.1}" y="{:.1}">{}</text>"#,
            LEFT + width + 8.0,
            y - 5.0,
            LEFT + width + 22.0,
            y + 4.0,
            escape(&label)
        );
    }
    text
}

/// Returns the time that has gone by after each commit.
fn cumulated(commits: &[&CommitFacts], track: TrackName) -> Vec<f64> {
    let mut total = 0.0;
    let builds = commits.iter().map(|commit| {
        total += commit.build(track).map_or(0.0, |build| build.run.seconds);
        total
    });
    builds.collect()
}

/// Returns the distance of ticks and the end of the axis for times up to `most`.
fn scale(most: f64) -> (f64, f64) {
    let rough = most / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
    let step = step
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    (step, (most / step).ceil() * step)
}

fn capital(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::replay::results::tests::example;

    #[test]
    fn each_way_has_a_line_and_its_sum() {
        insta::assert_snapshot!(render(&example()), @r##"
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 720" font-family="system-ui, sans-serif" font-size="12">
<style>text { fill: #24292f } .title { font-weight: 600; font-size: 13px } .way { fill: #57606a } .end { text-anchor: end } .middle { text-anchor: middle } .axis { stroke: #d0d7de } .ground { fill: #fff } @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .way { fill: #9da7b1 } .axis { stroke: #30363d } .ground { fill: #0d1117 } }</style>
<rect class="ground" width="100%" height="100%"/>
<text x="8" y="24" font-size="16" font-weight="600">shop: time spent on 3 commits, one after another</text>
<text class="title" x="8" y="52">Each commit on a bare runner, with the registry cache as the commit before left it</text>
<line class="axis" x1="64" y1="330.0" x2="656.0" y2="330.0"/><text class="way end" x="56" y="334.0">0 s</text>
<line class="axis" x1="64" y1="265.0" x2="656.0" y2="265.0"/><text class="way end" x="56" y="269.0">50 s</text>
<line class="axis" x1="64" y1="200.0" x2="656.0" y2="200.0"/><text class="way end" x="56" y="204.0">100 s</text>
<line class="axis" x1="64" y1="135.0" x2="656.0" y2="135.0"/><text class="way end" x="56" y="139.0">150 s</text>
<line class="axis" x1="64" y1="70.0" x2="656.0" y2="70.0"/><text class="way end" x="56" y="74.0">200 s</text>
<text class="way middle" x="162.7" y="344.0" font-size="9">▲<title>000000000 build(deps): bump serde_json</title></text>
<path d="M64.0 330.0V323.5H261.3V319.6H458.7V319.3H656.0" fill="none" stroke="#8a8f98" stroke-width="2.5" stroke-linejoin="round"/>
<path d="M64.0 330.0V291.0H261.3V274.8H458.7V266.9H656.0" fill="none" stroke="#1a7f64" stroke-width="2.5" stroke-linejoin="round"/>
<path d="M64.0 330.0V174.0H261.3V148.0H458.7V124.6H656.0" fill="none" stroke="#c2703d" stroke-width="2.5" stroke-linejoin="round"/>
<rect x="664.0" y="314.3" width="9" height="9" rx="2" fill="#8a8f98"/><text x="678.0" y="323.3">host cargo build 8.2 s</text>
<rect x="664.0" y="261.9" width="9" height="9" rx="2" fill="#1a7f64"/><text x="678.0" y="270.9">bakehouse layer 48.5 s</text>
<rect x="664.0" y="119.6" width="9" height="9" rx="2" fill="#c2703d"/><text x="678.0" y="128.6">cargo-chef 158 s</text>
<text class="title" x="8" y="386">One builder that stays</text>
<line class="axis" x1="64" y1="664.0" x2="656.0" y2="664.0"/><text class="way end" x="56" y="668.0">0 s</text>
<line class="axis" x1="64" y1="612.0" x2="656.0" y2="612.0"/><text class="way end" x="56" y="616.0">5 s</text>
<line class="axis" x1="64" y1="560.0" x2="656.0" y2="560.0"/><text class="way end" x="56" y="564.0">10 s</text>
<line class="axis" x1="64" y1="508.0" x2="656.0" y2="508.0"/><text class="way end" x="56" y="512.0">15 s</text>
<line class="axis" x1="64" y1="456.0" x2="656.0" y2="456.0"/><text class="way end" x="56" y="460.0">20 s</text>
<line class="axis" x1="64" y1="404.0" x2="656.0" y2="404.0"/><text class="way end" x="56" y="408.0">25 s</text>
<text class="way middle" x="162.7" y="678.0" font-size="9">▲<title>000000000 build(deps): bump serde_json</title></text>
<path d="M64.0 664.0V612.0H261.3V580.8H458.7V578.7H656.0" fill="none" stroke="#8a8f98" stroke-width="2.5" stroke-linejoin="round"/>
<path d="M64.0 664.0V549.6H261.3V456.0H458.7V435.2H656.0" fill="none" stroke="#7c5cbf" stroke-width="2.5" stroke-linejoin="round"/>
<rect x="664.0" y="573.7" width="9" height="9" rx="2" fill="#8a8f98"/><text x="678.0" y="582.7">host cargo build 8.2 s</text>
<rect x="664.0" y="430.2" width="9" height="9" rx="2" fill="#7c5cbf"/><text x="678.0" y="439.2">mounts by hand 22.0 s, 3 stale</text>
<text class="way" x="64" y="708">▲ a commit that changes the third-party part of the lock</text>
</svg>
"##);
    }

    #[test]
    fn axes_end_at_a_round_number() {
        assert_eq!(scale(48.5), (10.0, 50.0));
        assert_eq!(scale(158.0), (50.0, 200.0));
        assert_eq!(scale(1.0), (0.2, 1.0));
    }
}
