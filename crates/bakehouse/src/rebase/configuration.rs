//! The configuration of an image, as BuildKit writes it, and the same on another base.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::plan::config::shared_libraries::LIBRARY_PATH;
use crate::plan::config::valid::INPUT_HASH_LABEL;
use crate::registry::Digest;

/// A configuration, with the keys in BuildKit's order.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Configuration {
    pub architecture: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub config: Container,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub history: Vec<History>,
    pub os: String,
    #[serde(
        rename = "os.features",
        default,
        deserialize_with = "or_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub os_features: Vec<String>,
    #[serde(
        rename = "os.version",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub os_version: Option<String>,
    pub rootfs: RootFs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// Returns the labels in a configuration as it came; none if it cannot be read.
pub fn labels(configuration: &[u8]) -> BTreeMap<String, String> {
    let read = serde_json::from_slice::<Configuration>(configuration);
    read.map_or_else(|_| BTreeMap::new(), |read| read.config.labels)
}

/// Returns the value that the images of all platforms have in common; `None` if they differ, or there is none.
pub fn common<T: Ord>(values: impl IntoIterator<Item = T>) -> Option<T> {
    let mut values = BTreeSet::from_iter(values);
    let first = values.pop_first()?;
    values.is_empty().then_some(first)
}

/// The settings of containers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Container {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub exposed_ports: BTreeMap<String, Nothing>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub cmd: Vec<String>,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub volumes: BTreeMap<String, Nothing>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stop_signal: String,
    #[serde(skip_serializing_if = "is_false")]
    pub args_escaped: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub on_build: Vec<String>,
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub shell: Vec<String>,
}

/// An empty object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Nothing {}

/// A health check, with times in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Healthcheck {
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    #[serde(skip_serializing_if = "is_zero")]
    pub interval: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub timeout: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub start_period: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub start_interval: i64,
    #[serde(skip_serializing_if = "is_zero")]
    pub retries: i64,
}

/// A step by which an image was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct History {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created_by: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    #[serde(skip_serializing_if = "is_false")]
    pub empty_layer: bool,
}

/// The layers, by the digests of their uncompressed content.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct RootFs {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub diff_ids: Vec<Digest>,
}

fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// The settings that an image's own instructions make. All others are its base's.
#[derive(Clone, Debug, Default)]
pub struct Own<'a> {
    pub env: Vec<&'a str>,
    /// Whether it has libraries in a folder that is put in front of the base's `LD_LIBRARY_PATH`.
    pub libraries: bool,
    pub labels: Vec<&'a str>,
    pub ports: &'a [u16],
    pub stop_signal: bool,
    pub healthcheck: bool,
}

/// The treatment of the times in the base's history.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Times {
    /// They stay.
    Kept,
    /// None is later than that of the image.
    Cut,
}

/// The value of `PATH` that BuildKit gives to images whose base has none.
const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

impl Configuration {
    /// Returns the configuration of the same image on another base, with another input hash: as the same instructions
    /// would make it there.
    ///
    /// # Errors
    /// The reason why it is unknown.
    pub fn onto(
        &self,
        old: &Self,
        new: &Self,
        own: &Own<'_>,
        input_hash: &str,
    ) -> Result<Self, String> {
        if !new.config.on_build.is_empty() {
            return Err(
                "the new base has ONBUILD instructions, which only a build runs".to_owned(),
            );
        }
        let history = self.history.get(old.history.len()..);
        let times = [Times::Kept, Times::Cut].into_iter().find(|times| {
            let base = self.base_history(old, *times);
            self.history.starts_with(&base)
        });
        let (Some(history), Some(times)) = (history, times) else {
            return Err("its history does not begin with that of the old base".to_owned());
        };
        let steps = new.history.iter().filter(|step| !step.empty_layer).count();
        if steps != new.rootfs.diff_ids.len() {
            return Err(format!(
                "the new base has {} layers, and its history {steps}",
                new.rootfs.diff_ids.len()
            ));
        }
        let Some(layers) = self.rootfs.diff_ids.strip_prefix(&*old.rootfs.diff_ids) else {
            return Err("its layers do not begin with those of the old base".to_owned());
        };
        Ok(Self {
            architecture: self.architecture.clone(),
            author: new.author.clone(),
            config: self
                .config
                .onto(&old.config, &new.config, own, input_hash)?,
            created: self.created.clone(),
            history: [&self.base_history(new, times), history].concat(),
            os: self.os.clone(),
            os_features: new.os_features.clone(),
            os_version: new.os_version.clone(),
            rootfs: RootFs {
                kind: self.rootfs.kind.clone(),
                diff_ids: [&*new.rootfs.diff_ids, layers].concat(),
            },
            variant: self.variant.clone(),
        })
    }

