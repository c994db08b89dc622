//! The images that Bake targets write.

use std::collections::BTreeSet;

use super::config::valid::TargetConfig;
use super::other_image::OtherImage;
use super::service::Service;
use crate::names::{PackageName, StageName, TargetName};

/// An image that a Bake target writes: that of a service, or one of another Dockerfile.
#[derive(Clone, Debug)]
pub struct BakedImage {
    pub name: TargetName,
    /// The name without the variant.
    pub family: String,
    pub target: TargetConfig,
    /// The packages that its build compiles.
    pub closure: BTreeSet<PackageName>,
    /// The stages of its binaries.
    pub binary_stages: Vec<StageName>,
    pub input_hash: String,
    /// Set for an image of another Dockerfile.
    pub is_other: bool,
}

impl BakedImage {
    /// Returns that of a service.
    pub fn of(service: &Service) -> Self {
        Self {
            name: service.name.clone(),
            family: service.family.clone(),
            target: service.target.clone(),
            closure: service.closure.clone(),
            binary_stages: service
                .binaries
                .iter()
                .map(|one| one.stage.clone())
                .collect(),
            input_hash: service.input_hash.clone(),
            is_other: false,
        }
    }

    /// Returns those of services, then the others.
    pub fn all(services: &[Service], images: &[OtherImage]) -> Vec<Self> {
        let services = services.iter().map(Self::of);
        let images = images.iter().map(|image| Self {
            name: image.config.name.clone(),
            family: image.config.name.to_string(),
            target: image.config.target.clone(),
            closure: BTreeSet::new(),
            binary_stages: Vec::new(),
            input_hash: image.input_hash.clone(),
            is_other: true,
        });
        services.chain(images).collect()
    }
}
