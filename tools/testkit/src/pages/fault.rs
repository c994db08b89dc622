//! A statement of a page that is not true.

use std::fmt;

/// An error in a page, with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub page: String,
    /// The line, counted from 1.
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.page, self.line, self.what)
    }
}
