//! A Dockerfile of the user's, as far as the configuration refers to it.

use std::collections::BTreeSet;

use camino::Utf8Path;
use parse_dockerfile::{Instruction, parse};

/// The stages and arguments of a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dockerfile {
    /// The name of each stage, in order.
    pub stages: Vec<Option<String>>,
    /// The declared arguments.
    pub arguments: BTreeSet<String>,
    /// Set if it is read by another frontend than Docker's, which may have arguments of its own.
    pub is_foreign: bool,
}

impl Dockerfile {
    /// Reads the file at `path`. Returns `None` if it cannot be parsed: BuildKit may know more of the syntax.
    ///
    /// # Errors
    /// The error of a file that cannot be read.
    pub fn read(path: &Utf8Path) -> std::io::Result<Option<Self>> {
        Ok(Self::parse(&fs_err::read_to_string(path)?))
    }

    fn parse(text: &str) -> Option<Self> {
        let file = parse(text).ok()?;
        let syntax = file.parser_directives.syntax.as_ref();
        let mut found = Self {
            stages: Vec::new(),
            arguments: BTreeSet::new(),
            is_foreign: syntax.is_some_and(|syntax| !syntax.value.value.contains("dockerfile")),
        };
        for instruction in &file.instructions {
            match instruction {
                Instruction::From(from) => {
                    let name = from.as_.as_ref().map(|(_, name)| name.value.to_string());
                    found.stages.push(name);
                }
                Instruction::Arg(arg) => found.arguments.extend(declared(&arg.arguments.value)),
                _ => {}
            }
        }
        Some(found)
    }

    /// Returns whether `target` is a stage: its name in any case, or its number.
    pub fn has_stage(&self, target: &str) -> bool {
        let named = self.stages.iter().flatten();
        let mut named = named.map(|name| name.eq_ignore_ascii_case(target));
        let number = target.parse::<usize>();
        named.any(|is| is) || number.is_ok_and(|number| number < self.stages.len())
    }
}

/// Returns the names in the text of an `ARG`: `A`, `A=1`, or several with defaults.
fn declared(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut word, mut quote) = (String::new(), None);
    for char in text.chars().chain([' ']) {
        match (char, quote) {
            (_, Some(open)) => quote = Some(open).filter(|open| *open != char),
            ('"' | '\'', None) => quote = Some(char),
            (' ' | '\t' | '\n' | '\r', None) => {
                let name = std::mem::take(&mut word);
                let name = name.trim_start_matches(['"', '\'']);
                let name = name.split('=').next().unwrap_or_default();
                if !name.is_empty() && name != "\\" {
                    names.push(name.to_owned());
                }
                continue;
            }
            _ => {}
        }
        word.push(char);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_and_arguments_are_those_that_docker_finds() {
        let text = "# syntax=docker/dockerfile:1\nARG BASE=debian\nFROM ${BASE} AS Build\n\
            ARG NODE_ENV VERSION=1 \"QUOTED=a b\"\nARG LAST=\"x y\" \\\n  NEXT\nFROM scratch\nFROM Build AS runtime\n";
        let file = Dockerfile::parse(text).unwrap();
        let rows = [
            ("build", true),
            ("Build", true),
            ("runtime", true),
            ("1", true),
            ("3", false),
            ("final", false),
        ];
        for (target, expected) in rows {
            assert_eq!(file.has_stage(target), expected, "{target}");
        }
        let arguments: Vec<&str> = file.arguments.iter().map(String::as_str).collect();
        let expected = ["BASE", "LAST", "NEXT", "NODE_ENV", "QUOTED", "VERSION"];
        assert_eq!(arguments, expected);
        assert!(!file.is_foreign);
        assert!(
            Dockerfile::parse("# syntax=acme/frontend\nFROM a\n")
                .unwrap()
                .is_foreign
        );
    }
}
