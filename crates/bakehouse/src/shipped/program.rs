//! Programs of images, as an image of this tool runs them: its binaries are in `/usr/local/bin`.

use std::collections::BTreeMap;

use super::carried::Carried;
use super::dockerfile::Program;
use super::image::{Image, script_at};
use super::path::last;
use super::scope::Scope;

/// The folder of binaries in an image.
pub const BIN: &str = "/usr/local/bin";

/// Replaces paths of binaries by those of this tool's images.
pub struct Paths<'a> {
    pub binaries: &'a [Carried],
    pub links: &'a BTreeMap<String, String>,
    pub workdir: &'a str,
    /// The variables that a shell knows when the image runs.
    pub environment: Scope,
}

/// A program and its arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    pub entrypoint: Option<Vec<String>>,
    pub command: Option<Vec<String>>,
}

impl Run {
    /// Returns what an image runs.
    pub fn of(image: &Image, binaries: &[Carried]) -> Self {
        let paths = Paths::of(image, binaries);
        let program = |program: &Option<super::image::At<Program>>| {
            program
                .as_ref()
                .map(|program| paths.program(&program.value))
        };
        Self::without_defaults(
            program(&image.entrypoint),
            program(&image.command),
            binaries,
        )
    }

    /// Leaves out an entrypoint that is the first binary.
    pub fn without_defaults(
        entrypoint: Option<Vec<String>>,
        command: Option<Vec<String>>,
        binaries: &[Carried],
    ) -> Self {
        let main = binaries.first().map(|main| main.bin.as_str());
        let is_main = |words: &[String]| match words {
            [word] => Some(word.strip_prefix(&format!("{BIN}/")).unwrap_or(word)) == main,
            _ => false,
        };
        let full = |words: &Vec<String>| !words.is_empty();
        let (entrypoint, command) = (entrypoint.filter(full), command.filter(full));
        match (entrypoint, command) {
            (Some(entrypoint), command) if is_main(&entrypoint) => Self {
                entrypoint: None,
                command,
            },
            // The first word that a container is started with is then its program.
            (None, Some(command)) => Self {
                entrypoint: Some(Vec::new()),
                command: Some(command),
            },
            (entrypoint, command) => Self {
                entrypoint,
                command,
            },
        }
    }

    /// Returns whether both run the same if they are started without arguments. `main` is the first binary.
    pub fn is_like(&self, other: &Self, main: &str) -> bool {
        let all = |of: &Self| {
            let own = vec![main.to_owned()];
            let entrypoint = of.entrypoint.clone().unwrap_or(own);
            let words = entrypoint
                .into_iter()
                .chain(of.command.iter().flatten().cloned());
            let mut words: Vec<String> = words.collect();
            if let Some(first) = words.first_mut() {
                let short = first.strip_prefix(&format!("{BIN}/")).map(str::to_owned);
                *first = short.unwrap_or_else(|| first.clone());
            }
            words
        };
        all(self) == all(other)
    }

    /// Returns the program and its arguments; none if that is the first binary alone.
    pub fn program(&self) -> Option<&[String]> {
        let entrypoint = self.entrypoint.as_deref();
        let program = entrypoint.filter(|words| !words.is_empty());
        program.or(match entrypoint {
            Some(_) => self.command.as_deref(),
            None => None,
        })
    }
}

impl<'a> Paths<'a> {
    pub fn of(image: &'a Image, binaries: &'a [Carried]) -> Self {
        Self {
            binaries,
            links: &image.links,
            workdir: &image.workdir,
            environment: image.environment(),
        }
    }

    pub fn program(&self, program: &Program) -> Vec<String> {
        match program {
            Program::Shell(script) => {
                let words = ["/bin/sh", "-c", script].map(str::to_owned);
                self.in_shell(&words, 2)
            }
            Program::Exec(words) if script_at(words).is_some() => {
                self.in_shell(words, script_at(words).unwrap_or_default())
            }
            Program::Exec(words) => match &words[..] {
                [first, rest @ ..] if self.link(first).is_some() => {
                    let bin = self.link(first).unwrap_or_default();
                    let script = format!("exec -a {first} {BIN}/{bin} \"$@\"");
                    let mut all = vec![
                        "/bin/bash".to_owned(),
                        "-c".to_owned(),
                        script,
                        first.clone(),
                    ];
                    all.extend(rest.iter().map(|word| self.word(word)));
                    all
                }
                words => words.iter().map(|word| self.word(word)).collect(),
            },
        }
    }

    /// Returns the words of a shell, of which the one at `at` is its script.
    fn in_shell(&self, words: &[String], at: usize) -> Vec<String> {
        let script = &words[at];
        let mut linked = false;
        let mut text = String::new();
        for piece in script.split_inclusive(|c: char| c.is_whitespace() || ";&|()\"'".contains(c)) {
            let end = piece.trim_end_matches(|c: char| c.is_whitespace() || ";&|()\"'".contains(c));
            let (word, separator) = piece.split_at(end.len());
            // A variable stays one, unless it leads to a binary that is elsewhere here.
            let filled = self.environment.fill(word).text;
            let moved = self.link(&filled).is_some() || self.word(&filled) != filled;
            let word = if moved { &filled } else { word };
            match self.link(word) {
                // Only bash gives a program another name for itself.
                Some(bin) if text.trim_end().ends_with("exec") => {
                    linked = true;
                    text += &format!("-a {word} {BIN}/{bin}");
                }
                Some(bin) => text += &format!("{BIN}/{bin}"),
                None => text += &self.word(word),
            }
            text += separator;
        }
        let mut words = words.to_vec();
        words[at] = text;
        if linked {
            "/bin/bash".clone_into(&mut words[0]);
        }
        words
    }

    /// Returns the binary that a link leads to.
    fn link(&self, word: &str) -> Option<String> {
        let named = |link: &&String| **link == word || (!word.contains('/') && last(link) == word);
        let link = self.links.keys().find(named)?;
        let target = &self.links[link];
        let leads = |carried: &&Carried| carried.path == *target || *last(target) == *carried.bin;
        let found = self.binaries.iter().find(leads)?;
        (*last(link) != *found.bin).then(|| found.bin.to_string())
    }

    /// Returns whether a word is a binary.
    pub fn is_binary(&self, word: &str) -> bool {
        let name = word.strip_prefix(&format!("{BIN}/")).unwrap_or(word);
        self.binaries.iter().any(|carried| *carried.bin == *name)
    }

    fn word(&self, word: &str) -> String {
        let word = match self.links.get(word) {
            Some(target) if last(target) == last(word) => target,
            _ => word,
        };
        // The search path leads to it.
        if !word.contains('/') && self.is_binary(word) {
            return word.to_owned();
        }
        let here = |carried: &&Carried| {
            let local = word.strip_prefix("./").unwrap_or(word);
            let full = format!("{}/{local}", self.workdir.trim_end_matches('/'));
            word == carried.path
                || full == carried.path
                || word == last(&carried.path)
                || (word.starts_with('/') && *last(word) == *carried.bin && word.contains("bin/"))
        };
        match self.binaries.iter().find(here) {
            Some(carried) => format!("{BIN}/{}", carried.bin),
            None => word.to_owned(),
        }
    }
}
