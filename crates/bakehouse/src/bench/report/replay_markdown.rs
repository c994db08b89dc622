//! A replay as Markdown tables.

use std::fmt::Write;

use super::text::setting;
use super::{bytes, seconds};
use crate::bench::contenders::Contender;
use crate::bench::replay::results::{Build, CommitFacts, Replayed, Sum, TrackName, Where};
use crate::bench::results::Outcome;

/// Renders the whole report.
pub fn render(replayed: &Replayed) -> String {
    let mut text = setting(&replayed.workspace, &replayed.machine);
    let _ = write!(
        text,
        "{} commits in order, `{}..{}`, all images built after each. The third-party part of the lock changes in {}.\n\n",
        replayed.commits.len(),
        replayed.from,
        replayed.to,
        replayed
            .commits
            .iter()
            .filter(|commit| commit.kind.word() == "lock")
            .count(),
    );
    for place in [Where::Bare, Where::Kept] {
        text += &of_place(replayed, place);
    }
    text += &left_out(replayed);
    for track in &replayed.tracks {
        if let Some(why) = &track.given_up {
            let _ = writeln!(
                text,
                "Given up at the first commit: {}, {}: {}\n",
                track.title,
                title(track.track.place),
                one_line(why)
            );
        }
    }
    text
}

/// Returns the words for a place.
pub fn title(place: Where) -> &'static str {
    match place {
        Where::Bare => {
            "each commit on a bare runner, with the registry cache as the commit before left it"
        }
        Where::Kept => "one builder that stays",
    }
}

/// Returns the tracks of a place. The host is beside all of them.
pub fn tracks_of(replayed: &Replayed, place: Where) -> Vec<TrackName> {
    let is_host = |track: &TrackName| track.contender == Contender::Host;
    let tracks: Vec<TrackName> = replayed.tracks().collect();
    if !tracks
        .iter()
        .any(|track| track.place == place && !is_host(track))
    {
        return Vec::new();
    }
    let own = tracks
        .iter()
        .filter(|track| is_host(track) || track.place == place);
    own.copied().collect()
}

fn of_place(replayed: &Replayed, place: Where) -> String {
    let tracks = tracks_of(replayed, place);
    if tracks.is_empty() {
        return String::new();
    }
    let heading = title(place);
    let heading = heading[..1].to_uppercase() + &heading[1..];
    format!(
        "## {heading}\n\n{}{}",
        sums(replayed, &tracks),
        commits(replayed, &tracks)
    )
}

fn sums(replayed: &Replayed, tracks: &[TrackName]) -> String {
    let mut text = "| | sum | median | × cargo-chef | compiled, own + third-party | fetched | stale binaries | failed |\n|---|---:|---:|---:|---:|---:|---:|---:|\n".to_owned();
    let sums = || {
        replayed
            .sums
            .iter()
            .filter(|sum| tracks.contains(&sum.track))
    };
    let chef = sums().find(|sum| sum.track.contender == Contender::Chef);
    for sum in sums() {
        let Sum {
            compiled_own,
            compiled_third_party,
            ..
        } = sum;
        let ratio = chef.filter(|chef| chef.seconds > 0.0).map_or_else(
            || "–".to_owned(),
            |chef| format!("{:.2}", sum.seconds / chef.seconds),
        );
        let stale = match sum.stale {
            0 => "0".to_owned(),
            stale => format!("**{stale}**"),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {} | {ratio} | {compiled_own} + {compiled_third_party} | {} | {stale} | {} |",
            sum.track.contender.title(),
            seconds(sum.seconds),
            seconds(sum.median_seconds),
            bytes(sum.fetched_bytes),
            sum.failed,
        );
    }
    text + "\n"
}

fn commits(replayed: &Replayed, tracks: &[TrackName]) -> String {
    let titles: Vec<&str> = tracks.iter().map(|track| track.contender.title()).collect();
    let mut text = format!(
        "Seconds of each commit, and in brackets what was compiled, own + third-party.\n\n| commit | changes | {} |\n|---|---|{}\n",
        titles.join(" | "),
        "---:|".repeat(tracks.len())
    );
    let first = replayed
        .first
        .iter()
        .map(|first| (first, "the first, in no sum"));
    let counted = replayed
        .counted()
        .map(|commit| (commit, commit.kind.word()));
    for (commit, kind) in first.chain(counted) {
        let cells = tracks.iter().map(|track| cell(commit.build(*track)));
        let _ = writeln!(
            text,
            "| `{}` {} | {kind} | {} |",
            commit.short(),
            subject(commit),
            cells.collect::<Vec<_>>().join(" | ")
        );
    }
    text + "\n"
}

