//! Bases of runtime images with packages installed in them.

use super::config::Config;
use super::config::valid::ImageConfig;

/// A base with packages of its distribution. All services that need exactly these share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedBase {
    /// The name of its stage.
    pub name: String,
    /// Another image than `bases.runtime`.
    pub image: Option<String>,
    /// The packages; sorted, and never empty.
    pub packages: Vec<String>,
}

impl PreparedBase {
    /// Returns all bases with packages that the images of `config` need, in order of the first services that need them.
    pub fn all(config: &Config) -> Vec<Self> {
        let mut bases: Vec<Self> = Vec::new();
        for service in &config.services {
            let image = &service.image;
            if image.packages.is_empty() || bases.iter().any(|base| base.is_of(image)) {
                continue;
            }
            let usual = image.runtime.is_none() && image.packages == config.runtime_packages;
            bases.push(Self {
                name: match usual {
                    true => "runtime".to_owned(),
                    false => format!("runtime-for-{}", service.name),
                },
                image: image.runtime.clone(),
                packages: image.packages.clone(),
            });
        }
        bases
    }

    /// Returns whether an image is built on it.
    pub fn is_of(&self, image: &ImageConfig) -> bool {
        self.image == image.runtime && self.packages == image.packages
    }
}
