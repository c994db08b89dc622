//! A range of commits, as git writes it.

use std::str::FromStr;

/// Two revisions. The first is where the range begins, and is no part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    pub from: String,
    pub to: String,
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is no range such as v1.0..main or HEAD~20..");
        let (from, to) = text.split_once("..").ok_or_else(expected)?;
        if from.is_empty() || from.starts_with('-') || to.starts_with(['.', '-']) {
            return Err(expected());
        }
        let to = if to.is_empty() { "HEAD" } else { to };
        Ok(Self {
            from: from.to_owned(),
            to: to.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_git_writes_them() {
        let range = |from: &str, to: &str| Range {
            from: from.to_owned(),
            to: to.to_owned(),
        };
        assert_eq!("v1.0..main".parse(), Ok(range("v1.0", "main")));
        assert_eq!("HEAD~20..".parse(), Ok(range("HEAD~20", "HEAD")));
        for wrong in ["main", "..main", "a...b", "--all..main", "a..--all", ""] {
            assert!(wrong.parse::<Range>().is_err(), "{wrong}");
        }
    }
}
