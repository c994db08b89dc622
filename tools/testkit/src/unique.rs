//! Unique names.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// Returns a new part of a name, 12 hexadecimal digits long.
pub fn unique() -> String {
    let random = RandomState::new().build_hasher().finish();
    format!("{:012x}", random & 0xffff_ffff_ffff)
}

/// Returns one such part for the whole process.
pub fn of_process() -> &'static str {
    static NAME: LazyLock<String> = LazyLock::new(unique);
    &NAME
}
