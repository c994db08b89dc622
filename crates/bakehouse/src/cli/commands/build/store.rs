//! The store of images: the engine, or the registry with `--push`. Images are looked for there before a build and
//! belong there afterwards.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::names::{Names, without_registry};
use crate::engine::Engine;
use crate::engine::images::Image;
use crate::engine::records::Record;
use crate::graph::parallel::parallel_map;
use crate::names::TargetName;
use crate::plan::Plan;
use crate::plan::baked::BakedImage;
use crate::plan::config::valid::TargetConfig;
use crate::problem::Problem;

/// An image of a service that exists already.
pub struct Held {
    /// The names that the image does not have yet.
    pub missing: Vec<String>,
    pub details: Details,
}

/// Size and digest of an image.
#[derive(Clone, Debug, Default)]
pub struct Details {
    /// The size as the engine prints it; unknown in a registry.
    pub size: Option<String>,
    pub digest: Option<String>,
}

impl Details {
    fn of(image: &Image) -> Self {
        Self {
            size: Some(image.size.clone()),
            digest: Some(image.id.clone()),
        }
    }

    fn published(digest: String) -> Self {
        Self {
            size: None,
            digest: Some(digest),
        }
    }
}

pub struct Store<'a> {
    engine: &'a Engine,
    names: &'a Names,
    /// Platforms of the configuration. If it names none, images are for the engine's own platform.
    platforms: &'a [String],
    pub is_registry: bool,
}

impl<'a> Store<'a> {
    /// # Errors
    /// `registry-missing` when images are to be pushed and have no registry.
    pub fn new(
        engine: &'a Engine,
        names: &'a Names,
        plan: &'a Plan,
        images: &[&BakedImage],
        is_registry: bool,
    ) -> Result<Self, Problem> {
        let mut images = images.iter().filter(|image| image.target.is_image());
        if is_registry && images.any(|image| names.registries(image).is_empty()) {
            return Err(without_registry(
                "images cannot be pushed without a registry",
            ));
        }
        Ok(Self {
            engine,
            names,
            platforms: &plan.config.platforms,
            is_registry,
        })
    }

    /// Returns those of `services` of which an image with their input hash exists for exactly the requested platforms.
    /// Results that are no images are nowhere to be found.
    pub fn held(&self, services: &[&BakedImage]) -> BTreeMap<TargetName, Held> {
        let images = services.iter().filter(|service| service.target.is_image());
        let services = &images.copied().collect::<Vec<&BakedImage>>()[..];
        // Without a platform in the configuration, the input hash does not say which platform an image is for.
        let native = match self.platforms {
            [] => match self.engine.platform() {
                Some(platform) => Some(platform),
                None => return BTreeMap::new(),
            },
            _ => None,
        };
        if self.is_registry {
            let held = parallel_map(services, |service| {
                let own = match &service.target.platforms[..] {
                    [] => self.platforms,
                    own => own,
                };
                let platforms = native.as_ref().map_or(own, std::slice::from_ref);
                self.published(service, platforms)
            });
            let held = services.iter().zip(held);
            return held
                .filter_map(|(service, held)| Some((service.name.clone(), held?)))
                .collect();
        }
        let mut images = self.engine.images(&self.names.all(services));
        if let Some(native) = native {
            images = self.engine.for_platform(images, &native);
        }
        let held = services.iter().filter_map(|service| {
            let image = images.get(&self.names.hashed(service))?;
            let mut missing = self.names.further(service);
            missing.retain(|name| images.get(name) != Some(image));
            let held = Held {
                missing,
                details: Details::of(image),
            };
            Some((service.name.clone(), held))
        });
        held.collect()
    }

