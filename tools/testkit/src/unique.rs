//! Names that nobody else has.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// A new name part of 12 hexadecimal digits.
pub fn unique() -> String {
    let random = RandomState::new().build_hasher().finish();
    format!("{:012x}", random & 0xffff_ffff_ffff)
}

/// One such name for the whole process.
pub fn of_process() -> &'static str {
    static NAME: LazyLock<String> = LazyLock::new(unique);
    &NAME
}
