//! Content of images beside their binary: folders of their own, and files of the context.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::Plan;
use super::config::valid::{ImageConfig, ImagePath};
use super::glibc::{DEFAULT_BASE, base_in_a_stage};
use crate::context_path::ContextPath;

/// The folders and files that one or several images have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFiles<'a> {
    /// The name of the stage: after the base where these are the folders alone, so that it does not depend on the services
    /// that share it; else after the first service.
    pub stage: String,
    /// The services, in their order.
    pub services: Vec<&'a str>,
    /// The stage or image that the images are built on.
    pub base: &'a str,
    /// The working folder.
    pub workdir: &'a Utf8Path,
    /// Its owner, as `UID:GID`.
    pub user: &'a str,
    /// The paths in the image, by the path in the context.
    pub files: &'a BTreeMap<ContextPath, Utf8PathBuf>,
    /// The paths in the image, by those in other images.
    pub of_images: &'a BTreeMap<ImagePath, Utf8PathBuf>,
}

impl Plan {
    /// Returns all, in order of their stages.
    pub fn image_files(&self) -> Vec<ImageFiles<'_>> {
        let mut all: Vec<ImageFiles<'_>> = Vec::new();
        for service in &self.services {
            let image = &service.image;
            let base = self.base_to_mount(image);
            let same = |one: &&mut ImageFiles<'_>| {
                one.base == base
                    && (one.workdir, one.user) == (&*image.workdir, &*image.user)
                    && (one.files, one.of_images) == (&image.files, &image.files_of_images)
            };
            if let Some(one) = all.iter_mut().find(same) {
                one.services.push(&service.name);
            } else {
                let none = image.files.is_empty() && image.files_of_images.is_empty();
                let usual = none && image.workdir == self.config.workdir;
                let plain = usual.then(|| match base {
                    DEFAULT_BASE => "runtime".to_owned(),
                    base => base_in_a_stage(base),
                });
                let taken = |stage: &String| all.iter().any(|one| one.stage == *stage);
                let names = plain.into_iter().chain([service.name.to_string()]);
                let numbered = (2..).map(|n| format!("{}-{n}", service.name));
                let mut stages = names.chain(numbered).map(|name| format!("rootfs-{name}"));
                let stage = stages.find(|stage| !taken(stage));
                all.push(ImageFiles {
                    stage: stage.expect("numbers do not end"),
                    services: vec![&service.name],
                    base,
                    workdir: &image.workdir,
                    user: &image.user,
                    files: &image.files,
                    of_images: &image.files_of_images,
                });
            }
        }
        all.sort_by(|one, other| one.stage.cmp(&other.stage));
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
