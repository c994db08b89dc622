//! Health checks as probes.

use super::duration::seconds;
use super::parts::literal;
use super::workload::Workload;
use crate::documents::compose::{INTERVAL, TIMEOUT};
use crate::documents::yaml::Yaml;
use crate::plan::config::valid::{Health, Healthcheck};

/// Docker's times for a check that names none.
const DOCKERS: &str = "30s";

/// Returns the probe that says whether a pod gets requests. As under Compose, nothing is restarted by it.
pub fn readiness(workload: &Workload<'_>) -> Option<Yaml> {
    let times = |interval: &str, timeout: &str| {
        vec![
            ("periodSeconds", Yaml::Number(seconds(interval))),
            ("timeoutSeconds", Yaml::Number(seconds(timeout))),
        ]
    };
    if let Some(health) = &workload.compose.health {
        let check = match health {
            Health::Get { port, path } => {
                let get = Yaml::line([
                    ("path", Yaml::plain(path)),
                    ("port", Yaml::Number(i64::from(*port))),
                ]);
                ("httpGet", get)
            }
            Health::Command(command) => exec(command),
        };
        let keys = [check].into_iter().chain(times(INTERVAL, TIMEOUT));
        return Some(Yaml::map(keys));
    }
    let Healthcheck {
        command,
        interval,
        timeout,
        // A pod that is not well yet only gets no requests.
        start_period: _,
        retries,
    } = workload.healthcheck?;
    let interval = interval.as_deref().unwrap_or(DOCKERS);
    let timeout = timeout.as_deref().unwrap_or(DOCKERS);
    let mut keys = vec![exec(command)];
    keys.extend(times(interval, timeout));
    if let Some(retries) = retries {
        keys.push(("failureThreshold", Yaml::Number(i64::from(*retries))));
    }
    Some(Yaml::map(keys))
}

fn exec(command: &[String]) -> (&'static str, Yaml) {
    let words = command.iter().map(|word| literal(word)).collect();
    let command = Yaml::Line(Box::new(Yaml::List(words)));
    ("exec", Yaml::map([("command", command)]))
}
