//! Rendering of the whole Bake file, block by block.

use hcl::{Block, Expression};

use super::functions::functions;
use super::images;
use super::syntax::{Noted, expression, names};
use super::targets::targets;
use super::variables::variables;
use crate::documents::document::Document;
use crate::documents::header::with_header;
use crate::plan::Plan;
use crate::plan::build::COMPILED;

/// The group of all services. The name cannot collide: no service's name begins with `_`.
const SERVICES: &str = "_services";

/// Renders the Bake file.
pub fn render(plan: &Plan) -> Document {
    let variables = variables(plan).into_iter();
    let blocks = variables
        .chain(functions(plan))
        .chain(groups(plan))
        .chain(targets(plan))
        .chain(images::targets(plan));
    let text: String = blocks.map(|block| block.text()).collect();
    Document {
        path: plan.config.output.bake.clone(),
        text: with_header(&text),
    }
}

fn groups(plan: &Plan) -> Vec<Noted> {
    let services = plan
        .services
        .iter()
        .filter(|service| service.target.default);
    let services = services.map(|service| service.name.as_str());
    let images = plan
        .images
        .iter()
        .filter(|image| image.config.target.default);
    let services = services.chain(images.map(|image| image.config.name.as_str()));
    let all = format!(r#"CACHE_REF == "" ? ["{SERVICES}"] : ["{SERVICES}", "{COMPILED}"]"#);
    let mut groups = vec![
        group(
            "All services, and the registry cache if there is one.",
            "default",
            expression(&all),
        ),
        group("", SERVICES, names(services)),
    ];
    for (family, variants) in plan.families() {
        let variants = variants.into_iter().map(|service| service.name.as_str());
        groups.push(group(
            &format!("The variants of {family}: one binary, compiled once."),
            family,
            names(variants),
        ));
    }
    let binaries: Vec<&str> = plan
        .pack_binaries()
        .map(|binary| binary.target.as_str())
        .collect();
    if !binaries.is_empty() {
        groups.push(group(
            "The binaries that are built into packs.",
            "packs",
            names(binaries),
        ));
    }
    for (name, members) in &plan.config.bake.groups {
        groups.push(group("", name, names(members.iter().map(String::as_str))));
    }
    groups
}

fn group(comment: &str, name: &str, targets: Expression) -> Noted {
    let block = Block::builder("group")
        .add_label(name)
        .add_attribute(("targets", targets))
        .build();
    Noted::new(comment, block)
}
