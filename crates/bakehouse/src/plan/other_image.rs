//! An image of a Dockerfile of the workspace, beside the services.

use std::collections::BTreeSet;
use std::sync::Arc;

use camino::Utf8PathBuf;

use super::config::Config;
use super::config::valid::OtherImageConfig;
use super::inputs::{Inputs, Part, file_text};
use super::settings::Settings;
use crate::graph::Sources;
use crate::graph::sources::ContextFiles;

/// An image of a Dockerfile of the workspace.
#[derive(Clone, Debug)]
pub struct OtherImage {
    pub config: OtherImageConfig,
    /// The number of files of its context.
    pub files: usize,
    /// The number of bytes of those.
    pub bytes: u64,
    /// Paths that Docker sends although no checkout has them.
    pub stray: BTreeSet<Utf8PathBuf>,
    /// A hash of 16 hex digits over everything that can change the image.
    pub input_hash: String,
    /// The inputs that the hash covers.
    pub inputs: Inputs,
}

impl OtherImage {
    /// Returns all images of the configuration.
    pub fn all(config: &Config, sources: &Sources) -> Vec<Self> {
        let none = Arc::default();
        // Several stages of one Dockerfile share their context.
        let mut of_context: Vec<(&Arc<ContextFiles>, Inputs)> = Vec::new();
        let images = config.images.iter().map(|image| {
            let sent = sources.images.get(&image.name).unwrap_or(&none);
            let mut inputs = Inputs::default();
            Settings::other_image(&mut inputs, image, &config.platforms);
            let known = of_context.iter().find(|(one, _)| Arc::ptr_eq(one, sent));
            let mut files: Inputs = match known {
                Some((_, files)) => files.clone(),
                None => {
                    let files = sent.files.iter();
                    let files = files.map(|(file, state)| {
                        (Part::Sent(file.to_owned()), file_text(state).into())
                    });
                    // They are in order, so building the map at once is faster than inserting them one by one.
                    let files = Inputs(files.collect());
                    of_context.push((sent, files.clone()));
                    files
                }
            };
            inputs.0.append(&mut files.0);
            if let Some(state) = &sent.dockerfile {
                let path = image.dockerfile.clone().into();
                inputs.set(Part::Dockerfile(path), file_text(state));
            }
            Self {
                config: image.clone(),
                files: sent.files.len(),
                bytes: sent.files.values().map(|state| state.bytes).sum(),
                stray: sent.stray.clone(),
                input_hash: inputs.hash("image"),
                inputs,
            }
        });
        images.collect()
    }

    /// Returns the Dockerfile and its stage, for people.
    pub fn what(&self) -> String {
        let OtherImageConfig {
            dockerfile, stage, ..
        } = &self.config;
        match stage {
            Some(stage) => format!("stage {stage} of {dockerfile}"),
            None => dockerfile.to_string(),
        }
    }
}
