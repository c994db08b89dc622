//! SPDX 2.3, as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::licence::Terms;
use super::model::{ComponentKind, Sbom, SbomComponent};
use super::serial::uuid;

/// The text of SPDX where nothing is known.
const UNKNOWN: &str = "NOASSERTION";

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const IMAGE: &str = "SPDXRef-image";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpdxDocument<'a> {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: &'a str,
    document_namespace: String,
    creation_info: CreationInfo,
    has_extracted_licensing_infos: Vec<ExtractedLicence<'a>>,
    packages: Vec<Package<'a>>,
    relationships: Vec<Relationship>,
}

#[derive(Serialize)]
struct CreationInfo {
    created: String,
    creators: [String; 1],
}

/// A licence that is no expression.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExtractedLicence<'a> {
    license_id: String,
    extracted_text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package<'a> {
    #[serde(rename = "SPDXID")]
    id: String,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_info: Option<&'a str>,
    download_location: &'a str,
    files_analyzed: bool,
    license_concluded: &'static str,
    license_declared: String,
    copyright_text: &'static str,
    primary_package_purpose: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_info: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum<'a> {
    algorithm: &'static str,
    checksum_value: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef<'a> {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: &'static str,
    related_spdx_element: String,
}

/// Renders the bill.
pub fn render(sbom: &Sbom) -> String {
    let ids = ids(sbom);
    let licences = licences(sbom);
    let packages = sbom.components.iter();
    let packages = packages.map(|component| package(component, &ids, &licences));
    let mut document = SpdxDocument {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        name: &sbom.name,
        document_namespace: String::new(),
        creation_info: CreationInfo {
            created: sbom.time(),
            creators: [format!("Tool: bakehouse-{}", sbom.made.version)],
        },
        has_extracted_licensing_infos: licences
            .iter()
            .map(|(text, id)| ExtractedLicence {
                license_id: id.clone(),
                extracted_text: text,
            })
            .collect(),
        packages: std::iter::once(image(sbom)).chain(packages).collect(),
        relationships: relationships(sbom, &ids),
    };
    document.document_namespace = format!("urn:uuid:{}", uuid(&text(&document)));
    text(&document)
}

fn text(document: &SpdxDocument<'_>) -> String {
    serde_json::to_string_pretty(document).expect("strings, numbers and lists are JSON") + "\n"
}

/// Returns the identifier of each component, by its reference. SPDX allows only some characters in them.
fn ids(sbom: &Sbom) -> BTreeMap<&str, String> {
    let components = sbom.components.iter().enumerate();
    let ids = components.map(|(at, component)| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let name = component.name.replace(|c| !plain(c), "-");
        (component.reference.as_str(), format!("SPDXRef-{at}-{name}"))
    });
    ids.collect()
}

/// Returns the identifier of each licence that is no expression.
fn licences(sbom: &Sbom) -> BTreeMap<&str, String> {
    let terms = sbom.components.iter().filter_map(|one| one.terms.as_ref());
    let named = terms.filter_map(|terms| match terms {
        Terms::Named(text) => Some(text.as_str()),
        Terms::Expression(_) => None,
    });
    let mut licences: BTreeMap<&str, String> = named.map(|text| (text, String::new())).collect();
    for (at, id) in licences.values_mut().enumerate() {
        *id = format!("LicenseRef-{}", at + 1);
    }
    licences
}

fn image(sbom: &Sbom) -> Package<'_> {
    Package {
        id: IMAGE.to_owned(),
        name: &sbom.name,
        version_info: None,
        download_location: UNKNOWN,
        files_analyzed: false,
        license_concluded: UNKNOWN,
        license_declared: UNKNOWN.to_owned(),
        copyright_text: UNKNOWN,
        primary_package_purpose: "CONTAINER",
        source_info: None,
        comment: Some(format!("input hash {}", sbom.input_hash)),
        checksums: Vec::new(),
        external_refs: Vec::new(),
    }
}

fn package<'a>(
    of: &'a SbomComponent,
    ids: &BTreeMap<&str, String>,
    licences: &BTreeMap<&str, String>,
) -> Package<'a> {
    let (purpose, what) = match of.kind {
        ComponentKind::Program => ("APPLICATION", None),
        ComponentKind::Crate => ("LIBRARY", None),
        ComponentKind::Standard => ("LIBRARY", Some("Rust's standard library")),
        ComponentKind::Base => (
            "CONTAINER",
            Some("the base image, whose content is not listed"),
        ),
        ComponentKind::Package => ("LIBRARY", Some("a package of the base's distribution")),
        ComponentKind::Library => ("LIBRARY", Some("a shared library of the builder")),
    };
    let declared = match &of.terms {
        Some(Terms::Expression(expression)) => expression.clone(),
        Some(Terms::Named(text)) => licences[text.as_str()].clone(),
        None => UNKNOWN.to_owned(),
    };
    let checksums = of.checksum.iter().map(|checksum_value| Checksum {
        algorithm: "SHA256",
        checksum_value,
    });
    let purl = of.purl.iter().map(|reference_locator| ExternalRef {
        reference_category: "PACKAGE-MANAGER",
        reference_type: "purl",
        reference_locator,
    });
    Package {
        id: ids[of.reference.as_str()].clone(),
        name: &of.name,
        version_info: of.version.as_deref(),
        download_location: of.download.as_deref().unwrap_or(UNKNOWN),
        files_analyzed: false,
        license_concluded: UNKNOWN,
        license_declared: declared,
        copyright_text: UNKNOWN,
        primary_package_purpose: purpose,
        source_info: of.repository.as_deref(),
        comment: what.map(str::to_owned),
        checksums: checksums.collect(),
        external_refs: purl.collect(),
    }
}

fn relationships(sbom: &Sbom, ids: &BTreeMap<&str, String>) -> Vec<Relationship> {
    let relationship = |from: &str, relationship_type, to: &str| Relationship {
        spdx_element_id: from.to_owned(),
        relationship_type,
        related_spdx_element: to.to_owned(),
    };
    let mut all = vec![relationship(DOCUMENT, "DESCRIBES", IMAGE)];
    for component in &sbom.components {
        let id = &ids[component.reference.as_str()];
        match component.kind {
            ComponentKind::Base => all.push(relationship(IMAGE, "DESCENDANT_OF", id)),
            ComponentKind::Crate => {}
            _ => all.push(relationship(IMAGE, "CONTAINS", id)),
        }
        for needed in &component.needs {
            all.push(relationship(id, "STATIC_LINK", &ids[needed.as_str()]));
        }
    }
    all
}
