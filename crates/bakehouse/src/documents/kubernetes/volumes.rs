//! The folders of a pod that are not in its image.

use super::names::{label, state_claim};
use super::order::Order;
use super::workload::Workload;
use crate::documents::yaml::Yaml;
use crate::plan::config::valid::{PacksMount, State};

/// A volume and its mount.
pub struct Volume {
    name: String,
    source: (&'static str, Yaml),
    path: String,
    is_read_only: bool,
}

impl Volume {
    /// Returns those of a service.
    pub fn all(order: &Order<'_>, workload: &Workload<'_>) -> Vec<Self> {
        let mut volumes = Vec::new();
        if workload.compose.state.is_some() {
            volumes.push(Self::scratch("tmp", "/tmp", []));
        }
        let workdir = workload.workdir.unwrap_or_default();
        match workload.compose.state {
            Some(State::Volume) => volumes.push(Self {
                name: "state".to_owned(),
                source: (
                    "persistentVolumeClaim",
                    Yaml::line([("claimName", Yaml::plain(state_claim(workload.name)))]),
                ),
                path: workdir.to_owned(),
                is_read_only: false,
            }),
            Some(State::Memory) => {
                let medium = [("medium", Yaml::plain("Memory"))];
                volumes.push(Self::scratch("state", workdir, medium));
            }
            Some(State::None) | None => {}
        }
        let config = &order.plan.config;
        let uses_packs = workload.user.is_some() && workload.compose.packs != PacksMount::None;
        let packs = order.plan.packs.iter().filter(|_| uses_packs);
        volumes.extend(packs.map(|pack| {
            let reference = order.packs.get(&pack.name).map_or("", String::as_str);
            Self {
                name: label(&pack.image()),
                source: (
                    "image",
                    Yaml::line([
                        ("reference", Yaml::plain(reference)),
                        ("pullPolicy", Yaml::plain("IfNotPresent")),
                    ]),
                ),
                path: config.packs_path.join(&pack.name).into_string(),
                is_read_only: true,
            }
        }));
        volumes
    }

    fn scratch<const N: usize>(name: &str, path: &str, keys: [(&str, Yaml); N]) -> Self {
        Self {
            name: name.to_owned(),
            source: ("emptyDir", Yaml::line(keys)),
            path: path.to_owned(),
            is_read_only: false,
        }
    }

    /// Returns its entry among the mounts of the container.
    pub fn mount(&self) -> Yaml {
        let mut keys = vec![
            ("name", Yaml::plain(&self.name)),
            ("mountPath", Yaml::plain(&self.path)),
        ];
        if self.is_read_only {
            keys.push(("readOnly", Yaml::True));
        }
        Yaml::line(keys)
    }

    /// Returns its entry among the volumes of the pod.
    pub fn volume(&self) -> Yaml {
        let (kind, source) = self.source.clone();
        Yaml::map([("name", Yaml::plain(&self.name)), (kind, source)])
    }
}
