//! A Bake file like one written by hand: a target for each image, with a registry cache.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::store::{STORE, STORE_MODE};
use crate::documents::bake::images::relative;
use crate::plan::Plan;
use crate::plan::config::valid::{OtherImageConfig, stage_of};
use crate::plan::other_image::OtherImage;

/// The Dockerfile beside it.
pub const DOCKERFILE: &str = "Dockerfile.bench";

/// Renders the Bake file. With `store`, its builds reach a store of compiled crates over the host's network.
pub fn render(plan: &Plan, store: bool) -> String {
    let mut targets = Map::new();
    for service in &plan.services {
        let name = &service.name;
        let mut target = target(name, store);
        target["tags"] = json!([format!(
            "${{REGISTRY}}/{}",
            service.target.names(&plan.config.bake.usual_tag)[0]
        )]);
        let images = service.image.images();
        let contexts: BTreeMap<String, String> = images
            .map(|image| (stage_of(image), format!("target:{image}")))
            .collect();
        if !contexts.is_empty() {
            target["contexts"] = json!(contexts);
        }
        targets.insert(name.into(), target);
    }
    let used = |image: &&OtherImage| plan.shipped_by(&image.config.name).next().is_some();
    for image in plan.images.iter().filter(used) {
        targets.insert((&image.config.name).into(), other(&image.config));
    }
    for binary in plan.pack_binaries() {
        let mut target = target(&binary.target, store);
        target["output"] = json!([format!("type=local,dest={}", binary.folder)]);
        targets.insert((&binary.target).into(), target);
    }
    let file = json!({
        "variable": {
            "REGISTRY": { "default": "" },
            "CACHE_REF": { "default": "" },
            "CACHE_BRANCH": { "default": "main" },
            (STORE): { "default": "" },
        },
        "target": targets,
    });
    serde_json::to_string_pretty(&file).expect("strings and lists are JSON") + "\n"
}

/// Returns the target of an image of another Dockerfile.
fn other(image: &OtherImageConfig) -> Value {
    let context = match image.context.as_str() {
        "" => ".",
        folder => folder,
    };
    let mut target = json!({
        "context": context,
        "dockerfile": relative(&image.dockerfile, &image.context),
        "args": image.args,
        "output": ["type=cacheonly"],
    });
    if let Some(stage) = &image.stage {
        target["target"] = json!(stage);
    }
    target
}

fn target(name: &str, store: bool) -> Value {
    let mut target = json!({
        "context": ".",
        "dockerfile": DOCKERFILE,
        "target": name,
        "attest": ["type=provenance,disabled=true"],
        "cache-from": format!("${{CACHE_REF == \"\" ? [] : [\"type=registry,ref=${{CACHE_REF}}:{name}-main\"]}}"),
        "cache-to": format!("${{CACHE_REF == \"\" ? [] : [\"type=registry,ref=${{CACHE_REF}}:{name}-${{CACHE_BRANCH}},mode=max,compression=zstd,oci-mediatypes=true\"]}}"),
    });
    if store {
        target["args"] = json!({ (STORE): format!("${{{STORE}}}") });
        target["network"] = json!(format!("${{{STORE} == \"\" ? \"default\" : \"host\"}}"));
        target["secret"] = json!([format!("id={STORE_MODE},env={STORE_MODE}")]);
    }
    target
}
