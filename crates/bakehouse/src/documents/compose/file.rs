//! Rendering of the whole compose files.

use super::health;
use super::images;
use super::oci::{self, OCI};
use super::packs::{self, INIT, VOLUME};
use super::parts::{SERVICE, base, path};
use super::service::{service, state_volume};
use super::shared::Shared;
use super::watch::Watch;
use crate::context_path::ContextPath;
use crate::documents::document::Document;
use crate::documents::header::with_header;
use crate::documents::yaml::Yaml;
use crate::plan::Plan;
use crate::plan::config::valid::State;

/// The name of the compose file.
pub const COMPOSE: &str = "compose.yaml";

/// Renders the compose files, if the configuration asks for them.
pub fn render(plan: &Plan) -> Vec<Document> {
    let document = |name: &str, note: &str, yaml: &Yaml| {
        let note: String = note.lines().map(|line| format!("# {line}\n")).collect();
        Document {
            path: plan.output(name),
            text: with_header(&format!("{note}\n{yaml}")),
        }
    };
    let mut documents = vec![document(COMPOSE, &note(plan), &main(plan))];
    if !plan.packs.is_empty() {
        documents.push(document(OCI, &oci_note(plan), &oci::document(plan)));
    }
    documents
}

fn note(plan: &Plan) -> String {
    format!(
        "Run it as `docker compose -f {} up`. REGISTRY, TAG and the bases are the variables of the Bake file.\n\
        Ports are published on 127.0.0.1, or on the address in BIND; PORT_<SERVICE>_<PORT> is another port of the host.",
        plan.output(COMPOSE)
    )
}

fn oci_note(plan: &Plan) -> String {
    format!(
        "Overrides compose.yaml: packs are mounted as images, and nothing is copied. Needs Docker Engine 28 or newer.\n\
        Build them with `docker compose -f {} -f {} --profile packs build`.",
        plan.output(COMPOSE),
        plan.output(OCI)
    )
}

fn main(plan: &Plan) -> Yaml {
    let mut document = vec![
        ("name".to_owned(), Yaml::text(project(plan))),
        (
            "x-build".to_owned(),
            build(plan)
                .marked("&build")
                .noted("The build settings of all images."),
        ),
        (
            "x-service".to_owned(),
            Yaml::map([
                ("init", Yaml::True),
                ("cap_drop", Yaml::words(["ALL"])),
                ("security_opt", Yaml::words(["no-new-privileges:true"])),
            ])
            .marked(format!("&{SERVICE}"))
            .noted("The privileges of all services: none that they do not need."),
        ),
    ];
    document.extend(health::shared(plan));
    let watch = Watch::new(plan);
    document.extend(watch.shared());
    let services = plan.services.iter();
    let services = services.map(|item| (item, service(plan, item, &watch)));
    let shared = Shared::new(plan, services.collect());
    document.extend(shared.families());
    let init = (!plan.packs.is_empty()).then(|| (INIT.to_owned(), packs::init(plan)));
    let services = init.into_iter().chain(shared.services(plan));
    let services = services.chain(images::services(plan)).collect();
    document.push(("services".to_owned(), Yaml::Map(services)));
    let volumes = volumes(plan);
    if !volumes.is_empty() {
        document.push(("volumes".to_owned(), Yaml::Map(volumes)));
    }
    Yaml::Map(document)
}

/// Returns the name of the project, in characters that Compose allows.
fn project(plan: &Plan) -> String {
    plan.config.name.to_ascii_lowercase()
}

fn build(plan: &Plan) -> Yaml {
    let args = Yaml::map([
        ("BUILDER_BASE", base("BUILDER_BASE", &plan.config.builder)),
        ("RUNTIME_BASE", base("RUNTIME_BASE", &plan.config.runtime)),
        ("SOURCE_DATE_EPOCH", base("SOURCE_DATE_EPOCH", "0")),
    ]);
    Yaml::map([
        ("context", path(plan, &ContextPath::new(""))),
        ("dockerfile", Yaml::text(plan.output("Dockerfile").as_str())),
        ("args", args),
        ("provenance", Yaml::False),
    ])
}

fn volumes(plan: &Plan) -> Vec<(String, Yaml)> {
    let packs = (!plan.packs.is_empty()).then(|| VOLUME.to_owned());
    let state = plan
        .services
        .iter()
        .filter(|service| service.compose.state == Some(State::Volume));
    packs
        .into_iter()
        .chain(state.map(state_volume))
        .map(|name| (name, Yaml::Map(Vec::new())))
        .collect()
}