fn cell(build: Option<&Build>) -> String {
    let Some(build) = build else {
        return "–".to_owned();
    };
    let run = &build.run;
    if run.outcome == Outcome::Failed {
        return "**failed**".to_owned();
    }
    let mut text = format!(
        "{} ({} + {})",
        seconds(run.seconds),
        run.compiled_own,
        run.compiled_third_party
    );
    if build.stale > 0 {
        let _ = write!(text, " **{} stale**", build.stale);
    }
    text
}

fn left_out(replayed: &Replayed) -> String {
    let mut text = String::new();
    for commit in &replayed.commits {
        if let Some(why) = &commit.left_out {
            let _ = writeln!(
                text,
                "- `{}` {}: {}",
                commit.short(),
                subject(commit),
                one_line(why)
            );
        }
    }
    if text.is_empty() {
        return text;
    }
    format!("Commits that are in no sum, with the reason:\n\n{text}\n")
}

/// Returns the beginning of a commit's subject as a table takes it.
fn subject(commit: &CommitFacts) -> String {
    let mut text: String = commit.subject.chars().take(60).collect();
    if text.len() < commit.subject.len() {
        text.push('…');
    }
    text.replace('|', "\\|")
        .replace('<', "&lt;")
        .replace('`', "'")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use crate::bench::replay::results::tests::example;

    #[test]
    fn sums_commits_and_what_was_left_out_are_told() {
        insta::assert_snapshot!(super::render(&example()), @r#"
`shop`: 4 members, 2 services (2 images), 0 pack binaries, 150 third-party crates in the lock.

2 cores (A), 24 GiB; 2026-11-30 00:00 UTC; rustc 1.95.0.

4 commits in order, `HEAD~4..HEAD`, all images built after each. The third-party part of the lock changes in 1.

## Each commit on a bare runner, with the registry cache as the commit before left it

| | sum | median | × cargo-chef | compiled, own + third-party | fetched | stale binaries | failed |
|---|---:|---:|---:|---:|---:|---:|---:|
| host `cargo build` | 8.2 s | 3.0 s | 0.05 | 6 + 3 | 3.0 kB | 0 | 0 |
| bakehouse `layer` | 48.5 s | 12.5 s | 0.31 | 6 + 3 | 3.0 kB | 0 | 0 |
| cargo-chef | 158 s | 20.0 s | 1.00 | 6 + 450 | 3.0 kB | 0 | 0 |

Seconds of each commit, and in brackets what was compiled, own + third-party.

| commit | changes | host `cargo build` | bakehouse `layer` | cargo-chef |
|---|---|---:|---:|---:|
| `000000000` the first | the first, in no sum | 60.0 s (2 + 1) | 100 s (2 + 1) | 120 s (2 + 150) |
| `000000000` build(deps): bump serde_json | lock | 5.0 s (2 + 1) | 30.0 s (2 + 1) | 120 s (2 + 150) |
| `000000000` api: 'answer' & more | sources | 3.0 s (2 + 1) | 12.5 s (2 + 1) | 20.0 s (2 + 150) |
| `000000000` README | other | 0.20 s (2 + 1) | 6.0 s (2 + 1) | 18.0 s (2 + 150) |

## One builder that stays

| | sum | median | × cargo-chef | compiled, own + third-party | fetched | stale binaries | failed |
|---|---:|---:|---:|---:|---:|---:|---:|
| host `cargo build` | 8.2 s | 3.0 s | – | 6 + 3 | 3.0 kB | 0 | 0 |
| mounts by hand | 22.0 s | 9.0 s | – | 6 + 3 | 3.0 kB | **3** | 0 |

Seconds of each commit, and in brackets what was compiled, own + third-party.

| commit | changes | host `cargo build` | mounts by hand |
|---|---|---:|---:|
| `000000000` the first | the first, in no sum | 60.0 s (2 + 1) | 130 s (2 + 1) **1 stale** |
| `000000000` build(deps): bump serde_json | lock | 5.0 s (2 + 1) | 11.0 s (2 + 1) **1 stale** |
| `000000000` api: 'answer' & more | sources | 3.0 s (2 + 1) | 9.0 s (2 + 1) **1 stale** |
| `000000000` README | other | 0.20 s (2 + 1) | 2.0 s (2 + 1) **1 stale** |

Commits that are in no sum, with the reason:

- `000000000` does \| not &lt;compile>: the host cannot build it: error[E0425]
"#);
    }
}
