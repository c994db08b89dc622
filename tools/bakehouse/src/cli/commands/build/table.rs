//! What became of each service and pack binary, as a table.

use std::collections::BTreeMap;

use camino::Utf8Path;
use owo_colors::OwoColorize;

use super::chosen::Chosen;
use super::names::Names;
use super::store::Store;

pub fn print(
    root: &Utf8Path,
    names: &Names,
    store: &Store<'_>,
    chosen: &Chosen<'_>,
    baked: &Chosen<'_>,
    details: &BTreeMap<String, String>,
) {
    let tags: Vec<String> = chosen
        .services
        .iter()
        .map(|service| names.tagged(service))
        .collect();
    let binaries = chosen
        .pack_binaries
        .iter()
        .map(|binary| binary.target.len());
    let width = tags
        .iter()
        .map(String::len)
        .chain(binaries)
        .max()
        .unwrap_or_default();
    anstream::println!(
        "{:width$}  {:>12}  {:16}  {}",
        "image".bold(),
        store.detail(),
        "input hash",
        "result"
    );
    for (service, tag) in chosen.services.iter().zip(&tags) {
        let detail = details.get(&service.name).map_or("-", String::as_str);
        let is_baked = baked.services.iter().any(|one| one.name == service.name);
        let result = match (is_baked, store.is_registry) {
            (true, true) => "baked and pushed",
            (true, false) => "baked",
            (false, true) => "skipped, the registry has it",
            (false, false) => "skipped, the engine has it",
        };
        anstream::println!(
            "{tag:width$}  {detail:>12}  {}  {result}",
            service.input_hash
        );
    }
    for binary in &chosen.pack_binaries {
        let file = root.join(&binary.folder).join(&binary.bin);
        let size =
            fs_err::metadata(file).map_or_else(|_| "-".to_owned(), |file| megabytes(file.len()));
        let done = baked
            .pack_binaries
            .iter()
            .any(|one| one.target == binary.target);
        let result = if done {
            format!("baked into {}", binary.folder)
        } else {
            "skipped, the pack has it".to_owned()
        };
        anstream::println!(
            "{:width$}  {size:>12}  {}  {result}",
            binary.target,
            binary.input_hash
        );
    }
}

fn megabytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let megabytes = bytes as f64 / 1e6;
    format!("{megabytes:.1}MB")
}
