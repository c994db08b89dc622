//! The table of results after a build, as text and as JSON.

use std::collections::BTreeMap;

use camino::Utf8Path;
use owo_colors::OwoColorize;
use serde::Serialize;

use super::account::{Account, Outcome};
use super::chosen::Chosen;
use super::store::{Details, Store};
use crate::cli::out::outln;
use crate::names::TargetName;
use crate::plan::build::COMPILED;

/// A row of the table.
#[derive(Debug, Serialize)]
pub struct Row<'a> {
    pub name: &'a str,
    /// `built`, `cached` or `skipped`; `baked` if the builder keeps no record.
    pub result: &'static str,
    /// The time in which its steps were carried out.
    pub seconds: Option<f64>,
    /// The time in which none was, because another build had what the next one needed; none if it is no second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited: Option<f64>,
    pub size: Option<String>,
    pub digest: Option<String>,
    pub input_hash: &'a str,
    /// The pack's folder that a binary was put into.
    pub into: Option<&'a str>,
}

/// Everything that is known after a build.
pub struct Known<'a> {
    pub root: &'a Utf8Path,
    pub chosen: &'a Chosen<'a>,
    pub baked: &'a Chosen<'a>,
    pub details: &'a BTreeMap<TargetName, Details>,
    pub outcomes: &'a BTreeMap<String, Outcome>,
}

impl<'a> Known<'a> {
    pub fn rows(&self) -> Vec<Row<'a>> {
        let services = self.chosen.services.iter().map(|service| {
            let is_baked = self
                .baked
                .services
                .iter()
                .any(|one| one.name == service.name);
            let details = self.details.get(&service.name).cloned().unwrap_or_default();
            Row {
                size: details.size,
                digest: details.digest,
                ..self.row(&service.name, &service.input_hash, is_baked)
            }
        });
        let binaries = self.chosen.pack_binaries.iter().map(|binary| {
            let mut baked = self.baked.pack_binaries.iter();
            let is_baked = baked.any(|one| one.target == binary.target);
            let file = self.root.join(&binary.folder).join(&binary.bin);
            let size = fs_err::metadata(file).ok();
            Row {
                size: size.map(|file| megabytes(file.len())),
                into: Some(binary.folder.as_str()),
                ..self.row(&binary.target, &binary.input_hash, is_baked)
            }
        });
        services.chain(binaries).collect()
    }

    fn row(&self, name: &'a str, input_hash: &'a str, is_baked: bool) -> Row<'a> {
        let outcome = self.outcomes.get(name).filter(|_| is_baked);
        let result = match (is_baked, outcome) {
            (false, _) => "skipped",
            (true, None) => "baked",
            (true, Some(outcome)) if outcome.is_built => "built",
            (true, Some(_)) => "cached",
        };
        Row {
            name,
            result,
            seconds: outcome.map(|outcome| outcome.took.as_secs_f64()),
            waited: outcome
                .map(|outcome| outcome.waited.as_secs_f64())
                .filter(|waited| *waited >= 1.0),
            size: None,
            digest: None,
            input_hash,
            into: None,
        }
    }
}

/// Prints what a build would do, without its cause: `bake` or `skip`, the name and the input hash of each output.
pub fn forecast(chosen: &Chosen<'_>, missing: &Chosen<'_>) {
    let services = chosen.services.iter().map(|service| {
        let mut baked = missing.services.iter();
        let is_baked = baked.any(|one| one.name == service.name);
        (&service.name, service.input_hash.as_str(), is_baked)
    });
    let binaries = chosen.pack_binaries.iter().map(|binary| {
        let mut baked = missing.pack_binaries.iter();
        let is_baked = baked.any(|one| one.target == binary.target);
        (&binary.target, binary.input_hash.as_str(), is_baked)
    });
    let rows: Vec<_> = services.chain(binaries).collect();
    let width = rows.iter().map(|(name, ..)| name.len()).max();
    let width = width.unwrap_or_default();
    for (name, input_hash, is_baked) in rows {
        let what = match is_baked {
            true => "bake".green().to_string(),
            false => "skip".dimmed().to_string(),
        };
        outln!("{what}  {name:width$}  {input_hash}");
    }
    if missing.cache {
        outln!("{}  {COMPILED}", "bake".green());
    }
}

