//! A transcript of buildx's standard error, which is passed on meanwhile.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Number of bytes kept at the end: a failed step's log and the error.
const END: usize = 64 * 1024;

/// The transcript of the output so far.
#[derive(Debug, Default)]
pub struct Transcript {
    end: Vec<u8>,
    /// The last line, until its end arrives.
    line: Vec<u8>,
    /// The caches that are being read, by step.
    caches: BTreeMap<String, String>,
    too_large: BTreeSet<String>,
}

impl Transcript {
    /// Adds the next bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        self.end.extend_from_slice(bytes);
        self.end.drain(..self.end.len().saturating_sub(END));
        let mut lines = bytes.split(|byte| *byte == b'\n');
        // The first part completes the pending line; the last part begins the next.
        self.line
            .extend_from_slice(lines.next().unwrap_or_default());
        for next in lines {
            let line = std::mem::replace(&mut self.line, next.to_vec());
            self.read(&String::from_utf8_lossy(&line));
        }
    }

    /// Reads a line of a step, e.g. `#7 [api] importing cache manifest from ghcr.io/acme/cache:api-main`.
    fn read(&mut self, line: &str) {
        let Some((step, said)) = line
            .strip_prefix('#')
            .and_then(|numbered| numbered.split_once(' '))
        else {
            return;
        };
        if let Some((_, cache)) = said.split_once("importing cache manifest from ") {
            self.caches.insert(step.to_owned(), cache.trim().to_owned());
        } else if said.starts_with("ERROR: blob ") && said.contains(" is too large (") {
            // Only a step that reads a cache is trusted: it is BuildKit's own, and all others print whatever they like.
            self.too_large.extend(self.caches.get(step).cloned());
        }
    }

    /// Returns the end of the output.
    pub fn end(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.end)
    }

    /// Returns the caches that BuildKit did not read because their description is too large.
    pub fn too_large(&self) -> &BTreeSet<String> {
        &self.too_large
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
#6 [b] importing cache manifest from 127.0.0.1:5000/cache:b-main
#6 DONE 0.1s
#7 [a] importing cache manifest from 127.0.0.1:5000/cache:a-main
#7 inferred cache manifest type: application/vnd.oci.image.manifest.v1+json done
#7 ERROR: blob sha256:75 is too large (1940939 > 1048576)
#8 [build-a 2/2] RUN cargo build
#8 0.5 #7 ERROR: blob x is too large (2 > 1)
#8 ERROR: blob sha256:76 is too large (2 > 1)
";

    #[test]
    fn a_cache_that_is_too_large_is_heard_however_it_arrives() {
        for size in [1, 7, 64, SAID.len()] {
            let mut transcript = Transcript::default();
            for chunk in SAID.as_bytes().chunks(size) {
                transcript.add(chunk);
            }
            let expected = BTreeSet::from(["127.0.0.1:5000/cache:a-main".to_owned()]);
            assert_eq!(*transcript.too_large(), expected, "in chunks of {size}");
            assert_eq!(transcript.end(), SAID);
        }
    }

    #[test]
    fn the_end_is_kept_and_no_more() {
        let mut transcript = Transcript::default();
        transcript.add(&vec![b'a'; END]);
        transcript.add(b"\nERROR: z");
        assert_eq!(transcript.end().len(), END);
        assert!(transcript.end().ends_with("a\nERROR: z"));
    }
}
