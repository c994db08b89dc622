//! Descriptions of changes to files.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

pub type Files<'a> = BTreeMap<&'a Utf8Path, String>;

pub fn file_changes(old: &Files<'_>, new: &Files<'_>) -> Vec<(Utf8PathBuf, String)> {
    let digest = |text: &str| text.split(' ').next_back().map(str::to_owned);
    let empty = blake3::hash(b"").to_hex().to_string();
    let mut removed: BTreeMap<&Utf8Path, &str> = old
        .iter()
        .filter(|(file, _)| !new.contains_key(*file))
        .map(|(file, state)| (*file, state.as_str()))
        .collect();
    let mut changes = Vec::new();
    for (file, state) in new {
        let what = match old.get(file) {
            Some(before) if before == state => continue,
            Some(before) if digest(before) == digest(state) => "mode changed".to_owned(),
            Some(_) => "modified".to_owned(),
            None => {
                let same = |(_, before): &(&&Utf8Path, &&str)| {
                    **before == state && !state.ends_with(&empty)
                };
                match removed.iter().find(same).map(|(from, _)| *from) {
                    Some(from) => {
                        removed.remove(from);
                        format!("renamed from {from}")
                    }
                    None => "added".to_owned(),
                }
            }
        };
        changes.push(((*file).to_owned(), what));
    }
    let removed = removed.into_keys();
    changes.extend(removed.map(|file| (file.to_owned(), "removed".to_owned())));
    changes
}
