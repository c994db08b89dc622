//! The name of a branch as a tag, as the Bake file's function `branch_tag` has it.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Returns the tag of a branch. No two branches have the same one.
pub fn branch_tag(branch: &str) -> String {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let starts = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if branch.len() <= 64 && branch.starts_with(starts) && branch.chars().all(allowed) {
        return branch.to_owned();
    }
    let replaced = branch.chars().map(|c| if allowed(c) { c } else { '-' });
    let mut tag: String = replaced.take(55).collect();
    if tag.starts_with(['.', '-']) {
        tag.replace_range(..1, "_");
    }
    tag.push('-');
    for byte in &Sha256::digest(branch)[..4] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_have_the_tags_that_bake_gives_them() {
        // The second column is what Bake prints; the end-to-end tests compare more of them.
        assert_eq!(branch_tag("feature-x"), "feature-x");
        assert_eq!(branch_tag("feature/x"), "feature-x-217d2bf5");
        assert_eq!(branch_tag("-x"), format!("_x-{}", &branch_tag("-x")[3..]));
        assert!(branch_tag(&"x".repeat(65)).starts_with(&"x".repeat(55)));
        assert_eq!(branch_tag(&"x".repeat(64)), "x".repeat(64));
    }
}
