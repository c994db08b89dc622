//! One service of the compose file.

use super::health::check;
use super::packs::{INIT, VOLUME, uses_packs};
use super::parts::{SERVICE, bind, path};
use super::watch::Watch;
use crate::documents::yaml::Yaml;
use crate::names::TargetName;
use crate::plan::Plan;
use crate::plan::config::valid::{PacksMount, State};
use crate::plan::service::Service;

/// Returns the keys of a service, except its image.
pub fn service(plan: &Plan, service: &Service, watch: &Watch) -> Vec<(&'static str, Yaml)> {
    let mut keys = vec![("<<", Yaml::alias(SERVICE))];
    if let Some(state) = service.compose.state {
        keys.push(("read_only", Yaml::True));
        keys.push((
            "tmpfs",
            Yaml::words(memory(service, state).iter().map(String::as_str)),
        ));
    }
    if !service.image.env.is_empty() {
        let env = service.image.env.iter();
        let env = env.map(|(key, value)| (key.clone(), Yaml::text(value)));
        keys.push(("environment", Yaml::Map(env.collect())));
    }
    if !service.image.ports.is_empty() {
        let ports = service.image.ports.iter();
        let ports = ports.map(|port| published_as(plan, &service.name, *port));
        keys.push(("ports", Yaml::List(ports.collect())));
    }
    let mut mounts = Vec::new();
    if uses_packs(plan, service) {
        let mut mount = vec![
            ("type", Yaml::text("volume")),
            ("source", Yaml::text(VOLUME)),
            ("target", Yaml::text(plan.config.packs_path.as_str())),
        ];
        if service.compose.packs == PacksMount::ReadOnly {
            mount.push(("read_only", Yaml::True));
        }
        mounts.push(Yaml::line(mount));
    }
    mounts.extend(own_mounts(plan, service));
    if !mounts.is_empty() {
        keys.push(("volumes", Yaml::List(mounts)));
    }
    let needs = needs(plan, service, uses_packs(plan, service));
    if !needs.is_empty() {
        keys.push(("depends_on", Yaml::Map(needs)));
    }
    if let Some(health) = &service.compose.health {
        keys.push(("healthcheck", check(health)));
    }
    keys.push(("develop", watch.of(service)));
    keys
}

/// Returns the folders that are kept in memory.
fn memory(service: &Service, state: State) -> Vec<String> {
    let mut folders = vec!["/tmp".to_owned()];
    if state == State::Memory {
        let (uid, gid) = service.image.user.split_once(':').unwrap_or_default();
        folders.push(format!(
            "{}:uid={uid},gid={gid},mode=0750",
            service.image.workdir
        ));
    }
    folders
}

/// Publishes a port: on the same port of the host, or on a free one if several services or images use that port.
pub fn published_as(plan: &Plan, name: &str, port: u16) -> Yaml {
    let services = plan.services.iter();
    let services = services.map(|other| (&other.name, &other.image.ports));
    let images = plan.images.iter();
    let images = images.map(|other| (&other.config.name, &other.config.ports));
    let mut others = services.chain(images);
    let taken = others.any(|(other, ports)| **other != *name && ports.contains(&port));
    let default = if taken {
        String::new()
    } else {
        port.to_string()
    };
    let name = name.to_ascii_uppercase().replace('-', "_");
    Yaml::Template(format!(
        "${{BIND:-127.0.0.1}}:${{PORT_{name}_{port}:-{default}}}:{port}"
    ))
}

/// Returns the mounts of a service, except the packs.
pub fn own_mounts(plan: &Plan, service: &Service) -> Vec<Yaml> {
    let mut mounts = Vec::new();
    if let Some(folder) = &plan.config.packs_dev
        && service.compose.packs != PacksMount::None
    {
        let target = format!("{}.dev", plan.config.packs_path);
        mounts.push(bind(path(plan, folder), &target, false));
    }
    if service.compose.state == Some(State::Volume) {
        mounts.push(Yaml::line([
            ("type", Yaml::text("volume")),
            ("source", Yaml::text(state_volume(service))),
            ("target", Yaml::text(service.image.workdir.as_str())),
        ]));
    }
    mounts
}

/// Returns the name of the volume for the state of a service.
pub fn state_volume(service: &Service) -> String {
    format!("{}_state", service.name)
}

/// Returns the services that must start first.
pub fn needs(plan: &Plan, service: &Service, packs: bool) -> Vec<(String, Yaml)> {
    let mut needs = Vec::new();
    if packs {
        let condition = Yaml::line([
            ("condition", Yaml::text("service_completed_successfully")),
            ("restart", Yaml::True),
        ]);
        needs.push((INIT.to_owned(), condition));
    }
    needs.extend(needs_of(plan, &service.compose.depends_on));
    needs
}

/// Returns the services and images of a list, with the condition that lets others start.
pub fn needs_of(plan: &Plan, names: &[TargetName]) -> Vec<(String, Yaml)> {
    let mut needs = Vec::new();
    for name in names {
        let services = plan.services.iter();
        let services = services.map(|other| {
            let is_checked = other.compose.health.is_some() || other.image.healthcheck.is_some();
            (&other.name, is_checked)
        });
        let images = plan.images.iter();
        let images =
            images.map(|other| (&other.config.name, other.config.compose.health.is_some()));
        let mut others = services.chain(images);
        let is_checked = others.any(|(other, is_checked)| other == name && is_checked);
        let condition = if is_checked {
            "service_healthy"
        } else {
            "service_started"
        };
        needs.push((
            String::from(name),
            Yaml::line([("condition", Yaml::text(condition))]),
        ));
    }
    needs
}
