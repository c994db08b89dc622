//! `.github/workflows/bakehouse.yml`.

use super::{Place, choose, is_emulated, quoted, registry_host};
use crate::documents::Document;
use crate::documents::seal::seal_for;
use crate::plan::Plan;

/// What the workflow uses, by commit: a tag can be moved. The version stands beside it, for people and for what keeps
/// actions up to date.
const ACTIONS: [(&str, &str); 6] = [
    (
        "CHECKOUT",
        "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    ),
    (
        "CACHE_ACTION",
        "actions/cache@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5",
    ),
    (
        "BUILDX",
        "docker/setup-buildx-action@37fe631027851001ddb9b187196cc803df7f5f0e # v4.3.0",
    ),
    (
        "QEMU",
        "docker/setup-qemu-action@96fe6ef7f33517b61c61be40b68a1882f3264fb8 # v4.2.0",
    ),
    (
        "LOGIN",
        "docker/login-action@4907a6ddec9925e35a0a9e82d7399ccc52663121 # v4.1.0",
    ),
    (
        "BAKE",
        "docker/bake-action@a66e1c87e2eca0503c343edf1d208c716d54b8a8 # v7.1.0",
    ),
];

/// Renders the workflow, below the root of the repository.
pub fn render(plan: &Plan, place: &Place) -> Document {
    let config = &plan.config;
    let host = registry_host(plan);
    let own = place.install.contains(" --path ");
    let mut on = Vec::new();
    on.extend((!config.cache_ref.is_empty()).then_some("cache"));
    on.extend((!place.workspace.as_str().is_empty()).then_some("folder"));
    on.extend(host.map(|_| "host"));
    on.extend(own.then_some("own"));
    on.extend(is_emulated(plan).then_some("emulated"));
    let mut text = choose(include_str!("github.yml"), &on);
    for (name, action) in ACTIONS {
        text = text.replace(&format!("uses: {name}\n"), &format!("uses: {action}\n"));
    }
    let (user, password) = match host {
        Some("ghcr.io") => ("${{ github.actor }}", "${{ secrets.GITHUB_TOKEN }}"),
        _ => (
            "${{ secrets.REGISTRY_USERNAME }}",
            "${{ secrets.REGISTRY_PASSWORD }}",
        ),
    };
    let install = if own {
        place.install.clone()
    } else {
        format!("command -v bakehouse || {}", place.install)
    };
    let source = if place.context.as_str().is_empty() {
        ".".to_owned()
    } else {
        format!("./{}", place.context)
    };
    let bake = &config.output.bake;
    let values = [
        ("REGISTRY_NAME", quoted(&config.registry)),
        ("CACHE_NAME", quoted(&config.cache_ref)),
        ("REGISTRY_HOST", quoted(host.unwrap_or_default())),
        ("USERNAME", user.to_owned()),
        ("PASSWORD", password.to_owned()),
        ("RUNNER", quoted(&config.ci_runner)),
        ("INSTALL", quoted(&install)),
        ("VERSION", env!("CARGO_PKG_VERSION").to_owned()),
        ("SOURCE", quoted(&source)),
        ("FOLDER", quoted(place.workspace.as_str())),
        (
            "files: docker-bake.hcl",
            format!("files: {}", quoted(bake.as_str())),
        ),
        ("[BRANCH]", format!("[{}]", quoted(&place.branch))),
        ("BRANCH,", format!("{},", place.branch)),
    ];
    for (name, value) in values {
        text = text.replace(name, &value);
    }
    Document {
        path: ".github/workflows/bakehouse.yml".into(),
        text: seal_for("ci github", &format!("\n{text}")),
    }
}
