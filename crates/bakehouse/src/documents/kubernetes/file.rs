//! Rendering of all manifests.

use super::names::{label, state_claim};
use super::order::Order;
use super::parts::{Manifest, labels, metadata};
use super::pod::deployment;
use super::workload::Workload;
use crate::documents::compose::profiles;
use crate::documents::yaml::Yaml;
use crate::plan::Plan;
use crate::plan::config::valid::State;

/// The size of a claim. Bakehouse does not know how much a service writes, and a claim must ask for something.
const SIZE: &str = "1Gi";

/// Returns the services and images that Compose starts if none is named.
pub fn started(plan: &Plan) -> Vec<&str> {
    let services = plan.services.iter();
    let services = services.filter(|service| profiles(plan, service).is_empty());
    let services = services.map(|service| service.name.as_str());
    let images = plan.images.iter().map(|image| &image.config);
    let images = images.filter(|image| image.target.default);
    services
        .chain(images.map(|image| image.name.as_str()))
        .collect()
}

/// Renders the manifests.
pub fn render(order: &Order<'_>) -> String {
    let mut text = head(order);
    for workload in Workload::all(order.plan) {
        let Some(image) = order.images.get(workload.name) else {
            continue;
        };
        let claim =
            (workload.compose.state == Some(State::Volume)).then(|| claim(order, &workload));
        let service = (!workload.ports.is_empty()).then(|| service(order, &workload));
        let deployment = deployment(order, &workload, image);
        for (note, document) in claim.into_iter().chain(service).chain([deployment]) {
            text += "---\n";
            for line in note {
                text += &format!("# {line}\n");
            }
            text += &Yaml::map(document).dense();
        }
    }
    text
}

fn head(order: &Order<'_>) -> String {
    let mut lines = vec![
        "Made by `bakehouse handover kubernetes` from Cargo.toml and bakehouse.toml.".to_owned(),
    ];
    let left_out = Workload::all(order.plan)
        .into_iter()
        .filter(|workload| !order.images.contains_key(workload.name));
    let left_out: Vec<&str> = left_out.map(|workload| workload.name).collect();
    if !left_out.is_empty() {
        lines.push(format!(
            "Left out, as `docker compose up` leaves them out, or since others were named: {}.",
            left_out.join(", ")
        ));
    }
    lines
        .into_iter()
        .map(|line| format!("# {line}\n"))
        .collect()
}

fn claim(order: &Order<'_>, workload: &Workload<'_>) -> Manifest {
    let workdir = workload.workdir.unwrap_or_default();
    let note = vec![
        format!(
            "What {} keeps in {workdir}. A new volume is empty: unlike Docker, Kubernetes copies",
            workload.name
        ),
        "nothing into it that the image has there. Ask for the size that it needs.".to_owned(),
    ];
    let storage = Yaml::line([("storage", Yaml::plain(SIZE))]);
    let spec = Yaml::map([
        (
            "accessModes",
            Yaml::Line(Box::new(Yaml::List(vec![Yaml::plain("ReadWriteOnce")]))),
        ),
        ("resources", Yaml::map([("requests", storage)])),
    ]);
    let document = vec![
        ("apiVersion", Yaml::plain("v1")),
        ("kind", Yaml::plain("PersistentVolumeClaim")),
        (
            "metadata",
            metadata(order, workload, &state_claim(workload.name)),
        ),
        ("spec", spec),
    ];
    (note, document)
}

fn service(order: &Order<'_>, workload: &Workload<'_>) -> Manifest {
    let ports = workload.ports.iter().map(|port| {
        Yaml::line([
            ("name", Yaml::plain(format!("port-{port}"))),
            ("port", Yaml::Number(i64::from(*port))),
        ])
    });
    let spec = Yaml::map([
        ("selector", labels(order, workload)),
        ("ports", Yaml::List(ports.collect())),
    ]);
    let document = vec![
        ("apiVersion", Yaml::plain("v1")),
        ("kind", Yaml::plain("Service")),
        ("metadata", metadata(order, workload, &label(workload.name))),
        ("spec", spec),
    ];
    (Vec::new(), document)
}
