//! Cache mounts of the builder.

use super::Engine;

impl Engine {
    /// Returns those of `ids` with which the id of one of the builder's cache mounts begins. A builder that does not tell
    /// counts as one without mounts.
    pub fn cache_mounts<'a>(&self, ids: &[&'a str]) -> Vec<&'a str> {
        let arguments = ["buildx", "du", "--verbose", "--filter"];
        let arguments = [&arguments[..], &["type=exec.cachemount"]].concat();
        let said = self.output(&arguments).unwrap_or_default();
        let listed = ids.iter().filter(|id| lists(&said, id));
        listed.copied().collect()
    }
}

/// Returns whether a report on disk usage lists a cache mount whose id begins with `id`.
fn lists(said: &str, id: &str) -> bool {
    let quoted = format!("with id \"/{id}");
    said.lines().any(|line| line.contains(&quoted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mount_is_told_by_its_id() {
        let said = "ID: x\nDescription:\tcached mount /build/target from exec sh /run/deps.sh\nx\n with id \"/shop-deps-1.95.0-linux/amd64\"\nType: exec.cachemount\n";
        assert!(lists(said, "shop-deps-1.95.0-"));
        assert!(!lists(said, "deps-1.95.0-"));
        assert!(!lists(said, "shop-deps-1.96.0-"));
    }
}
