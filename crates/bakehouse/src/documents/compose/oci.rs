//! The second compose file, which mounts packs as images and is read after the main one.

use super::packs::{INIT, uses_packs};
use super::parts::{base, named, path};
use super::service::{needs, own_mounts};
use super::shared::anchor;
use crate::documents::yaml::Yaml;
use crate::plan::Plan;
use crate::plan::pack::Pack;
use crate::plan::service::Service;

/// The name of the file.
pub const OCI: &str = "compose.oci.yaml";

/// Renders the services of the main file with other mounts.
pub fn document(plan: &Plan) -> Yaml {
    let mut services = vec![(INIT.to_owned(), Yaml::Null.marked("!reset"))];
    services.extend(plan.packs.iter().map(|pack| pack_image(plan, pack)));
    let mut overridden = Vec::new();
    for service in plan
        .services
        .iter()
        .filter(|service| uses_packs(plan, service))
    {
        let mut mounts: Vec<Yaml> = plan
            .packs
            .iter()
            .map(|pack| image_mount(plan, pack))
            .collect();
        mounts.extend(own_mounts(plan, service));
        let needs = needs(plan, service, false);
        let keys = Yaml::map([
            ("depends_on", Yaml::Map(needs).marked("!override")),
            ("volumes", Yaml::List(mounts).marked("!override")),
        ]);
        overridden.push((service, keys));
    }
    services.extend(shared(&overridden));
    Yaml::map([("services", Yaml::Map(services))])
}

/// Writes keys that all variants of a service share once, with the first of them.
fn shared(services: &[(&Service, Yaml)]) -> Vec<(String, Yaml)> {
    let variants = |family: &str| {
        let services = services.iter();
        let is_variant = move |(service, _): &&(&Service, Yaml)| {
            service.variant.is_some() && service.family == family
        };
        services.filter(is_variant).collect::<Vec<_>>()
    };
    let write = |(service, keys): &(&Service, Yaml)| {
        let variants = match service.variant {
            Some(_) => variants(&service.family),
            None => Vec::new(),
        };
        let is_shared = variants.len() > 1 && variants.iter().all(|(_, other)| other == keys);
        let anchor = anchor(&service.family);
        let keys = match variants.first() {
            Some((first, _)) if is_shared && first.name == service.name => {
                keys.clone().marked(format!("&{anchor}"))
            }
            Some(_) if is_shared => Yaml::alias(anchor),
            _ => keys.clone(),
        };
        (String::from(&service.name), keys)
    };
    services.iter().map(write).collect()
}

/// Returns the service that builds a pack's image and is never run.
fn pack_image(plan: &Plan, pack: &Pack) -> (String, Yaml) {
    let name = pack.image();
    let build = Yaml::map([
        ("context", path(plan, &pack.path)),
        (
            "dockerfile_inline",
            Yaml::text("FROM scratch\nCOPY --chmod=u=rwX,go=rX . /\n"),
        ),
        (
            "args",
            Yaml::map([("SOURCE_DATE_EPOCH", base("SOURCE_DATE_EPOCH", "0"))]),
        ),
        ("provenance", Yaml::False),
    ]);
    let service = Yaml::map([
        ("image", named(plan, None, &name, None)),
        ("build", build),
        ("profiles", Yaml::words(["packs"])),
    ]);
    (name, service)
}

fn image_mount(plan: &Plan, pack: &Pack) -> Yaml {
    Yaml::line([
        ("type", Yaml::text("image")),
        ("source", named(plan, None, &pack.image(), None)),
        (
            "target",
            Yaml::text(plan.config.packs_path.join(&pack.name)),
        ),
    ])
}
