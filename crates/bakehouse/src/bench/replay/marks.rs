//! Markers in the sources of replayed commits.
//!
//! A package's marker is the number of the last commit that changed one of its files. So a binary that holds an older
//! number is stale, and a commit compiles nothing on account of its markers that it does not compile anyway.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::kind::holder;
use crate::bench::judge::{Expected, verdict};
use crate::bench::results::Outcome;
use crate::bench::subject::{Part, Subject};
use crate::bench::tree::{self, Texts};
use crate::problem::{Code, Problem};

/// The marker of each package.
#[derive(Debug, Default)]
pub struct Marks {
    numbers: BTreeMap<String, u32>,
}

impl Marks {
    /// Takes note of the files that commit `number` changes.
    pub fn note(&mut self, number: u32, subject: &Subject, changed: &[Utf8PathBuf]) {
        for path in changed {
            if let Some(package) = holder(subject, path) {
                self.numbers.insert(package.to_owned(), number);
            }
        }
        for package in subject.roots.keys() {
            self.numbers.entry(package.clone()).or_insert(number);
        }
    }

    /// Returns the sources in `root` with their markers.
    ///
    /// # Errors
    /// `file-unreadable`.
    pub fn texts(&self, root: &Utf8Path, subject: &Subject) -> Result<Texts, Problem> {
        let mut texts = Texts::new();
        for (package, files) in &subject.roots {
            let number = self.numbers.get(package).copied().unwrap_or_default();
            for file in files {
                let source = fs_err::read_to_string(root.join(file)).map_err(|error| {
                    Problem::from_error(Code::FileUnreadable, error)
                        .hint("the commit has a target without its source file")
                })?;
                texts.insert(file.clone(), tree::marked(&source, number));
            }
        }
        Ok(texts)
    }

    /// Judges a binary. `gone` are crates that the lock no longer has.
    pub fn judge(&self, part: &Part, binary: &[u8], gone: &[String]) -> Outcome {
        let expected = Expected {
            markers: self.numbers.clone(),
            gone: gone.to_vec(),
        };
        let own = self.numbers.get(&part.package);
        match verdict(part, binary, &expected) {
            // A library that the binary uses nothing of is not linked, nor is one that only its build script uses.
            Outcome::Unchecked if own.is_some_and(|own| tree::markers(binary).contains(own)) => {
                Outcome::Right
            }
            outcome => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_changes_with_the_files_of_its_package_only() {
        let part = Part {
            targets: vec!["api".to_owned()],
            name: "api".to_owned(),
            package: "api".to_owned(),
            bin: "api".to_owned(),
            file: "api/src/main.rs".into(),
            closure: ["api", "base", "macros"].map(str::to_owned).into(),
            image: None,
            pack_folder: None,
        };
        let file = |name: &str, path: &str| (name.to_owned(), [Utf8PathBuf::from(path)].into());
        let subject = Subject {
            parts: vec![part.clone()],
            services: 1,
            common: None,
            pack_file: None,
            targets: [].into(),
            roots: [
                file("api", "api/src/main.rs"),
                file("base", "base/src/lib.rs"),
            ]
            .into(),
            folders: [
                ("api".to_owned(), "api".into()),
                ("base".to_owned(), "base".into()),
            ]
            .into(),
        };
        let mut marks = Marks::default();
        marks.note(1, &subject, &[]);
        marks.note(
            2,
            &subject,
            &["base/src/deep/x.rs".into(), "README.md".into()],
        );
        let judge = |numbers: &[u32]| {
            let binary: String = numbers.iter().map(|number| tree::marker(*number)).collect();
            marks.judge(&part, binary.as_bytes(), &[])
        };
        assert_eq!(judge(&[1, 2]), Outcome::Right);
        // A library that is not linked.
        assert_eq!(judge(&[1]), Outcome::Right);
        assert_eq!(judge(&[]), Outcome::Unchecked);
        assert_eq!(judge(&[1, 7]), Outcome::Stale);
    }
}
