//! The service that copies packs into their volume.

use super::parts::{SERVICE, base, bind, path};
use crate::documents::init_packs::SCRIPT;
use crate::documents::yaml::Yaml;
use crate::plan::Plan;
use crate::plan::config::valid::PacksMount;
use crate::plan::service::Service;

/// The name of the service and of the volume.
pub const INIT: &str = "init-packs";
pub const VOLUME: &str = "packs_data";

/// Renders the service.
pub fn init(plan: &Plan) -> Yaml {
    let image = match &plan.config.init {
        Some(image) => Yaml::text(image),
        None => base("RUNTIME_BASE", &plan.config.runtime),
    };
    let script = format!("/{SCRIPT}");
    let mut volumes = vec![bind(Yaml::text(format!(".{script}")), &script, true)];
    for pack in &plan.packs {
        volumes.push(bind(
            path(plan, &pack.path),
            &format!("/from/{}", pack.name),
            true,
        ));
    }
    volumes.push(Yaml::line([
        ("type", Yaml::text("volume")),
        ("source", Yaml::text(VOLUME)),
        ("target", Yaml::text("/to")),
    ]));
    let watch = plan.packs.iter().map(|pack| {
        Yaml::line([
            ("path", path(plan, &pack.path)),
            ("action", Yaml::text("restart")),
        ])
    });
    Yaml::map([
        ("<<", Yaml::alias(SERVICE)),
        ("image", image),
        ("user", Yaml::text("0:0")),
        ("entrypoint", Yaml::words(["sh", &script, owner(plan)])),
        ("command", Yaml::words([])),
        ("network_mode", Yaml::text("none")),
        ("read_only", Yaml::True),
        ("cap_add", Yaml::words(["CHOWN", "DAC_OVERRIDE", "FOWNER"])),
        ("volumes", Yaml::List(volumes)),
        (
            "develop",
            Yaml::map([("watch", Yaml::List(watch.collect()))]),
        ),
    ])
    .noted("Copies the packs into their volume, then exits. After a restart it copies changes, and the services that use packs restart after it.")
}

/// Returns the user that owns the volume: the user of the service that writes packs, if there is one.
fn owner(plan: &Plan) -> &str {
    let mut services = plan.services.iter();
    let writer = services.find(|service| service.compose.packs == PacksMount::ReadWrite);
    writer.map_or(plan.config.user.as_str(), |service| {
        service.image.user.as_str()
    })
}

/// Returns whether a service mounts packs.
pub fn uses_packs(plan: &Plan, service: &Service) -> bool {
    !plan.packs.is_empty() && service.compose.packs != PacksMount::None
}
