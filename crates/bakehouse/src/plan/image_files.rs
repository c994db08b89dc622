//! Content of images beside their binary: folders of their own, and files of the context.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::Plan;
use super::config::valid::ImageConfig;
use super::glibc::DEFAULT_BASE;

/// The folders and files that one or several images have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFiles<'a> {
    /// The name of the stage, after the first service that has them.
    pub stage: String,
    /// The services, in their order.
    pub services: Vec<&'a str>,
    /// The stage or image that the images are built on.
    pub base: &'a str,
    /// The owner of the service's folder, as `UID:GID`.
    pub user: &'a str,
    /// The paths in the image, by the path in the context.
    pub files: &'a BTreeMap<Utf8PathBuf, Utf8PathBuf>,
}

impl Plan {
    /// Returns all, in order of the first services that have them.
    pub fn image_files(&self) -> Vec<ImageFiles<'_>> {
        let mut all: Vec<ImageFiles<'_>> = Vec::new();
        for service in &self.services {
            let image = &service.image;
            let base = self.base_to_mount(image);
            let same = |one: &&mut ImageFiles<'_>| {
                (one.base, one.user, one.files) == (base, &image.user, &image.files)
            };
            if let Some(one) = all.iter_mut().find(same) {
                one.services.push(&service.name);
            } else {
                all.push(ImageFiles {
                    stage: format!("rootfs-{}", service.name),
                    services: vec![&service.name],
                    base,
                    user: &image.user,
                    files: &image.files,
                });
            }
        }
        all
    }

    /// Returns the base of an image, by a name that a mount can have.
    fn base_to_mount<'a>(&'a self, image: &'a ImageConfig) -> &'a str {
        match self.runtime_of(image) {
            Some(base) => &base.name,
            None => image.runtime.as_deref().unwrap_or(DEFAULT_BASE),
        }
    }
}
