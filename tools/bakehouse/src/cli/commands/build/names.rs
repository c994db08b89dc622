//! Names of images, as the Bake file makes them.

use crate::plan::Plan;
use crate::plan::service::Service;

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
