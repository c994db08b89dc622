//! Images of other Dockerfiles in the compose file.

use super::health::check;
use super::parts::{base, image, path};
use super::service::{needs_of, published_as};
use crate::documents::bake::images::relative;
use crate::documents::yaml::Yaml;
use crate::plan::Plan;
use crate::plan::other_image::OtherImage;

/// The profile of images that are not started by default.
const PROFILE: &str = "images";

/// Returns a service for each image.
pub fn services(plan: &Plan) -> Vec<(String, Yaml)> {
    let images = plan.images.iter();
    let services = images.map(|one| {
        let yaml = service(plan, one).noted(&one.what());
        (one.config.name.to_string(), yaml)
    });
    services.collect()
}

/// An image may run as root and need some of its privileges, so it only gets no new ones.
fn service(plan: &Plan, one: &OtherImage) -> Yaml {
    let config = &one.config;
    let mut keys = vec![
        ("image", image(plan, &config.target)),
        ("build", build(plan, one)),
    ];
    if plan.shares_its_name(&config.name, &config.target) {
        keys.push(("pull_policy", Yaml::text("build")));
    }
    if !config.target.default {
        // A service cannot be built from one that no profile enables.
        keys.push(match plan.images_of_stages().contains(&config.name) {
            true => ("scale", Yaml::text("0")),
            false => ("profiles", Yaml::words([PROFILE])),
        });
    }
    keys.push(("security_opt", Yaml::words(["no-new-privileges:true"])));
    if !config.env.is_empty() {
        let env = config.env.iter();
        let env = env.map(|(key, value)| (key.clone(), Yaml::text(value)));
        keys.push(("environment", Yaml::Map(env.collect())));
    }
    if !config.ports.is_empty() {
        let ports = config.ports.iter();
        let ports = ports.map(|port| published_as(plan, &config.name, *port));
        keys.push(("ports", Yaml::List(ports.collect())));
    }
    let needs = needs_of(plan, &config.compose.depends_on);
    if !needs.is_empty() {
        keys.push(("depends_on", Yaml::Map(needs)));
    }
    if let Some(health) = &config.compose.health {
        keys.push(("healthcheck", check(health)));
    }
    let watch = Yaml::line([
        ("path", path(plan, &config.context)),
        ("action", Yaml::text("rebuild")),
    ]);
    keys.push(("develop", Yaml::map([("watch", Yaml::List(vec![watch]))])));
    Yaml::map(keys)
}

fn build(plan: &Plan, one: &OtherImage) -> Yaml {
    let config = &one.config;
    let mut args = vec![(
        "SOURCE_DATE_EPOCH".to_owned(),
        base("SOURCE_DATE_EPOCH", "0"),
    )];
    let own = config.args.iter();
    args.extend(own.map(|(key, value)| (key.clone(), Yaml::text(value))));
    let dockerfile = relative(&config.dockerfile, &config.context);
    let mut keys = vec![
        ("context", path(plan, &config.context)),
        ("dockerfile", Yaml::text(dockerfile.as_str())),
    ];
    if let Some(stage) = &config.stage {
        keys.push(("target", Yaml::text(stage)));
    }
    keys.push(("args", Yaml::Map(args)));
    keys.push(("provenance", Yaml::False));
    Yaml::map(keys)
}
