//! The parts of a service's image.

use std::collections::{BTreeMap, BTreeSet};

use super::licence::Terms;
use super::model::{ComponentKind, Made, Sbom, SbomComponent};
use super::purl;
use crate::graph::Lock;
use crate::graph::cargo_tree::{CrateId, CrateTree, LinkedCrate};
use crate::graph::lock::Package;
use crate::names::PackageName;
use crate::plan::Plan;
use crate::plan::service::Service;

impl Sbom {
    /// Returns the content of an image. `crates` has what its binaries and shared libraries link, and `base` is its base.
    pub fn new(
        plan: &Plan,
        service: &Service,
        base: &str,
        crates: &CrateTree,
        lock: &Lock,
        made: Made,
    ) -> Self {
        let mut components = of_crates(service, crates, lock);
        components.push(standard(plan));
        components.push(of_base(service, base));
        let packages = service.image.packages.iter();
        components.extend(packages.map(|name| {
            let reference = format!("package:{name}");
            named(reference, ComponentKind::Package, name)
        }));
        let libraries = service.libraries.iter();
        let of_builder = libraries.filter(|library| library.package.is_none());
        components.extend(of_builder.map(|library| {
            let reference = format!("library:{}", library.file);
            named(reference, ComponentKind::Library, &library.file)
        }));
        components.sort_by(|a, b| a.reference.cmp(&b.reference));
        components.dedup_by(|a, b| a.reference == b.reference);
        Self {
            name: service.name.to_string(),
            input_hash: service.input_hash.clone(),
            components,
            made,
        }
    }
}

fn named(reference: String, kind: ComponentKind, name: &str) -> SbomComponent {
    SbomComponent {
        reference,
        kind,
        name: name.to_owned(),
        version: None,
        purl: None,
        checksum: None,
        terms: None,
        repository: None,
        download: None,
        needs: Vec::new(),
    }
}

fn of_crates(service: &Service, crates: &CrateTree, lock: &Lock) -> Vec<SbomComponent> {
    let programs: BTreeSet<&str> = service
        .packages()
        .into_iter()
        .map(PackageName::as_str)
        .collect();
    let mut of_version: BTreeMap<(&str, &str), Vec<&Package>> = BTreeMap::new();
    for entry in lock.packages() {
        let key = (entry.name.as_str(), entry.version.as_str());
        of_version.entry(key).or_default().push(entry);
    }
    let entry = |id: &CrateId| -> Option<&Package> {
        let entries = of_version.get(&(id.name.as_str(), id.version.as_str()))?;
        match &entries[..] {
            [only] => Some(only),
            several => several
                .iter()
                .copied()
                .find(|entry| is_from(entry, &id.place)),
        }
    };
    let reference = |id: &CrateId| {
        let source = entry(id).and_then(|entry| entry.source.as_deref());
        match source {
            Some(source) => purl::of_crate(&id.name, &id.version, source),
            None => format!("local:{}@{}", id.name, id.version),
        }
    };
    let component = |(id, linked): (&CrateId, &LinkedCrate)| {
        let found = entry(id);
        let source = found.and_then(|entry| entry.source.as_deref());
        let reference_of = reference(id);
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let is_program = id.is_local() && programs.contains(id.name.as_str());
        SbomComponent {
            kind: match is_program {
                true => ComponentKind::Program,
                false => ComponentKind::Crate,
            },
            name: id.name.clone(),
            version: Some(id.version.clone()),
            purl: source.map(|_| reference_of.clone()),
            checksum: found.and_then(|entry| entry.checksum.clone()),
            terms: text(&linked.license).map(|license| Terms::of(&license)),
            repository: text(&linked.repository).filter(|url| is_url(url)),
            download: source.and_then(purl::repository_of),
            needs: linked.needs.iter().map(reference).collect(),
            reference: reference_of,
        }
    };
    crates.0.iter().map(component).collect()
}

/// Returns whether an entry of the lock comes from the place that Cargo names.
fn is_from(entry: &Package, place: &str) -> bool {
    let is_git = place.contains("://");
    match entry.source.as_deref() {
        None => place.starts_with('/'),
        Some(source) => source.starts_with("git+") == is_git && !place.starts_with('/'),
    }
}

/// Returns whether a text can be a link in the bill.
fn is_url(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !"<>\"\\^`{|}".contains(c);
    (text.starts_with("https://") || text.starts_with("http://")) && text.chars().all(plain)
}

fn standard(plan: &Plan) -> SbomComponent {
    let release = plan
        .toolchain
        .as_ref()
        .map(|toolchain| toolchain.rustc.clone());
    let release = release.or_else(|| plan.channel().map(|channel| channel.as_str().to_owned()));
    SbomComponent {
        purl: release.as_ref().map(|release| purl::of_rust(release)),
        version: release,
        terms: Some(Terms::of("MIT OR Apache-2.0")),
        repository: Some("https://github.com/rust-lang/rust".to_owned()),
        ..named("rust:std".to_owned(), ComponentKind::Standard, "std")
    }
}

fn of_base(service: &Service, base: &str) -> SbomComponent {
    if let Some(image) = &service.image.built_base {
        return named("base".to_owned(), ComponentKind::Base, image);
    }
    let (name, version) = purl::parts_of_image(base);
    SbomComponent {
        version,
        purl: purl::of_image(base),
        ..named("base".to_owned(), ComponentKind::Base, &name)
    }
}
