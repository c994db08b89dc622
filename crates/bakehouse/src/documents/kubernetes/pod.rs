//! The deployment of a service or image, and its pod.

use super::names::label;
use super::order::Order;
use super::parts::{Manifest, labels, literal, metadata};
use super::probe::readiness;
use super::volumes::Volume;
use super::workload::Workload;
use crate::documents::yaml::Yaml;
use crate::names::TargetName;
use crate::plan::config::valid::{PacksMount, State};

/// Returns the deployment of an image.
pub fn deployment(order: &Order<'_>, workload: &Workload<'_>, image: &str) -> Manifest {
    let mut spec = Vec::new();
    if workload.compose.state == Some(State::Volume) {
        // The old pod would keep the volume from the new one.
        let recreate = Yaml::line([("type", Yaml::plain("Recreate"))]);
        spec.push(("strategy", recreate));
    }
    let selector = Yaml::map([("matchLabels", labels(order, workload))]);
    let template = Yaml::map([
        ("metadata", Yaml::map([("labels", labels(order, workload))])),
        ("spec", pod(order, workload, image)),
    ]);
    spec.extend([("selector", selector), ("template", template)]);
    let document = vec![
        ("apiVersion", Yaml::plain("apps/v1")),
        ("kind", Yaml::plain("Deployment")),
        ("metadata", metadata(order, workload, &label(workload.name))),
        ("spec", Yaml::map(spec)),
    ];
    (notes(order, workload), document)
}

/// Returns what the manifest cannot say.
fn notes(order: &Order<'_>, workload: &Workload<'_>) -> Vec<String> {
    let mut notes = vec![workload.what.clone()];
    let needs = workload.compose.depends_on.iter();
    let needs: Vec<&str> = needs.map(TargetName::as_str).collect();
    if !needs.is_empty() {
        notes.push(format!(
            "Not here: `depends-on`. It starts without waiting for {}.",
            needs.join(", ")
        ));
    }
    let packs = workload.compose.packs;
    if workload.user.is_some() && packs != PacksMount::None {
        if order.plan.config.packs_dev.is_some() {
            notes.push("Not here: `packs-dev`, a folder of one machine.".to_owned());
        }
        if packs == PacksMount::ReadWrite && !order.plan.packs.is_empty() {
            notes.push(
                "Not here: `packs = \"rw\"`. Packs that are images cannot be written.".to_owned(),
            );
        }
    }
    notes
}

fn pod(order: &Order<'_>, workload: &Workload<'_>, image: &str) -> Yaml {
    let volumes = Volume::all(order, workload);
    let mut keys = Vec::new();
    if let Some((system, architecture)) = workload.platform(order.plan) {
        let selector = Yaml::map([
            ("kubernetes.io/os", Yaml::plain(system)),
            ("kubernetes.io/arch", Yaml::plain(architecture)),
        ]);
        keys.push(("nodeSelector", selector));
    }
    keys.extend([
        ("automountServiceAccountToken", Yaml::False),
        ("enableServiceLinks", Yaml::False),
    ]);
    if workload.user.is_some() {
        // The first process of a pod handles signals and ends its orphans, as Docker's init does.
        keys.push(("shareProcessNamespace", Yaml::True));
    }
    keys.push(("securityContext", pod_security(workload)));
    let container = container(workload, image, &volumes);
    keys.push(("containers", Yaml::List(vec![container])));
    if !volumes.is_empty() {
        let volumes = volumes.iter().map(Volume::volume);
        keys.push(("volumes", Yaml::List(volumes.collect())));
    }
    Yaml::map(keys)
}

fn pod_security(workload: &Workload<'_>) -> Yaml {
    let mut keys = Vec::new();
    if let Some((user, group)) = workload.user {
        if user != 0 {
            keys.push(("runAsNonRoot", Yaml::True));
        }
        keys.push(("runAsUser", Yaml::Number(user)));
        keys.push(("runAsGroup", Yaml::Number(group)));
        if workload.compose.state == Some(State::Volume) {
            // A new volume belongs to root.
            keys.push(("fsGroup", Yaml::Number(group)));
            keys.push(("fsGroupChangePolicy", Yaml::plain("OnRootMismatch")));
        }
    }
    if workload.ports.iter().any(|port| *port < 1024) {
        // Docker lets everybody listen on these ports.
        let sysctl = Yaml::line([
            ("name", Yaml::plain("net.ipv4.ip_unprivileged_port_start")),
            ("value", Yaml::plain("0")),
        ]);
        keys.push(("sysctls", Yaml::List(vec![sysctl])));
    }
    let seccomp = Yaml::line([("type", Yaml::plain("RuntimeDefault"))]);
    keys.push(("seccompProfile", seccomp));
    Yaml::map(keys)
}

fn container(workload: &Workload<'_>, image: &str, volumes: &[Volume]) -> Yaml {
    let mut keys = vec![
        ("name", Yaml::plain(label(workload.name))),
        ("image", Yaml::plain(image)),
    ];
    if !workload.env.is_empty() {
        let env = workload.env.iter();
        let env = env.map(|(key, value)| {
            Yaml::line([("name", Yaml::plain(key)), ("value", literal(value))])
        });
        keys.push(("env", Yaml::List(env.collect())));
    }
    if !workload.ports.is_empty() {
        let ports = workload.ports.iter();
        let ports =
            ports.map(|port| Yaml::line([("containerPort", Yaml::Number(i64::from(*port)))]));
        keys.push(("ports", Yaml::List(ports.collect())));
    }
    if let Some(probe) = readiness(workload) {
        keys.push(("readinessProbe", probe));
    }
    let mut security = vec![("allowPrivilegeEscalation", Yaml::False)];
    if workload.compose.state.is_some() {
        security.push(("readOnlyRootFilesystem", Yaml::True));
    }
    if workload.user.is_some() {
        // Another Dockerfile may need its privileges.
        let all = Yaml::List(vec![Yaml::plain("ALL")]);
        security.push(("capabilities", Yaml::line([("drop", all)])));
    }
    keys.push(("securityContext", Yaml::map(security)));
    if !volumes.is_empty() {
        let mounts = volumes.iter().map(Volume::mount);
        keys.push(("volumeMounts", Yaml::List(mounts.collect())));
    }
    Yaml::map(keys)
}