    fn published(&self, service: &BakedImage, platforms: &[String]) -> Option<Held> {
        let published = self.engine.published(&self.names.hashed(service))?;
        // Anything can have this tag; the label is part of the image.
        let expected = platforms.iter().map(|platform| {
            let hash = Some(service.input_hash.clone());
            (platform.clone(), hash)
        });
        if published.input_hashes() != expected.collect() {
            let name = self.names.hashed(service);
            tracing::debug!("{name} does not have the content of its name: {published:?}");
            return None;
        }
        let further = self.names.further(service);
        let digests = parallel_map(&further, |name| self.engine.digest(name));
        let missing = further.into_iter().zip(digests);
        let missing = missing.filter(|(_, digest)| digest.as_deref() != Ok(&published.digest));
        Some(Held {
            missing: missing.map(|(name, _)| name).collect(),
            details: Details::published(published.digest),
        })
    }

    /// Gives the existing image of a service these names, too.
    ///
    /// # Errors
    /// `bake-failed`.
    pub fn tag(&self, service: &BakedImage, names: &[String]) -> Result<(), Problem> {
        let hashed = self.names.hashed(service);
        if self.is_registry {
            return self.engine.publish_as(&hashed, names);
        }
        let mut names = names.iter();
        names.try_for_each(|name| self.engine.tag(&hashed, name))
    }

    /// Returns the arguments that make Bake put the images of `services` here.
    pub fn arguments(&self, services: &[&BakedImage]) -> Vec<OsString> {
        if !self.is_registry {
            return Vec::new();
        }
        // `--push` would apply to all targets, including those whose output is a file. The engine does not store the
        // image: it refuses an image if a concurrent build of the same commit is giving the same name.
        let images = services.iter().filter(|service| service.target.is_image());
        let outputs = images.flat_map(|service| {
            let output = format!("{}.output={}", service.name, pushed(&service.target));
            ["--set".to_owned(), output]
        });
        outputs.map(OsString::from).collect()
    }

    /// Returns the registries that `images` are pushed to.
    pub fn registries(&self, images: &[&BakedImage]) -> String {
        let images = images.iter().filter(|image| image.target.is_image());
        let all = images.flat_map(|image| self.names.registries(image));
        let mut registries: Vec<&str> = Vec::new();
        for registry in all {
            if !registries.contains(&registry.as_str()) {
                registries.push(registry);
            }
        }
        registries.join(" and ")
    }

    /// Returns the details of `services`, which were just built, from these records. If they are `certain`, they have
    /// their input hashes as tags, which no other bake gives to another image.
    pub fn details(
        &self,
        services: &[&BakedImage],
        records: &BTreeMap<String, Record>,
        certain: bool,
    ) -> BTreeMap<TargetName, Details> {
        let images = services.iter().filter(|service| service.target.is_image());
        let services = &images.copied().collect::<Vec<&BakedImage>>()[..];
        let details: Vec<Option<Details>> = if self.is_registry {
            parallel_map(services, |service| {
                let told = records.get(service.name.as_str());
                let told = told.and_then(|record| record.digest.clone());
                let name = match certain {
                    true => self.names.hashed(service),
                    false => self.usual(service),
                };
                let digest = told.or_else(|| self.engine.digest(&name).ok());
                digest.map(Details::published)
            })
        } else {
            let names: Vec<String> = services.iter().map(|service| self.usual(service)).collect();
            let images = self.engine.images(&names);
            let names = names.iter();
            names
                .map(|name| images.get(name).map(Details::of))
                .collect()
        };
        let details = services.iter().zip(details);
        details
            .filter_map(|(service, details)| Some((service.name.clone(), details?)))
            .collect()
    }

    /// Returns the first of the usual names of an image.
    fn usual(&self, service: &BakedImage) -> String {
        self.names.tagged(service).swap_remove(0)
    }
}

/// Returns the output that pushes an image, with what the configuration says of its form.
fn pushed(target: &TargetConfig) -> String {
    let written = target.output.as_deref().unwrap_or_default();
    let own = written.split(',').filter(|field| {
        let key = field.split('=').next().unwrap_or_default();
        !matches!(key, "" | "type" | "dest" | "push" | "store")
    });
    let fields = ["type=image", "push=true", "store=false"];
    fields.into_iter().chain(own).collect::<Vec<_>>().join(",")
}