    /// Returns the history of a base as it stands in this image.
    fn base_history(&self, base: &Self, times: Times) -> Vec<History> {
        // A step without a time gets one, and from there on all are told from those of the base.
        let mut is_base = times == Times::Kept;
        let steps = base.history.iter().map(|step| {
            is_base &= step.created.is_some();
            let mut step = step.clone();
            if !is_base && is_later(step.created.as_deref(), self.created.as_deref()) {
                step.created.clone_from(&self.created);
            }
            step
        });
        steps.collect()
    }

    /// Returns the first key that differs in another configuration.
    pub fn differing(&self, other: &Self) -> Option<&'static str> {
        let container = (&self.config, &other.config);
        let differs = [
            ("architecture", self.architecture != other.architecture),
            ("author", self.author != other.author),
            ("Env", container.0.env != container.1.env),
            ("Labels", container.0.labels != container.1.labels),
            (
                "ExposedPorts",
                container.0.exposed_ports != container.1.exposed_ports,
            ),
            ("config", self.config != other.config),
            ("created", self.created != other.created),
            ("history", self.history != other.history),
            ("rootfs", self.rootfs != other.rootfs),
            ("os", self != other),
        ];
        let mut found = differs.into_iter().filter(|(_, differs)| *differs);
        found.next().map(|(key, _)| key)
    }
}

fn is_later(time: Option<&str>, than: Option<&str>) -> bool {
    let parse = |text: &str| text.parse::<Timestamp>().ok();
    match (time.map(parse), than.and_then(parse)) {
        (Some(Some(time)), Some(than)) => time > than,
        (_, than) => than.is_some(),
    }
}

impl Container {
    fn onto(
        &self,
        old: &Self,
        new: &Self,
        own: &Own<'_>,
        input_hash: &str,
    ) -> Result<Self, String> {
        let mut result = new.clone();
        result.user.clone_from(&self.user);
        result.working_dir.clone_from(&self.working_dir);
        result.entrypoint.clone_from(&self.entrypoint);
        // An entry point takes the base's arguments away.
        result.cmd.clone_from(&self.cmd);
        result.args_escaped = self.args_escaped;
        let ports = own.ports.iter();
        let ports = ports.map(|port| (format!("{port}/tcp"), Nothing {}));
        result.exposed_ports.extend(ports);
        if own.stop_signal {
            result.stop_signal.clone_from(&self.stop_signal);
        }
        if own.healthcheck {
            result.healthcheck.clone_from(&self.healthcheck);
        }
        let given = self.labels.iter().filter(|(key, value)| {
            own.labels.contains(&key.as_str()) || old.labels.get(*key) != Some(value)
        });
        let given = given.map(|(key, value)| (key.clone(), value.clone()));
        result.labels.extend(given);
        let hash = (INPUT_HASH_LABEL.to_owned(), input_hash.to_owned());
        result.labels.extend([hash]);
        if find(&result.env, "PATH").is_none() {
            result.env.push(PATH.to_owned());
        }
        let mut variables = own.env.clone();
        if own.libraries && !variables.contains(&LIBRARY_PATH) {
            let of_base = [old, new].map(|base| find(&base.env, LIBRARY_PATH));
            if of_base.iter().any(Option::is_some) {
                return Err(format!(
                    "a base sets {LIBRARY_PATH}, which the image goes on from"
                ));
            }
            variables.push(LIBRARY_PATH);
        }
        for name in variables {
            let Some(at) = find(&self.env, name) else {
                return Err(format!("it does not have the variable {name}"));
            };
            let value = self.env[at].clone();
            match find(&result.env, name) {
                Some(at) => result.env[at] = value,
                None => result.env.push(value),
            }
        }
        Ok(result)
    }
}

