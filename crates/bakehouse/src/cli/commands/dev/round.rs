//! One round: from an edit to containers that are well.

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};

use super::watch::Edit;
use crate::names::TargetName;

/// The number of services and of files that a line names.
const MOST: usize = 3;

/// A round and how long its parts took.
#[derive(Debug)]
pub struct Round {
    edit: Option<Edit>,
    at: Instant,
    begun: SystemTime,
    bake: Duration,
    start: Duration,
    services: Vec<TargetName>,
}

impl Round {
    /// Returns the round that no edit began.
    pub fn first() -> Self {
        Self::begin(Instant::now(), None)
    }

    /// Returns the round that an edit begins.
    pub fn of(edit: Edit) -> Self {
        Self::begin(edit.at, Some(edit))
    }

    fn begin(at: Instant, edit: Option<Edit>) -> Self {
        Self {
            edit,
            at,
            begun: SystemTime::now(),
            bake: Duration::ZERO,
            start: Duration::ZERO,
            services: Vec::new(),
        }
    }

    pub fn is_first(&self) -> bool {
        self.edit.is_none()
    }

    /// Returns the time by the clock at which it began.
    pub fn begun(&self) -> SystemTime {
        self.begun
    }

    /// Returns the edited files, relative to the context.
    pub fn files(&self) -> impl Iterator<Item = &Utf8Path> {
        let edit = self.edit.iter();
        edit.flat_map(|edit| edit.files.iter().map(Utf8PathBuf::as_path))
    }

    /// Ends the bake.
    pub fn end_bake(&mut self) {
        self.bake = self.at.elapsed();
    }

    /// Ends the start of `services`.
    pub fn end_start(&mut self, services: Vec<TargetName>) {
        self.start = self.at.elapsed().saturating_sub(self.bake);
        self.services = services;
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let services = match self.services.is_empty() {
            true => "packs".to_owned(),
            false => some(self.services.iter().map(ToString::to_string)),
        };
        let (bake, start) = (self.bake.as_secs_f64(), self.start.as_secs_f64());
        let all = bake + start;
        write!(
            f,
            "{services}: healthy after {all:.1} s (bake {bake:.1} s, start {start:.1} s)"
        )?;
        if self.edit.is_some() {
            write!(f, ", {}", some(self.files().map(ToString::to_string)))?;
        }
        Ok(())
    }
}

/// Returns the first of several names, and the number of the others.
fn some(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.len().saturating_sub(MOST) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..MOST].join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_one_line() {
        let round = |files: &[&str], services: &[&str]| Round {
            bake: Duration::from_millis(3120),
            start: Duration::from_millis(1040),
            services: services.iter().copied().map(TargetName::new).collect(),
            ..Round::of(Edit {
                at: Instant::now(),
                files: files.iter().map(Utf8PathBuf::from).collect(),
            })
        };
        let shown = [
            round(&["api/src/main.rs"], &["api"]),
            round(&["a", "b", "c", "d", "e"], &["api", "web", "worker", "x"]),
            round(&["packs/core/a.sh"], &[]),
            Round {
                edit: None,
                ..round(&[], &["api"])
            },
        ];
        let shown: Vec<String> = shown.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "api: healthy after 4.2 s (bake 3.1 s, start 1.0 s), api/src/main.rs",
                "api, web, worker and 1 more: healthy after 4.2 s (bake 3.1 s, start 1.0 s), a, b, c and 2 more",
                "packs: healthy after 4.2 s (bake 3.1 s, start 1.0 s), packs/core/a.sh",
                "api: healthy after 4.2 s (bake 3.1 s, start 1.0 s)",
            ]
        );
    }
}
