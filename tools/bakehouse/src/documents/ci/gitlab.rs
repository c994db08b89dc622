//! `.gitlab/bakehouse.yml`.

use super::{Place, choose, is_emulated, quoted, registry_host};
use crate::documents::Document;
use crate::documents::seal::seal_for;
use crate::plan::Plan;
use crate::plan::config::bases::is_release;

/// The engine: a release, whose patches come by themselves.
const DIND: &str = "docker.io/library/docker:28-dind";

/// Renders what a pipeline includes, below the root of the repository.
pub fn render(plan: &Plan, place: &Place) -> Document {
    let config = &plan.config;
    let host = registry_host(plan);
    let own = place.install.contains(" --path ");
    let mut on = Vec::new();
    on.extend((!config.cache_ref.is_empty()).then_some("cache"));
    on.extend((!place.workspace.as_str().is_empty()).then_some("folder"));
    on.extend(own.then_some("own"));
    on.extend(is_emulated(plan).then_some("emulated"));
    let of_gitlab = host.is_some_and(|host| host.starts_with("registry.gitlab."));
    let (user, password) = if of_gitlab {
        ("$CI_REGISTRY_USER", "$CI_REGISTRY_PASSWORD")
    } else {
        ("$REGISTRY_USERNAME", "$REGISTRY_PASSWORD")
    };
    let install = if own {
        place.install.clone()
    } else {
        format!(
            "command -v bakehouse || {} --root \"$CI_PROJECT_DIR/.bakehouse\"",
            place.install
        )
    };
    // With Cargo, which reading a workspace needs, and Docker's programs among its packages.
    let channel = plan.channel.as_deref().filter(|name| is_release(name));
    let image = match channel {
        Some(version) => format!("docker.io/library/rust:{version}-alpine"),
        None => "docker.io/library/rust:alpine".to_owned(),
    };
    let mut text = choose(include_str!("gitlab.yml"), &on);
    let values = [
        (
            "REGISTRY: REGISTRY_NAME",
            format!("REGISTRY: {}", quoted(&config.registry)),
        ),
        ("CACHE_NAME", quoted(&config.cache_ref)),
        (
            " REGISTRY_HOST\n",
            format!(" {}\n", host.unwrap_or("docker.io")),
        ),
        ("\"PASSWORD\"", format!("\"{password}\"")),
        ("\"USERNAME\"", format!("\"{user}\"")),
        ("image: IMAGE", format!("image: {image}")),
        ("[DIND]", format!("[{}]", quoted(DIND))),
        ("INSTALL", quoted(&install)),
        ("VERSION\n", format!("{}\n", env!("CARGO_PKG_VERSION"))),
        ("/CONTEXT\"", format!("/{}\"", place.context)),
        ("BAKE_FILE", config.output.bake.to_string()),
        ("cd FOLDER", format!("cd {}", place.workspace)),
        ("\"BRANCH\"", quoted(&place.branch)),
        ("BRANCH,", format!("{},", place.branch)),
    ];
    for (name, value) in values {
        text = text.replace(name, &value);
    }
    Document {
        path: ".gitlab/bakehouse.yml".into(),
        text: seal_for("ci gitlab", &format!("\n{text}")),
    }
}
