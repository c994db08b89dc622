//! A namespace of images that is removed at the end of the test.

use std::collections::BTreeMap;
use std::process::Command;

use crate::engine::docker;
use crate::unique::unique;

/// The prefix of a test's image names, in place of a registry.
#[derive(Debug)]
pub struct Images {
    namespace: String,
}

impl Images {
    #[expect(
        clippy::new_without_default,
        reason = "each one is another, which a default would hide"
    )]
    pub fn new() -> Self {
        Self {
            namespace: format!("e2e-{}", unique()),
        }
    }

    /// Returns the value for `REGISTRY`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the name of the image of `service`.
    pub fn name(&self, service: &str) -> String {
        format!("{}/{service}:latest", self.namespace)
    }

    /// Returns the digest of the image of `service`.
    ///
    /// # Panics
    /// If there is no such image.
    #[track_caller]
    pub fn digest(&self, service: &str) -> String {
        docker([
            "image",
            "inspect",
            "--format",
            "{{.Id}}",
            &self.name(service),
        ])
    }

    /// Returns the digests of all its `:latest` images, by service.
    #[track_caller]
    pub fn digests(&self) -> BTreeMap<String, String> {
        let pattern = format!("reference={}/*:latest", self.namespace);
        let listed = docker([
            "image",
            "ls",
            "--no-trunc",
            "--filter",
            &pattern,
            "--format",
            "{{.Repository}} {{.ID}}",
        ]);
        let parse = |line: &str| {
            let (name, digest) = line.split_once(' ')?;
            Some((name.rsplit('/').next()?.to_owned(), digest.to_owned()))
        };
        listed.lines().filter_map(parse).collect()
    }

    /// Gives `image` a name in this namespace.
    #[track_caller]
    pub fn adopt(&self, image: &str, service: &str) {
        docker(["tag", image, &self.name(service)]);
    }
}

impl Drop for Images {
    fn drop(&mut self) {
        // Images are removed by name only, since another test's image may have the same digest.
        let pattern = format!("reference={}/*", self.namespace);
        let listed = Command::new("docker")
            .args(["image", "ls", "--format", "{{.Repository}}:{{.Tag}}"])
            .args(["--filter", &pattern])
            .output();
        let Ok(listed) = listed else { return };
        let names = String::from_utf8_lossy(&listed.stdout);
        let names: Vec<&str> = names.lines().collect();
        if !names.is_empty() {
            let _ = Command::new("docker")
                .args(["image", "rm", "--force"])
                .args(names)
                .output();
        }
    }
}
