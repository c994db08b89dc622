//! Input hashes: what can change an output changes its hash, and nothing else does.

/// The form of the stages that the plan is carried out by. It is part of each hash: raise it when the same inputs give
/// another image.
pub const RECIPE: u32 = 7;

/// Hex digits of a hash as it stands in tags and labels.
pub const DIGITS: usize = 16;

/// Bytes of the parts of a hash, as a rule.
const ROOM: usize = 64 << 10;

/// Builds a hash from named parts. Each part is framed by its length, so no two lists of parts collide. They are hashed
/// at once: thousands of short ones take several times as long by themselves.
pub struct InputHash(Vec<u8>);

impl InputHash {
    /// An empty hash for one kind of output.
    pub fn new(kind: &str) -> Self {
        // What most hashes need; growing to it bit by bit takes as long as hashing.
        let mut hash = Self(Vec::with_capacity(ROOM));
        hash.part("kind", kind);
        hash.part("recipe", &RECIPE.to_string());
        hash
    }

    /// Adds one value.
    pub fn part(&mut self, name: &str, value: &str) {
        for text in [name, value] {
            self.0.extend((text.len() as u64).to_le_bytes());
            self.0.extend(text.as_bytes());
        }
    }

    /// The hash as 16 hex digits.
    pub fn finish(self) -> String {
        let mut hasher = blake3::Hasher::new_derive_key("bakehouse input hash v1");
        hasher.update(&self.0);
        hasher.finalize().to_hex()[..DIGITS].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let hash = |parts: &[(&str, &str)]| {
            let mut hash = InputHash::new("test");
            for (name, value) in parts {
                hash.part(name, value);
            }
            hash.finish()
        };
        assert_ne!(hash(&[("a", "bc")]), hash(&[("ab", "c")]));
        assert_ne!(
            hash(&[("a", "b"), ("c", "d")]),
            hash(&[("a", "bc"), ("", "d")])
        );
        assert_eq!(hash(&[("a", "b")]).len(), DIGITS);
    }
}
