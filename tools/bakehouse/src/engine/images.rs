//! Images that the engine has.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Engine;
use crate::problem::{Code, Problem};

/// An image in the engine's store.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Image {
    pub id: String,
    #[serde(default)]
    pub repo_tags: Vec<String>,
    /// Bytes.
    pub size: u64,
}

impl Engine {
    /// Those of `names` that the engine has, by name.
    pub fn images(&self, names: &[String]) -> BTreeMap<String, Image> {
        let mut arguments = vec!["image", "inspect", "--format", "{{json .}}"];
        arguments.extend(names.iter().map(String::as_str));
        let images: Vec<Image> = self
            .partial_output(&arguments)
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        names
            .iter()
            .filter_map(|name| {
                // The engine leaves out Docker Hub's name.
                let short = name
                    .trim_start_matches("docker.io/")
                    .trim_start_matches("library/");
                let image = images
                    .iter()
                    .find(|image| image.repo_tags.iter().any(|tag| tag == short))?;
                Some((name.clone(), image.clone()))
            })
            .collect()
    }

    /// Gives the image `name` the further name `tag`.
    ///
    /// # Errors
    /// `bake-failed` when the engine refuses.
    pub fn tag(&self, name: &str, tag: &str) -> Result<(), Problem> {
        self.output(&["tag", name, tag])
            .map(|_| ())
            .map_err(|said| {
                Problem::new(
                    Code::BakeFailed,
                    format!("{name} cannot be tagged {tag}: {said}"),
                )
            })
    }
}