/// Prints the rows, and notes below them.
pub fn print(
    rows: &[Row<'_>],
    store: &Store<'_>,
    baked: &Chosen<'_>,
    account: &Account,
    verbose: bool,
) {
    let width = rows
        .iter()
        .map(|row| row.name.len())
        .max()
        .unwrap_or_default();
    let width = width.max("service".len());
    let head = format!(
        "{:width$}  {:>7}  {:>8}  {:12}  {:16}  result",
        "service", "time", "size", "digest", "input hash"
    );
    outln!("{}", head.bold());
    for row in rows {
        let result = match row.result {
            "built" | "baked" => row.result.green().to_string(),
            "skipped" => row.result.dimmed().to_string(),
            result => result.to_owned(),
        };
        let result = match row.waited {
            Some(waited) => format!("{result}, waited {}", time(waited)),
            None => result,
        };
        outln!(
            "{:width$}  {:>7}  {:>8}  {:12}  {:16}  {result}",
            row.name,
            row.seconds.map_or_else(|| "-".to_owned(), time),
            row.size.as_deref().unwrap_or("-"),
            row.digest.as_deref().map_or("-", short),
            row.input_hash,
        );
    }
    notes(rows, store, baked);
    stages(account, verbose);
}

fn notes(rows: &[Row<'_>], store: &Store<'_>, baked: &Chosen<'_>) {
    let is_skipped = |row: &&Row<'_>| row.result == "skipped";
    if rows.iter().filter(is_skipped).any(|row| row.into.is_none()) {
        let place = if store.is_registry {
            "registry"
        } else {
            "engine"
        };
        outln!("skipped: the {place} has the image of that input hash");
    }
    if rows.iter().filter(is_skipped).any(|row| row.into.is_some()) {
        outln!("skipped: the pack has the binary of that input hash");
    }
    if store.is_registry
        && rows
            .iter()
            .any(|row| row.into.is_none() && row.result != "skipped")
    {
        outln!("pushed to {}", store.registries(&baked.services));
    }
    if rows.iter().any(|row| row.waited.is_some()) {
        outln!("waited: another build had a step or a mount that this one needed");
    }
    for row in rows.iter().filter(|row| row.result != "skipped") {
        if let Some(folder) = row.into {
            outln!("{} baked into {folder}", row.name);
        }
    }
}

/// Number of stages shown without `--verbose`.
const SLOWEST: usize = 5;

/// Prints the slowest stages with the reason why each ran, and the crates that were compiled more than once.
fn stages(account: &Account, verbose: bool) {
    if account.stages.is_empty() {
        return;
    }
    let shown = if verbose {
        account.stages.len()
    } else {
        SLOWEST
    };
    let shown = &account.stages[..shown.min(account.stages.len())];
    let width = shown
        .iter()
        .map(|ran| ran.stage.len())
        .max()
        .unwrap_or_default();
    let stages = match account.stages.len() {
        1 => "1 stage".to_owned(),
        more => format!("{more} stages"),
    };
    outln!("{}", format!("slowest of {stages} that ran").bold());
    for ran in shown {
        let waited = match ran.waited {
            0.0 => String::new(),
            waited => format!("waited {}, ", time(waited)),
        };
        outln!(
            "  {:width$}  {:>7}  {:>3} compiled  {waited}{}",
            ran.stage,
            time(ran.seconds),
            ran.compiled,
            ran.why.dimmed()
        );
    }
    if !account.compiled_again.is_empty() {
        outln!("{}", "compiled more than once".bold());
    }
    let again = &account.compiled_again;
    let most = if verbose {
        again.len()
    } else {
        again.len().min(SLOWEST)
    };
    for one in &again[..most] {
        outln!(
            "  {} in {}: {}",
            one.name,
            one.stages.join(", "),
            one.why.dimmed()
        );
    }
    if again.len() > most {
        outln!("  and {} more, which --verbose shows", again.len() - most);
    }
}

/// Formats seconds for people.
fn time(seconds: f64) -> String {
    if seconds < 10.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{seconds:.0} s")
    }
}

/// Returns the beginning of a digest, which is enough to compare two by eye.
fn short(digest: &str) -> &str {
    let hex = digest.trim_start_matches("sha256:");
    hex.get(..12).unwrap_or(hex)
}

fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1}MB")
}
