//! Input hashes: the hash of an output changes if and only if something changes that can change the output.

/// The version of the stages that carry out the plan. It is part of each hash: raise it when the same inputs give
/// another image.
pub const RECIPE: u32 = 7;

/// The number of hex digits of a hash in tags and labels.
pub const DIGITS: usize = 16;

/// The usual number of bytes of the parts of a hash.
const ROOM: usize = 64 << 10;

/// A builder of a hash from named parts. Each part is framed by its length, so no two lists of parts collide. The parts
/// are hashed together, which is several times as fast as thousands of short updates.
pub struct InputHash(Vec<u8>);

impl InputHash {
    /// Creates an empty hash for one kind of output.
    pub fn new(kind: &str) -> Self {
        // The usual size; growing to it in steps takes as long as hashing.
        let mut hash = Self(Vec::with_capacity(ROOM));
        hash.part("kind", kind);
        hash.part("recipe", &RECIPE.to_string());
        hash
    }

    /// Adds one value.
    pub fn part(&mut self, name: &str, value: &str) {
        for text in [name, value] {
            self.0.extend_from_slice(&(text.len() as u64).to_le_bytes());
            self.0.extend_from_slice(text.as_bytes());
        }
    }

    /// Returns the hash as 16 hex digits.
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
