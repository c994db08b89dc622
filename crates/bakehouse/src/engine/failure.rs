//! Causes of failed bakes that have nothing to do with the project.

use crate::pages::page;

/// Messages of Cargo about a registry without a token or with a wrong one, and about git by SSH and HTTPS.
const UNKNOWN: [&str; 6] = [
    "authenticated registries require a credential-provider",
    "no token found for `",
    "token rejected for `",
    "failed to authenticate when downloading repository",
    "error: unknown SSH host key",
    "no authentication methods succeeded",
];

/// Messages of BuildKit about a layer that it cannot fetch, or that does not match its digest.
const UNREADABLE: [&str; 3] = [
    "httpReadSeeker",
    "unexpected commit digest",
    "unexpected commit size",
];

/// A cause that buildx's output reveals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    DiskFull,
    /// A linker dies of it if the file that it has mapped cannot grow.
    BusError,
    EngineGone,
    /// Layers of the registry cache are missing, differ from their digests, or cannot be fetched.
    LayerUnreadable,
    PushRefused,
    /// A file that BuildKit fetched is not the one that the configuration describes.
    OtherChecksum,
    /// Crates come from a registry or repository that requires authentication.
    Unknown,
}

impl Cause {
    /// Finds the cause in the end of buildx's standard error.
    pub fn of(said: &str) -> Option<Self> {
        let error = said
            .lines()
            .rfind(|line| line.starts_with("ERROR: "))
            .unwrap_or_default();
        if error.contains("failed to push") {
            Some(Self::PushRefused)
        } else if error.contains("code = Unavailable")
            || error.contains("Cannot connect to the Docker daemon")
        {
            Some(Self::EngineGone)
        } else if said.contains("o space left on device") {
            // This may be in the output of any step. The compiler writes it with a capital letter.
            Some(Self::DiskFull)
        } else if said.contains("[Bus error]") || said.contains("SIGBUS") {
            Some(Self::BusError)
        } else if UNKNOWN.iter().any(|words| said.contains(words)) {
            Some(Self::Unknown)
        } else if error.contains("digest mismatch sha256:") {
            Some(Self::OtherChecksum)
        } else if UNREADABLE.iter().any(|words| error.contains(words)) {
            Some(Self::LayerUnreadable)
        } else {
            None
        }
    }

    /// Returns the explanation and the remedy.
    pub fn explain(self) -> (&'static str, String) {
        let (what, remedy) = match self {
            Self::DiskFull => (
                "the engine's disk is full",
                "`docker system df` shows what fills it; `docker buildx prune` and `docker image prune` make room",
            ),
            Self::BusError => (
                "a linker died of a bus error, which happens when the engine's disk is full",
                "`docker system df` shows what fills it; repeat the build when there is room",
            ),
            Self::EngineGone => (
                "the engine is gone",
                "start it again and repeat: finished steps are kept",
            ),
            Self::LayerUnreadable => (
                "a layer cannot be read from its registry",
                "its own message is above; `-- --set '*.cache-from='` bakes without reading a registry cache",
            ),
            Self::OtherChecksum => (
                "a fetched file has another checksum than `[fetch]` in bakehouse.toml says",
                "both are in BuildKit's message above, that of the file first; if the file may have changed, write its `sha256` there and run `bakehouse generate`",
            ),
            Self::Unknown => (
                "a registry or repository of crates requires authentication",
                "its own message is above; `[secrets]` in bakehouse.toml hands tokens, keys and certificates to the step that fetches",
            ),
            Self::PushRefused => (
                "the registry refused an image",
                "its answer is above; run `docker login` if it requires authentication. The builder keeps what was built",
            ),
        };
        let page = (self == Self::Unknown).then(|| format!(": see {}", page("secrets")));
        (what, format!("{remedy}{}", page.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_read_from_what_buildx_says() {
        let table = [
            (
                "#12 0.9 rustc-LLVM ERROR: IO failure on output stream: No space left on device\n\
                 ERROR: failed to solve: process \"/bin/sh -c cargo\" did not complete successfully: exit code: 101\n",
                Some(Cause::DiskFull),
            ),
            (
                "ERROR: failed to solve: ResourceExhausted: failed to copy files: copy file range failed: no space left on device\n",
                Some(Cause::DiskFull),
            ),
            (
                "#16 0.278 collect2: fatal error: ld terminated with signal 7 [Bus error]\n\
                 ERROR: failed to solve: process \"/bin/sh -c cargo\" did not complete successfully: exit code: 101\n",
                Some(Cause::BusError),
            ),
            (
                "#9 1.2 process didn't exit successfully: `rustc` (signal: 7, SIGBUS: access to undefined memory)\n\
                 ERROR: failed to solve: process \"/bin/sh -c cargo\" did not complete successfully: exit code: 101\n",
                Some(Cause::BusError),
            ),
            (
                "ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF\n",
                Some(Cause::EngineGone),
            ),
            (
                "ERROR: failed to solve: failed to push 127.0.0.1:1/a:latest: unexpected status from POST request: 500\n",
                Some(Cause::PushRefused),
            ),
            (
                "ERROR: target a: failed to solve: failed to compute cache key: failed to copy: httpReadSeeker: failed open: \
                 could not fetch content descriptor sha256:75 from remote: not found\n",
                Some(Cause::LayerUnreadable),
            ),
            (
                "ERROR: target a: failed to solve: failed to load cache key: digest mismatch sha256:1a: sha256:2b\n",
                Some(Cause::OtherChecksum),
            ),
            (
                "ERROR: target a: failed to solve: failed to compute cache key: failed commit on ref \"layer-sha256:2c\": commit failed: \
                 unexpected commit digest sha256:ff, expected sha256:2c: failed precondition\n",
                Some(Cause::LayerUnreadable),
            ),
            (
                "#9 0.4 error: no token found for `acme`, please run `cargo login --registry acme`\n\
                 ERROR: failed to solve: process \"/bin/sh -c cargo vendor\" did not complete successfully: exit code: 101\n",
                Some(Cause::Unknown),
            ),
            (
                "#9 ERROR: failed to push, says a test\n\
                 ERROR: failed to solve: process \"/bin/sh\" did not complete successfully: exit code: 101\n",
                None,
            ),
            ("", None),
        ];
        for (said, cause) in table {
            assert_eq!(Cause::of(said), cause, "{said}");
        }
    }
}
