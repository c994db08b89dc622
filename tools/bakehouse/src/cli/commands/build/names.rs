//! Names of images, as the Bake file makes them.

use crate::plan::Plan;
use crate::plan::service::Service;
use crate::problem::{Code, Problem};

/// What the environment and the configuration call images.
pub struct Names {
    pub registry: String,
    tag: String,
}

impl Names {
    pub fn new(plan: &Plan) -> Self {
        let variable =
            |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
        Self {
            registry: variable("REGISTRY", &plan.config.registry),
            tag: variable("TAG", "latest"),
        }
    }

    fn image(&self, service: &Service) -> String {
        if self.registry.is_empty() {
            service.name.clone()
        } else {
            format!("{}/{}", self.registry, service.name)
        }
    }

    /// A cache in the repository of an image would take the place of one of its tags.
    ///
    /// # Errors
    /// `name-collision`.
    pub fn apart_from_cache(&self, plan: &Plan) -> Result<(), Problem> {
        let cache = std::env::var("CACHE_REF").unwrap_or_default();
        let mut services = plan.services.iter();
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

    pub fn tagged(&self, service: &Service) -> String {
        format!("{}:{}", self.image(service), self.tag)
    }

    pub fn hashed(&self, service: &Service) -> String {
        format!("{}:in-{}", self.image(service), service.input_hash)
    }

    /// Both names of each service's image.
    pub fn all(&self, services: &[&Service]) -> Vec<String> {
        services
            .iter()
            .flat_map(|service| [self.hashed(service), self.tagged(service)])
            .collect()
    }
}
