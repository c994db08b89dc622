//! Values that several places of the files have.

use crate::context_path::ContextPath;
use crate::documents::yaml::Yaml;
use crate::plan::Plan;
use crate::plan::config::valid::{GIVEN_TAG, TargetConfig, stage_of};
use crate::plan::service::Service;

/// The anchor of the keys that all services share.
pub const SERVICE: &str = "service";

/// Returns a path of the context, relative to the compose file.
pub fn path(plan: &Plan, path: &ContextPath) -> Yaml {
    let up = "../".repeat(plan.config.output.folder.components().count());
    let text = format!("{up}{path}");
    Yaml::text(text.trim_end_matches('/'))
}

/// Returns a base, which a variable can replace.
pub fn base(variable: &str, default: &str) -> Yaml {
    Yaml::Template(format!("${{{variable}:-{default}}}"))
}

/// Returns the name of a target's image, with the first of the registries and tags that are its own.
pub fn image(plan: &Plan, target: &TargetConfig) -> Yaml {
    let registry = target.registries.first().map(String::as_str);
    let tag = target.own_tags.first().map(String::as_str);
    named(plan, registry, &target.image, tag)
}

/// Returns the name of an image, as in the Bake file: without a registry if REGISTRY is empty. `registry` and `tag` are its
/// own.
pub fn named(plan: &Plan, registry: Option<&str>, name: &str, tag: Option<&str>) -> Yaml {
    let registry = match registry.unwrap_or_else(|| plan.config.registry()) {
        "" => "${REGISTRY:-}${REGISTRY:+/}".to_owned(),
        registry => format!("${{REGISTRY-{registry}/}}${{REGISTRY:+/}}"),
    };
    let usual = format!("${{TAG:-{}}}", plan.config.bake.usual_tag);
    let tag = tag.unwrap_or(GIVEN_TAG).replace(GIVEN_TAG, &usual);
    Yaml::Template(format!("{registry}{name}:{tag}"))
}

/// Returns the build of a service's image.
pub fn build(plan: &Plan, service: &Service) -> Yaml {
    let mut keys = vec![
        ("<<", Yaml::alias("build")),
        ("target", Yaml::text(&service.name)),
    ];
    match contexts(plan, service) {
        None => Yaml::line(keys),
        Some(contexts) => {
            keys.push(("additional_contexts", contexts));
            Yaml::map(keys)
        }
    }
}

/// Returns the images that a service is built from, in the form of `additional_contexts`.
fn contexts(plan: &Plan, service: &Service) -> Option<Yaml> {
    let images = plan.images_of_service(service).into_iter();
    let contexts: Vec<(String, Yaml)> = images
        .map(|image| {
            let service = Yaml::text(format!("service:{image}"));
            (stage_of(image), service)
        })
        .collect();
    (!contexts.is_empty()).then_some(Yaml::Map(contexts))
}

/// Returns the mount of a folder or file of the host. It must exist: Docker would create a folder owned by root.
pub fn bind(source: Yaml, target: &str, read_only: bool) -> Yaml {
    let mut keys = vec![
        ("type", Yaml::text("bind")),
        ("source", source),
        ("target", Yaml::text(target)),
    ];
    if read_only {
        keys.push(("read_only", Yaml::True));
    }
    keys.push(("bind", Yaml::line([("create_host_path", Yaml::False)])));
    Yaml::line(keys)
}