/// Returns the place of a variable.
fn find(env: &[String], name: &str) -> Option<usize> {
    let is_it = |entry: &String| entry.split('=').next() == Some(name);
    env.iter().position(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::documents::compact;

    fn read(text: &str) -> Configuration {
        serde_json::from_str(text).unwrap()
    }

    fn layer(name: &str) -> Digest {
        Digest::of(name.as_bytes())
    }

    fn base(name: &str, config: &str) -> Configuration {
        read(&format!(
            r#"{{"architecture":"amd64","os":"linux","config":{config},"created":"2026-01-02T00:00:00Z",
            "history":[{{"created":"2026-01-01T00:00:00Z","created_by":"{name}"}},{{"created":"2026-01-02T00:00:00Z","created_by":"CMD","empty_layer":true}}],
            "rootfs":{{"type":"layers","diff_ids":["{}"]}}}}"#,
            layer(name)
        ))
    }

    fn image(base: &str, config: &str, hash: &str, base_time: &str) -> String {
        format!(
            r#"{{"architecture":"amd64","config":{},"created":"1970-01-01T00:00:00Z","history":[{{"created":"{}","created_by":"{base}"}},{{"created":"{}","created_by":"CMD","empty_layer":true}},{{"created":"1970-01-01T00:00:00Z","created_by":"COPY / / \u0026\u0026","comment":"buildkit.dockerfile.v0"}}],"os":"linux","rootfs":{{"type":"layers","diff_ids":["{}","{}"]}}}}"#,
            config.replace("HASH", hash),
            match base_time {
                "" => "2026-01-01T00:00:00Z",
                time => time,
            },
            match base_time {
                "" => "2026-01-02T00:00:00Z",
                time => time,
            },
            layer(base),
            layer("own")
        )
    }

    const OLD: &str = r#"{"Env":["PATH=/bin","LANG=C","OLD=1"],"Cmd":["bash"],"Labels":{"of":"old","kept":"x"},"StopSignal":"SIGQUIT"}"#;
    const NEW: &str = r#"{"Env":["PATH=/sbin","NEW=1","LANG=D"],"Cmd":["sh"],"Labels":{"of":"new","own":"base's"},"Volumes":{"/v":{}},"ExposedPorts":{"1/tcp":{}}}"#;
    const ON_OLD: &str = r#"{"User":"1:1","ExposedPorts":{"80/tcp":{}},"Env":["PATH=/bin","LANG=C","OLD=1","OWN=2"],"Entrypoint":["/api"],"WorkingDir":"/app","Labels":{"dev.bakehouse.input-hash":"HASH","given":"by a bake","kept":"x","of":"old","own":"own"},"StopSignal":"SIGQUIT"}"#;
    const ON_NEW: &str = r#"{"User":"1:1","ExposedPorts":{"1/tcp":{},"80/tcp":{}},"Env":["PATH=/sbin","NEW=1","LANG=C","OWN=2"],"Entrypoint":["/api"],"Volumes":{"/v":{}},"WorkingDir":"/app","Labels":{"dev.bakehouse.input-hash":"HASH","given":"by a bake","of":"new","own":"own"}}"#;

    fn own<'a>() -> Own<'a> {
        Own {
            env: vec!["LANG", "OWN"],
            labels: vec!["own"],
            ports: &[80],
            ..Own::default()
        }
    }

    #[test]
    fn everything_of_the_base_is_exchanged_and_nothing_else() {
        let (old, new) = (base("old", OLD), base("new", NEW));
        for time in ["", "1970-01-01T00:00:00Z"] {
            let text = image("old", ON_OLD, "1", time);
            let published = read(&text);
            let same = published.onto(&old, &old, &own(), "1").unwrap();
            assert_eq!(String::from_utf8_lossy(&compact(&same)), text);
            let moved = published.onto(&old, &new, &own(), "2").unwrap();
            let expected = image("new", ON_NEW, "2", time);
            assert_eq!(String::from_utf8_lossy(&compact(&moved)), expected);
        }
    }

    #[test]
    fn a_base_without_a_path_gets_the_usual_one() {
        let bare = base("bare", "null");
        let on_bare = format!(r#"{{"Env":["{PATH}"]}}"#);
        let published = read(&image("bare", &on_bare, "", ""));
        let moved = published.onto(&bare, &bare, &Own::default(), "1").unwrap();
        assert_eq!(moved.config.env, [PATH]);
    }

    #[test]
    fn images_that_are_not_on_the_base_are_refused() {
        let (old, new) = (base("old", OLD), base("new", NEW));
        let published = read(&image("old", ON_OLD, "1", ""));
        let mut on_build = new.clone();
        on_build.config.on_build = vec!["RUN x".to_owned()];
        let mut short = new.clone();
        short.history.clear();
        let mut other_layers = old.clone();
        other_layers.rootfs.diff_ids = vec![layer("other")];
        let libraries = Own {
            libraries: true,
            ..own()
        };
        let mut with_path = new.clone();
        with_path.config.env.push("LD_LIBRARY_PATH=/x".to_owned());
        let table = [
            (&old, &on_build, own(), "ONBUILD"),
            (&old, &short, own(), "1 layers, and its history 0"),
            (&new, &old, own(), "history does not begin"),
            (&other_layers, &new, own(), "layers do not begin"),
            (&old, &with_path, libraries, "LD_LIBRARY_PATH"),
        ];
        for (old, new, own, expected) in table {
            let why = published.onto(old, new, &own, "2").unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
    }
}
