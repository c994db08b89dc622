//! The services and images that run in pods.

use std::collections::BTreeMap;

use crate::plan::Plan;
use crate::plan::config::valid::{ComposeConfig, Healthcheck, TargetConfig};

/// A service, or an image of another Dockerfile.
pub struct Workload<'a> {
    pub name: &'a str,
    pub ports: &'a [u16],
    pub compose: &'a ComposeConfig,
    pub healthcheck: Option<&'a Healthcheck>,
    /// The working folder; unknown for another Dockerfile.
    pub workdir: Option<&'a str>,
    /// User and group, as numbers; unknown for another Dockerfile.
    pub user: Option<(i64, i64)>,
    pub env: &'a BTreeMap<String, String>,
    /// A line for people about what it is made of.
    pub what: String,
    target: &'a TargetConfig,
}

impl<'a> Workload<'a> {
    /// Returns the services, and the images that are more than files for others.
    pub fn all(plan: &'a Plan) -> Vec<Self> {
        let services = plan.services.iter().map(|service| {
            let (user, group) = service.image.user.split_once(':').unwrap_or_default();
            let number = |id: &str| id.parse().unwrap_or_default();
            Self {
                name: &service.name,
                ports: &service.image.ports,
                compose: &service.compose,
                healthcheck: service.image.healthcheck.as_ref(),
                workdir: Some(service.image.workdir.as_str()),
                user: Some((number(user), number(group))),
                target: &service.target,
                env: &service.image.env,
                what: service.what(),
            }
        });
        let of_stages = plan.images_of_stages();
        let images = plan.images.iter().filter(|image| {
            let config = &image.config;
            config.target.default || !of_stages.contains(&config.name)
        });
        let images = images.map(|image| Self {
            name: &image.config.name,
            ports: &image.config.ports,
            compose: &image.config.compose,
            healthcheck: None,
            workdir: None,
            user: None,
            target: &image.config.target,
            env: &image.config.env,
            what: image.what(),
        });
        services.chain(images).collect()
    }

    /// Returns the only platform that the image is built for, as system and architecture.
    pub fn platform(&self, plan: &'a Plan) -> Option<(&'a str, &'a str)> {
        let platforms = match &self.target.platforms[..] {
            [] => &plan.config.platforms[..],
            own => own,
        };
        let [only] = platforms else { return None };
        let mut parts = only.split('/');
        Some((parts.next()?, parts.next()?))
    }
}
