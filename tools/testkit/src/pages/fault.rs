//! What a page says and is not so.

use std::fmt;

/// A mistake of a page, in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub page: String,
    /// Counted from 1.
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.page, self.line, self.what)
    }
}
