//! Images of the engine.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::Engine;
use crate::problem::{Code, Problem};

/// An image in the engine's store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub id: String,
    /// The size as the engine prints it, e.g. `31.2MB`.
    pub size: String,
}

/// A line of `docker image ls --format json`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    #[serde(rename = "ID")]
    id: String,
    repository: String,
    tag: String,
    size: String,
}

impl Engine {
    /// Returns those of `names` that the engine has, by name. It sends one request for all images: with one request
    /// each, the engine would work out their sizes one by one.
    pub fn images(&self, names: &[String]) -> BTreeMap<String, Image> {
        if names.is_empty() {
            return BTreeMap::new();
        }
        let filters: Vec<String> = names
            .iter()
            .map(|name| format!("reference={}", short(name)))
            .collect();
        let mut arguments = vec!["image", "ls", "--no-trunc", "--format", "json"];
        for filter in &filters {
            arguments.extend(["--filter", filter]);
        }
        let listed = self.output(&arguments).unwrap_or_default();
        let listed: BTreeMap<String, Image> = listed
            .lines()
            .filter_map(|line| serde_json::from_str::<Line>(line).ok())
            .map(|line| {
                let image = Image {
                    id: line.id,
                    size: line.size,
                };
                (format!("{}:{}", line.repository, line.tag), image)
            })
            .collect();
        names
            .iter()
            .filter_map(|name| Some((name.clone(), listed.get(short(name))?.clone())))
            .collect()
    }

    /// Returns the engine's own platform, e.g. `linux/amd64`, for which images are built if no platform is named.
    pub fn platform(&self) -> Option<String> {
        let said = self.output(&["version", "--format", "{{.Server.Os}}/{{.Server.Arch}}"]);
        said.ok().map(|said| said.trim().to_owned())
    }

    /// Returns those of `images` that are for `platform`. An image from another machine may be for another platform.
    pub fn for_platform(
        &self,
        images: BTreeMap<String, Image>,
        platform: &str,
    ) -> BTreeMap<String, Image> {
        let ids: BTreeSet<&str> = images.values().map(|image| image.id.as_str()).collect();
        if ids.is_empty() {
            return images;
        }
        let format = "{{.Id}} {{.Os}}/{{.Architecture}}";
        let mut arguments = vec!["image", "inspect", "--format", format];
        arguments.extend(ids);
        let shown = self.output(&arguments).unwrap_or_default();
        let lines = shown.lines().filter_map(|line| line.split_once(' '));
        let fit: BTreeSet<&str> = lines
            .filter(|(_, of)| of.trim() == platform)
            .map(|(id, _)| id)
            .collect();
        let images = images.into_iter();
        images
            .filter(|(_, image)| fit.contains(image.id.as_str()))
            .collect()
    }

    /// Tags the image `name` as `tag`, too.
    ///
    /// # Errors
    /// `bake-failed` if the engine refuses.
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

/// Returns the name as the engine lists it, without Docker Hub's host.
fn short(name: &str) -> &str {
    name.trim_start_matches("docker.io/")
        .trim_start_matches("library/")
}
