//! The program under test.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::LazyLock;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use crate::ran::Ran;
use crate::workspace::repository;

/// Runs bakehouse in `dir`.
pub fn bakehouse<'a>(dir: &Utf8Path, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
    Ran::of(command(dir).args(arguments))
}

/// Returns the command `bakehouse` in `dir`, for a test that sets more than arguments.
pub fn command(dir: &Utf8Path) -> Command {
    let mut command = Command::new(program());
    command.current_dir(dir).env("NO_COLOR", "1");
    command
}

/// Returns the table of `build`: for each service or pack binary its name, time, size, digest, input hash and result.
pub fn rows(build: &Ran) -> BTreeMap<&str, [&str; 6]> {
    let lines = build.stdout.lines().skip(1);
    let rows = lines.map_while(|line| {
        let columns = line.split("  ").filter(|column| !column.is_empty());
        let columns: Vec<&str> = columns.map(str::trim).collect();
        let columns: [&str; 6] = columns.try_into().ok()?;
        Some((columns[0], columns))
    });
    rows.collect()
}

/// Returns the result of each row in the table of `build`: `built`, `cached`, `baked` or `skipped`.
pub fn results(build: &Ran) -> BTreeMap<&str, &str> {
    let rows = rows(build).into_iter();
    rows.map(|(name, row)| (name, row[5])).collect()
}

/// Returns the program: `BAKEHOUSE_BIN`, or else the one that Cargo builds from this repository.
fn program() -> &'static Utf8Path {
    static PROGRAM: LazyLock<Utf8PathBuf> = LazyLock::new(|| {
        std::env::var("BAKEHOUSE_BIN").map_or_else(|_| build(), Utf8PathBuf::from)
    });
    &PROGRAM
}

fn build() -> Utf8PathBuf {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let built = Ran::of(
        Command::new(cargo)
            .current_dir(repository())
            .args(["build", "--package", "bakehouse", "--bin", "bakehouse"])
            .args(["--quiet", "--message-format", "json-render-diagnostics"]),
    )
    .succeeded();
    let executable = built
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "bakehouse")
        .find_map(|message| message["executable"].as_str().map(Utf8PathBuf::from));
    executable.unwrap_or_else(|| panic!("cargo names no executable: {built}"))
}
