//! Names of images, the same as in the Bake file.

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::plan::baked::BakedImage;
use crate::plan::config::canonical::canonical;
use crate::plan::config::image_name::{self, Fault, Form, check};
use crate::problem::{Code, Problem};
use crate::registry::RepositoryName;

/// Registries and tags of the images, from the environment and the configuration.
pub struct Names {
    /// Those of images that have none of their own; empty for local names.
    registries: Vec<String>,
    /// Set if the environment names the registries of all images.
    are_given: bool,
    /// Never empty.
    tags: Vec<String>,
    /// The default of `TAG`.
    usual_tag: String,
}

impl Names {
    /// Reads the environment variables that Bake reads, too.
    ///
    /// # Errors
    /// `config-value` if one of them cannot be part of an image's name.
    pub fn new(plan: &Plan) -> Result<Self, Problem> {
        Self::with_tag(plan, std::env::var("TAG").ok())
    }

    /// Reads the same with another value for `TAG`; its default if there is none.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_tag(plan: &Plan, tag: Option<String>) -> Result<Self, Problem> {
        let variable = |name: &str| std::env::var(name).ok();
        let config = &plan.config;
        let given = variable("REGISTRY").filter(|given| given != config.registry());
        let are_given = given.is_some();
        let registries = given.map_or_else(|| config.registries.clone(), |given| parts(&given));
        for registry in &registries {
            refuse("REGISTRY", registry, check(registry, Form::Prefix))?;
        }
        let usual = || config.bake.usual_tag.clone();
        let tags = parts(&tag.unwrap_or_else(usual));
        for tag in &tags {
            refuse("TAG", tag, image_name::tag(tag))?;
        }
        if tags.is_empty() {
            return Err(
                Problem::new(Code::ConfigValue, "TAG in the environment has no tag")
                    .hint("write one, or several, separated by commas"),
            );
        }
        if let Some(cache) = variable("CACHE_REF").filter(|cache| !cache.is_empty()) {
            refuse("CACHE_REF", &cache, check(&cache, Form::Repository))?;
        }
        Ok(Self {
            registries,
            are_given,
            tags,
            usual_tag: config.bake.usual_tag.clone(),
        })
    }

    /// Returns the registries and namespaces of an image; none for a local name.
    pub fn registries<'a>(&'a self, service: &'a BakedImage) -> &'a [String] {
        let own = &service.target.registries;
        match self.are_given || own.is_empty() {
            true => &self.registries,
            false => own,
        }
    }

    /// Returns the names of an image without tags; never none.
    fn images(&self, service: &BakedImage) -> Vec<String> {
        service.target.named(self.registries(service))
    }

    /// Refuses a cache in the repository of an image, where it would overwrite one of the image's tags.
    ///
    /// # Errors
    /// `name-collision`.
    pub fn apart_from_cache(&self, plan: &Plan) -> Result<(), Problem> {
        let cache = std::env::var("CACHE_REF").unwrap_or_default();
        let mut services = plan.baked.iter();
        let is_cache = |name: &String| !cache.is_empty() && canonical(name) == canonical(&cache);
        match services.find(|service| self.images(service).iter().any(is_cache)) {
            Some(service) => Err(Problem::new(
                Code::NameCollision,
                format!(
                    "CACHE_REF is the repository of the image of `{}`, whose tags the cache would overwrite",
                    service.name
                ),
            )
            .hint("give the cache a repository of its own")),
            None => Ok(()),
        }
    }

    /// Refuses two images of one name and tag, as the configuration allows them outside of one bake, and as a `TAG` can
    /// make them that another image has as its own.
    ///
    /// # Errors
    /// `name-collision`.
    pub fn apart_from_each_other(&self, services: &[&BakedImage]) -> Result<(), Problem> {
        let mut taken: BTreeMap<String, &BakedImage> = BTreeMap::new();
        for service in services.iter().filter(|service| service.target.is_image()) {
            for name in self.tagged(service) {
                if let Some(other) = taken.get(&name) {
                    let mut usual = [other, service].into_iter();
                    let is_usual = |own: &String| name.ends_with(own.as_str());
                    if usual.all(|one| one.target.names(&self.usual_tag).iter().any(is_usual)) {
                        let message = format!(
                            "`{}` and `{}` both write the image `{name}`",
                            other.name, service.name
                        );
                        return Err(Problem::new(Code::NameCollision, message)
                            .hint("bake one of them, or give it another `image` or `tag`"));
                    }
                    let message = format!(
                        "TAG in the environment makes `{name}` the image of both `{}` and `{}`",
                        other.name, service.name
                    );
                    return Err(Problem::new(Code::NameCollision, message).hint("set another TAG"));
                }
                taken.insert(name, service);
            }
        }
        Ok(())
    }

    /// Refuses a `TAG` that is too long together with what the configuration adds to it.
    ///
    /// # Errors
    /// `config-value`.
    pub fn fit(&self, services: &[&BakedImage]) -> Result<(), Problem> {
        for service in services {
            for tag in service.target.tags(&self.tags) {
                if let Err(Fault { what, hint }) = image_name::tag(&tag) {
                    let message = format!("with TAG in the environment `{}` {what}", service.name);
                    return Err(Problem::new(Code::ConfigValue, message).hint(hint));
                }
            }
        }
        Ok(())
    }

    /// Returns the repositories of an image, and the tags that it has in each.
    pub fn places(&self, service: &BakedImage) -> (Vec<String>, Vec<String>) {
        (self.images(service), service.target.tags(&self.tags))
    }

    /// Returns the images of a plan that are published in a repository: variants may share one.
    pub fn published_in<'a>(
        &self,
        plan: &'a Plan,
        repository: &RepositoryName,
    ) -> Vec<&'a BakedImage> {
        let is_there = |image: &&BakedImage| {
            let (places, _) = self.places(image);
            let mut places = places.iter().map(|place| RepositoryName::new(place));
            places.any(|place| place == *repository)
        };
        let published = plan.baked.iter();
        let published = published.filter(|image| !self.registries(image).is_empty());
        published.filter(is_there).collect()
    }

    /// Returns the name of the image of a pack, which Compose builds.
    pub fn pack(&self, image: &str) -> String {
        let tag = &self.tags[0];
        match self.registries.first() {
            Some(registry) => format!("{registry}/{image}:{tag}"),
            None => format!("{image}:{tag}"),
        }
    }

    /// Returns the usual names of an image; never none.
    pub fn tagged(&self, service: &BakedImage) -> Vec<String> {
        let tags = service.target.tags(&self.tags);
        let images = self.images(service);
        let names = images
            .iter()
            .flat_map(|image| tags.iter().map(move |tag| format!("{image}:{tag}")));
        names.collect()
    }

    /// Returns the name by which an image is looked for.
    pub fn hashed(&self, service: &BakedImage) -> String {
        format!("{}:in-{}", self.images(service)[0], service.input_hash)
    }

    /// Returns the names that an image has beside the one by which it is looked for.
    pub fn further(&self, service: &BakedImage) -> Vec<String> {
        let images = self.images(service).into_iter().skip(1);
        let hashed = images.map(|image| format!("{image}:in-{}", service.input_hash));
        self.tagged(service).into_iter().chain(hashed).collect()
    }

    /// Returns all names of each service's image.
    pub fn all(&self, services: &[&BakedImage]) -> Vec<String> {
        services
            .iter()
            .flat_map(|service| {
                let mut names = self.further(service);
                names.insert(0, self.hashed(service));
                names
            })
            .collect()
    }
}

/// Returns the problem of images that have no registry.
pub fn without_registry(message: &str) -> Problem {
    Problem::new(Code::RegistryMissing, message)
        .hint("set `registry` in bakehouse.toml, or the variable REGISTRY")
}

/// Returns the values of a list, without empty and repeated ones.
fn parts(list: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in list.split(',').filter(|part| !part.is_empty()) {
        if !parts.iter().any(|known| known == part) {
            parts.push(part.to_owned());
        }
    }
    parts
}

fn refuse(variable: &str, value: &str, checked: Result<(), Fault>) -> Result<(), Problem> {
    checked.map_err(|Fault { what, hint }| {
        let message = format!("{variable} in the environment is `{value}`, which {what}");
        Problem::new(Code::ConfigValue, message).hint(hint)
    })
}
