//! Names of images, the same as in the Bake file.

use crate::plan::Plan;
use crate::plan::baked::BakedImage;
use crate::plan::config::image_name::{self, Fault, Form, check};
use crate::problem::{Code, Problem};

/// Registry and tag of the images, from the environment and the configuration.
pub struct Names {
    pub registry: String,
    tag: String,
}

impl Names {
    /// Reads the environment variables that Bake reads, too.
    ///
    /// # Errors
    /// `config-value` if one of them cannot be part of an image's name.
    pub fn new(plan: &Plan) -> Result<Self, Problem> {
        let variable = |name: &str| std::env::var(name).ok();
        let (registry, tag) = (variable("REGISTRY"), variable("TAG"));
        if let Some(registry) = registry.as_ref().filter(|registry| !registry.is_empty()) {
            refuse("REGISTRY", registry, check(registry, Form::Prefix))?;
        }
        if let Some(tag) = &tag {
            refuse("TAG", tag, image_name::tag(tag))?;
        }
        if let Some(cache) = variable("CACHE_REF").filter(|cache| !cache.is_empty()) {
            refuse("CACHE_REF", &cache, check(&cache, Form::Repository))?;
        }
        Ok(Self {
            registry: registry.unwrap_or_else(|| plan.config.registry.clone()),
            tag: tag.unwrap_or_else(|| "latest".to_owned()),
        })
    }

    fn image(&self, service: &BakedImage) -> String {
        if self.registry.is_empty() {
            service.target.image.clone()
        } else {
            format!("{}/{}", self.registry, service.target.image)
        }
    }

    /// Refuses a cache in the repository of an image, where it would overwrite one of the image's tags.
    ///
    /// # Errors
    /// `name-collision`.
    pub fn apart_from_cache(&self, plan: &Plan) -> Result<(), Problem> {
        let cache = std::env::var("CACHE_REF").unwrap_or_default();
        let mut services = plan.baked.iter();
        match services.find(|service| self.image(service) == cache) {
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

    pub fn tagged(&self, service: &BakedImage) -> String {
        let tag = service.target.tag.as_ref().unwrap_or(&self.tag);
        format!("{}:{tag}", self.image(service))
    }

    pub fn hashed(&self, service: &BakedImage) -> String {
        format!("{}:in-{}", self.image(service), service.input_hash)
    }

    /// Returns both names of each service's image.
    pub fn all(&self, services: &[&BakedImage]) -> Vec<String> {
        services
            .iter()
            .flat_map(|service| [self.hashed(service), self.tagged(service)])
            .collect()
    }
}

fn refuse(variable: &str, value: &str, checked: Result<(), Fault>) -> Result<(), Problem> {
    checked.map_err(|Fault { what, hint }| {
        let message = format!("{variable} in the environment is `{value}`, which {what}");
        Problem::new(Code::ConfigValue, message).hint(hint)
    })
}
