//! A Bake file like one written by hand: a target for each image, with a registry cache.

use serde_json::{Map, Value, json};

use crate::plan::Plan;

/// The Dockerfile beside it.
pub const DOCKERFILE: &str = "Dockerfile.bench";

/// Renders the Bake file.
pub fn render(plan: &Plan) -> String {
    let mut targets = Map::new();
    for service in &plan.services {
        let name = &service.name;
        let mut target = target(name);
        target["tags"] = json!([format!("${{REGISTRY}}/{name}:latest")]);
        targets.insert(name.into(), target);
    }
    for binary in plan.pack_binaries() {
        let mut target = target(&binary.target);
        target["output"] = json!([format!("type=local,dest={}", binary.folder)]);
        targets.insert((&binary.target).into(), target);
    }
    let file = json!({
        "variable": {
            "REGISTRY": { "default": "" },
            "CACHE_REF": { "default": "" },
            "CACHE_BRANCH": { "default": "main" },
        },
        "target": targets,
    });
    serde_json::to_string_pretty(&file).expect("strings and lists are JSON") + "\n"
}

fn target(name: &str) -> Value {
    json!({
        "context": ".",
        "dockerfile": DOCKERFILE,
        "target": name,
        "attest": ["type=provenance,disabled=true"],
        "cache-from": format!("${{CACHE_REF == \"\" ? [] : [\"type=registry,ref=${{CACHE_REF}}:{name}-main\"]}}"),
        "cache-to": format!("${{CACHE_REF == \"\" ? [] : [\"type=registry,ref=${{CACHE_REF}}:{name}-${{CACHE_BRANCH}},mode=max,compression=zstd,oci-mediatypes=true\"]}}"),
    })
}
