//! `bakehouse packs list`.

use owo_colors::OwoColorize;
use serde::Serialize;

use super::{ChosenPacks, choose, count, platforms};
use crate::cli::args::{Format, PacksListArgs};
use crate::cli::out::outln;
use crate::cli::report::json;
use crate::cli::session::Session;
use crate::packs::binary::{Record, Seen, Spot, State, look, spots};
use crate::packs::check::{Item, Pack};
use crate::problem::Problems;

/// Width of the output: the columns that every terminal has.
const COLUMNS: usize = 80;

pub fn run(session: &Session, arguments: &PacksListArgs) -> Result<(), Problems> {
    let planned = session.plan()?;
    let chosen = choose(&planned, &arguments.packs, true)?;
    let platforms = platforms(&planned.plan, &arguments.platforms)?;
    let mut listed = Vec::new();
    for one in &chosen {
        // A folder that cannot be read is one problem of its pack; the others are listed.
        let (pack, problems) = match one.check(&planned.plan, &platforms) {
            Ok((pack, found)) => (pack, found.len()),
            Err(_) => (Pack::default(), 1),
        };
        let packs: Vec<_> = one.pack.into_iter().collect();
        let mut binaries = Vec::new();
        for spot in spots(&packs, &platforms) {
            let seen = look(&planned.root, &spot)?;
            binaries.push((spot, seen));
        }
        listed.push(Listed {
            chosen: one,
            pack,
            problems,
            binaries,
        });
    }
    match arguments.format {
        Format::Text => {
            for lines in listed.iter().map(text) {
                for line in lines {
                    outln!("{line}");
                }
            }
        }
        Format::Json => json(&ShownList {
            version: 1,
            packs: listed.iter().map(ListedPack::of).collect(),
        }),
    }
    Ok(())
}

struct Listed<'a> {
    chosen: &'a ChosenPacks<'a>,
    pack: Pack,
    problems: usize,
    binaries: Vec<(Spot<'a>, Seen)>,
}

/// Returns the lines of a pack, none wider than a terminal.
fn text(listed: &Listed<'_>) -> Vec<String> {
    let Listed {
        chosen,
        pack,
        problems,
        binaries,
    } = listed;
    let version = pack.version.as_deref().unwrap_or("?");
    let mut lines = vec![fit(&format!("{} {version}  {}", chosen.name, chosen.path))];
    lines[0] = lines[0].bold().to_string();
    let items = || pack.actions.iter().chain(&pack.sensors);
    let names = items().map(|item| item.reference.chars().count());
    let width = names.max().unwrap_or_default().min(COLUMNS / 2);
    for (kind, items) in [("action", &pack.actions), ("sensor", &pack.sensors)] {
        for item in items {
            let runner = item.runner.as_deref().unwrap_or("");
            lines.push(fit(&format!(
                "  {kind}  {:width$}  {runner:6}  {}",
                item.reference, item.entry_point
            )));
        }
    }
    for (spot, seen) in binaries {
        let inside = spot.file.strip_prefix(&spot.pack.path);
        let file = inside.unwrap_or(&spot.file);
        let state = format!("  {}  {}", spot.platform, words(seen));
        let room = COLUMNS.saturating_sub("  binary  ".len() + state.chars().count());
        let line = format!("  binary  {}{state}", short(file.as_str(), room));
        lines.push(fit(&line));
    }
    if *problems > 0 {
        let check = format!("run `bakehouse packs check {}`", chosen.name);
        lines.push(fit(&format!("  {}: {check}", count(*problems, "problem"))));
    }
    lines
}

fn words(seen: &Seen) -> String {
    let state = seen.state.as_str();
    match (&seen.state, &seen.record) {
        (State::Current, Some(Record { glibc, .. })) => match glibc {
            Some(glibc) => format!("{state}, glibc {glibc}"),
            None => format!("{state}, static"),
        },
        (State::WrongPlatform, Some(record)) => format!("{state}, is for {}", record.platform),
        _ => state.to_owned(),
    }
}

/// Returns the line, cut off at the terminal's width.
fn fit(line: &str) -> String {
    if line.chars().count() <= COLUMNS {
        return line.to_owned();
    }
    let short: String = line.chars().take(COLUMNS - 1).collect();
    format!("{short}…")
}

/// Returns the end of a path, which says more than its beginning.
fn short(path: &str, room: usize) -> String {
    let length = path.chars().count();
    if length <= room {
        return path.to_owned();
    }
    let end: String = path.chars().skip(length + 1 - room.max(1)).collect();
    format!("…{end}")
}

/// `packs list --format json`, version 1.
#[derive(Serialize)]
struct ShownList<'a> {
    version: u32,
    packs: Vec<ListedPack<'a>>,
}

#[derive(Serialize)]
struct ListedPack<'a> {
    name: &'a str,
    path: &'a str,
    #[serde(rename = "ref")]
    reference: Option<&'a str>,
    title: Option<&'a str>,
    version: Option<&'a str>,
    actions: Vec<ShownItem<'a>>,
    sensors: Vec<ShownItem<'a>>,
    binaries: Vec<ListedBinary<'a>>,
    problems: usize,
}

#[derive(Serialize)]
struct ShownItem<'a> {
    #[serde(rename = "ref")]
    reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    runner: Option<&'a str>,
    entry_point: &'a str,
}

#[derive(Serialize)]
struct ListedBinary<'a> {
    name: &'a str,
    target: &'a str,
    file: &'a str,
    platform: &'a str,
    input_hash: &'a str,
    state: &'a str,
    reason: Option<&'a str>,
    record: Option<&'a Record>,
}

impl<'a> ListedPack<'a> {
    fn of(listed: &'a Listed<'_>) -> Self {
        let pack = &listed.pack;
        Self {
            name: &listed.chosen.name,
            path: listed.chosen.path.as_str(),
            reference: pack.reference.as_deref(),
            title: pack.name.as_deref(),
            version: pack.version.as_deref(),
            actions: pack.actions.iter().map(ShownItem::of).collect(),
            sensors: pack.sensors.iter().map(ShownItem::of).collect(),
            binaries: listed.binaries.iter().map(ListedBinary::of).collect(),
            problems: listed.problems,
        }
    }
}

impl<'a> ShownItem<'a> {
    fn of(item: &'a Item) -> Self {
        Self {
            reference: &item.reference,
            runner: item.runner.as_deref(),
            entry_point: item.entry_point.as_str(),
        }
    }
}

impl<'a> ListedBinary<'a> {
    fn of((spot, seen): &'a (Spot<'_>, Seen)) -> Self {
        Self {
            name: &spot.binary.bin,
            target: &spot.binary.target,
            file: spot.file.as_str(),
            platform: spot.platform.as_str(),
            input_hash: &spot.binary.input_hash,
            state: seen.state.as_str(),
            reason: match seen.state {
                State::Replaced(why) => Some(why),
                _ => None,
            },
            record: seen.record.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        assert_eq!(fit(&"ä".repeat(200)).chars().count(), COLUMNS);
        assert_eq!(fit("short"), "short");
        assert_eq!(short("sensors/timer", 13), "sensors/timer");
        assert_eq!(short("sensors/timer", 6), "…timer");
        assert_eq!(short("sensors/timer", 0), "…");
    }
}
