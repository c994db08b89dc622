//! Edits of a shape on disk.

use std::fmt;

/// One edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The `nth` value of a file becomes the next one.
    Value {
        path: String,
        nth: usize,
    },
    /// Text is replaced wherever it occurs in a file; with `lock`, Cargo.lock is updated too.
    Replace {
        path: String,
        old: String,
        new: String,
        lock: bool,
    },
    Write {
        path: String,
        text: String,
    },
    Append {
        path: String,
        text: String,
    },
    Remove {
        path: String,
    },
    Rename {
        from: String,
        to: String,
    },
    /// A value in a git repository is committed, and the workspace moves to that commit.
    Commit {
        repository: String,
        package: String,
        path: String,
    },
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { path, nth } => write!(f, "value {nth} of {path} is the next one"),
            Self::Replace {
                path,
                old,
                new,
                lock,
                ..
            } => {
                let lock = if *lock { ", Cargo.lock follows" } else { "" };
                write!(f, "`{old}` becomes `{new}` in {path}{lock}")
            }
            Self::Write { path, .. } => write!(f, "{path} is new"),
            Self::Append { path, .. } => write!(f, "{path} has one more line"),
            Self::Remove { path } => write!(f, "{path} is removed"),
            Self::Rename { from, to } => write!(f, "{from} is now {to}"),
            Self::Commit {
                repository, path, ..
            } => write!(
                f,
                "{path} of the repository {repository} changes, and Cargo.lock follows"
            ),
        }
    }
}

/// Returns the positions of values in `text`: each is `_A_`, where `A` is any capital letter.
pub fn values(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let is_value = |at: &usize| {
        bytes[*at] == b'_' && bytes[at + 1].is_ascii_uppercase() && bytes[at + 2] == b'_'
    };
    (0..bytes.len().saturating_sub(2))
        .filter(is_value)
        .collect()
}

/// Returns `text` with its `nth` value replaced by the next one.
pub fn next_value(text: &str, nth: usize) -> Option<String> {
    let at = *values(text).get(nth)?;
    let old = char::from(text.as_bytes()[at + 1]);
    let new = if old >= 'Y' {
        'A'
    } else {
        char::from(text.as_bytes()[at + 1] + 1)
    };
    Some(format!("{}_{new}_{}", &text[..at], &text[at + 3..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_value_becomes_the_next_one_and_no_other() {
        let text = "one_A_ two_B_ ORACLE_NOTE three_Z_";
        assert_eq!(values(text).len(), 3);
        assert_eq!(
            next_value(text, 1).as_deref(),
            Some("one_A_ two_C_ ORACLE_NOTE three_Z_")
        );
        assert_eq!(next_value(text, 3), None);
    }
}
