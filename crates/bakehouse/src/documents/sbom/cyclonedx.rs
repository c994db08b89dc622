//! CycloneDX 1.6, as JSON.

use serde::Serialize;

use super::licence::Terms;
use super::model::{ComponentKind, Sbom, SbomComponent};
use super::serial::uuid;

/// The reference of the image itself.
const IMAGE: &str = "image";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bom<'a> {
    bom_format: &'static str,
    spec_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<Component<'a>>,
    dependencies: Vec<Dependency<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    tools: Tools<'a>,
    component: Component<'a>,
}

#[derive(Serialize)]
struct Tools<'a> {
    components: [Component<'a>; 1],
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Component<'a> {
    r#type: &'static str,
    #[serde(rename = "bom-ref", skip_serializing_if = "Option::is_none")]
    bom_ref: Option<&'a str>,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_references: Vec<ExternalReference<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property<'a>>,
}

#[derive(Serialize)]
struct Hash<'a> {
    alg: &'static str,
    content: &'a str,
}

#[derive(Serialize)]
#[serde(untagged)]
enum License<'a> {
    Expression { expression: &'a str },
    Named { license: Name<'a> },
}

#[derive(Serialize)]
struct Name<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct ExternalReference<'a> {
    r#type: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Property<'a> {
    name: &'static str,
    value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency<'a> {
    r#ref: &'a str,
    depends_on: Vec<&'a str>,
}

/// Renders the bill.
pub fn render(sbom: &Sbom) -> String {
    let hash = Property {
        name: "dev.bakehouse:input-hash",
        value: &sbom.input_hash,
    };
    let image = Component {
        r#type: "container",
        bom_ref: Some(IMAGE),
        name: &sbom.name,
        properties: vec![hash],
        ..Component::default()
    };
    let tool = Component {
        r#type: "application",
        name: "bakehouse",
        version: Some(sbom.made.version),
        ..Component::default()
    };
    let own = Dependency {
        r#ref: IMAGE,
        depends_on: sbom.contained(),
    };
    let others = sbom.components.iter().map(|component| Dependency {
        r#ref: &component.reference,
        depends_on: component.needs.iter().map(String::as_str).collect(),
    });
    let mut bom = Bom {
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: None,
        version: 1,
        metadata: Metadata {
            timestamp: sbom.made.at.map(|_| sbom.time()),
            tools: Tools { components: [tool] },
            component: image,
        },
        components: sbom.components.iter().map(component).collect(),
        dependencies: std::iter::once(own).chain(others).collect(),
    };
    bom.serial_number = Some(format!("urn:uuid:{}", uuid(&text(&bom))));
    text(&bom)
}

fn text(bom: &Bom<'_>) -> String {
    serde_json::to_string_pretty(bom).expect("strings, numbers and lists are JSON") + "\n"
}

fn component(of: &SbomComponent) -> Component<'_> {
    let (kind, what) = match of.kind {
        ComponentKind::Program => ("application", "program"),
        ComponentKind::Crate => ("library", "crate"),
        ComponentKind::Standard => ("library", "standard library"),
        ComponentKind::Base => ("container", "base image"),
        ComponentKind::Package => ("library", "package of the base's distribution"),
        ComponentKind::Library => ("library", "shared library of the builder"),
    };
    let hashes = of.checksum.iter().map(|content| Hash {
        alg: "SHA-256",
        content,
    });
    let licenses = of.terms.iter().map(|terms| match terms {
        Terms::Expression(expression) => License::Expression { expression },
        Terms::Named(name) => License::Named {
            license: Name { name },
        },
    });
    let repository = of
        .repository
        .iter()
        .map(|url| ExternalReference { r#type: "vcs", url });
    Component {
        r#type: kind,
        bom_ref: Some(&of.reference),
        name: &of.name,
        version: of.version.as_deref(),
        hashes: hashes.collect(),
        licenses: licenses.collect(),
        purl: of.purl.as_deref(),
        external_references: repository.collect(),
        properties: vec![Property {
            name: "dev.bakehouse:kind",
            value: what,
        }],
    }
}
