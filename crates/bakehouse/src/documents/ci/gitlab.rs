//! `.gitlab/bakehouse.yml`.

use camino::Utf8PathBuf;

use super::install::{self, Runner};
use super::{LIST_OF_DIGESTS, Place, fill, further_hosts, registry_host};
use crate::documents::document::Document;
use crate::documents::header::with_header_of;
use crate::documents::yaml::{quoted, scalar};
use crate::plan::Plan;
use crate::plan::config::bases::is_published;

/// The Docker engine. The tag names a release and gets its patches.
const DIND: &str = "docker.io/library/docker:28-dind";

/// The image of the job that signs. Its distribution has cosign.
const SIGNER: &str = "docker.io/library/alpine:3.22";

/// The job's `PATH` has the folder.
const RUNNER: Runner = Runner {
    folder: "$CI_PROJECT_DIR/.bakehouse/bin",
    on_path: None,
    into: " --root \"$CI_PROJECT_DIR/.bakehouse\"",
};

/// Renders the file that a pipeline includes, below the root of the repository.
pub fn render(plan: &Plan, place: &Place) -> Document<Utf8PathBuf> {
    let config = &plan.config;
    let host = registry_host(plan);
    let of_gitlab = host.is_some_and(|host| host.starts_with("registry.gitlab."));
    let (user, password) = if of_gitlab {
        ("$CI_REGISTRY_USER", "$CI_REGISTRY_PASSWORD")
    } else {
        ("$REGISTRY_USERNAME", "$REGISTRY_PASSWORD")
    };
    // The image has Cargo, which reads the workspace; Docker's programs are installed as packages.
    let channel = plan.channel().filter(|channel| is_published(channel));
    let image = match channel {
        Some(version) => format!("docker.io/library/rust:{}-alpine", version.as_str()),
        None => "docker.io/library/rust:alpine".to_owned(),
    };
    let values = [
        (
            "REGISTRY: REGISTRY_NAME",
            format!("REGISTRY: {}", scalar(config.registry())),
        ),
        ("CACHE_NAME", scalar(&config.cache_ref)),
        (
            " REGISTRY_HOST\n",
            format!(" {}\n", host.unwrap_or("docker.io")),
        ),
        ("\"PASSWORD\"", format!("\"{password}\"")),
        ("\"USERNAME\"", format!("\"{user}\"")),
        ("FURTHER_LOGINS\n", further_logins(plan, "docker")),
        ("FURTHER_COSIGN_LOGINS\n", further_logins(plan, "cosign")),
        ("LIST_OF_DIGESTS", LIST_OF_DIGESTS.to_owned()),
        ("image: SIGNER", format!("image: {SIGNER}")),
        ("image: IMAGE", format!("image: {image}")),
        ("[DIND]", format!("[{}]", quoted(DIND))),
        ("VERSION\n", format!("{}\n", env!("CARGO_PKG_VERSION"))),
        ("cd FOLDER", format!("cd {}", place.workspace)),
        ("\"BRANCH\"", quoted(&place.branch)),
        ("BRANCH_TAG", place.branch_tag()),
        // The last one: the text of the configuration is not searched for names.
        ("INSTALL", install::step(&place.install, &RUNNER, 6)),
    ];
    Document {
        path: ".gitlab/bakehouse.yml".into(),
        text: with_header_of(
            "ci gitlab",
            &fill(include_str!("gitlab.yml"), plan, place, &values),
        ),
    }
}

/// Returns the commands that log in to the registries after the first.
fn further_logins(plan: &Plan, program: &str) -> String {
    let commands = further_hosts(plan).map(|(number, host)| {
        let host = host.unwrap_or("docker.io");
        format!(
            "- echo \"$REGISTRY_{number}_PASSWORD\" | {program} login --username \"$REGISTRY_{number}_USERNAME\" --password-stdin {host}\n"
        )
    });
    commands.collect::<Vec<_>>().join("    ")
}
