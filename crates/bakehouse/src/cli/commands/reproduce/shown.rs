//! The result, as text and as JSON.

use owo_colors::OwoColorize;
use serde::Serialize;

use crate::cli::out::outln;
use crate::reproduce::difference::Difference;
use crate::reproduce::files::{Change, FileDifference};

/// `reproduce --format json`, version 1.
#[derive(Serialize)]
pub struct ReproduceReport<'a> {
    pub version: u32,
    pub images: &'a [Compared],
}

/// A published image beside the rebuilt one.
#[derive(Debug, Serialize)]
pub struct Compared {
    pub image: String,
    pub digest: String,
    pub service: String,
    /// The id of the commit.
    pub revision: String,
    pub input_hash: Option<String>,
    pub platforms: Vec<ComparedPlatform>,
}

/// The same for a platform, with everything that differs.
#[derive(Debug, Serialize)]
pub struct ComparedPlatform {
    pub platform: String,
    pub state: State,
    /// The digests of the manifests.
    pub published: String,
    pub rebuilt: String,
    pub manifest: Vec<Difference>,
    pub configuration: Vec<Difference>,
    pub layers: Vec<ComparedLayer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Equal,
    Different,
}

/// A layer that differs.
#[derive(Debug, Serialize)]
pub struct ComparedLayer {
    pub published: Option<Layer>,
    pub rebuilt: Option<Layer>,
    pub state: LayerState,
    pub files: Vec<FileDifference>,
}

/// A layer by its place, counted from 1, and the digest of its blob.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    pub number: usize,
    pub digest: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayerState {
    Different,
    OnlyPublished,
    OnlyRebuilt,
    /// The same content, compressed in another way.
    Compression,
    /// The same files, written into the archive in another way.
    Form,
}

impl Compared {
    pub fn is_equal(&self) -> bool {
        self.differing().is_empty()
    }

    /// Returns the platforms that differ.
    pub fn differing(&self) -> Vec<&str> {
        let platforms = self.platforms.iter();
        let differing = platforms.filter(|platform| platform.state == State::Different);
        differing
            .map(|platform| platform.platform.as_str())
            .collect()
    }
}

impl ComparedLayer {
    /// Returns whether both are there, with one digest.
    pub fn has_one_digest(&self) -> bool {
        let digest = |layer: &Option<Layer>| layer.as_ref().map(|layer| layer.digest.clone());
        digest(&self.published) == digest(&self.rebuilt)
    }
}

/// Prints an image: one line for each platform, and below it everything that differs.
pub fn print(image: &Compared) {
    for line in lines(image) {
        outln!("{line}");
    }
}

fn lines(image: &Compared) -> Vec<String> {
    let width = image.platforms.iter().map(|one| one.platform.len()).max();
    let width = width.unwrap_or_default();
    let mut lines = vec![image.image.bold().to_string()];
    for platform in &image.platforms {
        let ComparedPlatform {
            platform: name,
            published,
            rebuilt,
            ..
        } = platform;
        match platform.state {
            State::Equal => {
                lines.push(format!("  {name:width$}  equal      {published}"));
                continue;
            }
            State::Different => lines.push(format!(
                "  {name:width$}  different  {published} published, {rebuilt} rebuilt"
            )),
        }
        let mut keys = |title: &str, differences: &[Difference]| {
            if !differences.is_empty() {
                lines.push(format!("    {title}"));
            }
            for difference in differences {
                lines.push(format!("      {}: {}", difference.key, difference.values()));
            }
        };
        keys("manifest", &platform.manifest);
        keys("configuration", &platform.configuration);
        platform
            .layers
            .iter()
            .for_each(|layer| add_layer(&mut lines, layer));
    }
    lines
}

fn add_layer(lines: &mut Vec<String>, layer: &ComparedLayer) {
    let number = layer.published.as_ref().or(layer.rebuilt.as_ref());
    let number = number.map_or(0, |layer| layer.number);
    let state = match layer.state {
        LayerState::Different => "different files",
        LayerState::OnlyPublished => "only published",
        LayerState::OnlyRebuilt => "only rebuilt",
        LayerState::Compression => "the same content, compressed in another way",
        LayerState::Form => "the same files, written into the archive in another way",
    };
    lines.push(format!("    layer {number}: {state}"));
    for file in &layer.files {
        let path = file.path.escape_debug();
        match &file.change {
            Change::OnlyPublished => lines.push(format!("      {path}: only published")),
            Change::OnlyRebuilt => lines.push(format!("      {path}: only rebuilt")),
            Change::Different { differences } => {
                lines.push(format!("      {path}:"));
                let differences = differences.iter();
                lines
                    .extend(differences.map(|one| format!("        {} {}", one.key, one.values())));
            }
        }
    }
}
