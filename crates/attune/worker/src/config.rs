use std::{num::NonZeroU16, path::PathBuf, time::Duration};

use attune_common::{Runner, boot::About, env::Env, packs};

use crate::interpreters::Interpreters;

/// The worker's name, version and variables.
pub const ABOUT: About = About {
    name: "attune-worker",
    version: env!("CARGO_PKG_VERSION"),
    help: "\
ATTUNE_API_URL           the api (http://api:8080)
ATTUNE_EXECUTOR_URL      the executor (http://executor:8081)
ATTUNE_NOTIFIER_URL      the notifier, or off (http://notifier:8082)
ATTUNE_PACKS_DIR         the packs (/opt/attune/packs)
ATTUNE_WORKER_RUNNERS    shell, python, node, comma-separated (whatever is on PATH)
ATTUNE_WORKER_NAME       a name, unique among the workers (the host's name and the process id)
ATTUNE_WORKER_SLOTS      how many actions run at once (2)
ATTUNE_OUTPUT_BYTES      how much of each output is kept, 1048576 at most (262144)
ATTUNE_DRAIN_SECONDS     how long running actions may go on after SIGTERM (6)
",
};

/// The api accepts two outputs of this size even if every byte needs escaping.
const MAX_OUTPUT_BYTES: usize = 1024 * 1024;

/// The worker's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The api's address.
    pub api: String,
    /// The executor's address.
    pub executor: String,
    /// The notifier's address, if there is one.
    pub notifier: Option<String>,
    /// The packs mount.
    pub packs: PathBuf,
    /// The interpreters that actions run with.
    pub interpreters: Interpreters,
    /// The worker's name.
    pub name: String,
    /// The number of actions that run at once.
    pub slots: NonZeroU16,
    /// The number of bytes that are kept of each output.
    pub output_bytes: usize,
    /// The time for which running actions may continue after a shutdown. Then they are queued again.
    pub drain: Duration,
}

impl Config {
    /// Reads the variables listed in [`ABOUT`], and looks for interpreters on PATH.
    pub fn read(env: &mut Env) -> Self {
        let wanted = env.list::<Runner>(
            "ATTUNE_WORKER_RUNNERS",
            "a comma-separated list of shell, python, node",
        );
        let path = env.path("PATH", "");
        let found = Interpreters::on_path(path.as_os_str());
        let interpreters = match wanted {
            None if found.runners().is_empty() => {
                Err("none of bash, sh, python3, node is on PATH; install one".into())
            }
            None => Ok(found),
            Some(wanted) => found.only(&wanted),
        };
        let interpreters = interpreters.unwrap_or_else(|message| {
            env.reject(format!("ATTUNE_WORKER_RUNNERS: {message}"));
            Interpreters::default()
        });
        let config = Self {
            api: env.url("ATTUNE_API_URL", "http://api:8080"),
            executor: env.url("ATTUNE_EXECUTOR_URL", "http://executor:8081"),
            notifier: env.url_or_off("ATTUNE_NOTIFIER_URL", "http://notifier:8082"),
            packs: env.path("ATTUNE_PACKS_DIR", packs::DEFAULT_DIR),
            interpreters,
            name: env.parse("ATTUNE_WORKER_NAME", default_name(), "a name"),
            slots: env.parse(
                "ATTUNE_WORKER_SLOTS",
                NonZeroU16::MIN.saturating_add(1),
                "a number between 1 and 65535",
            ),
            output_bytes: env.parse("ATTUNE_OUTPUT_BYTES", 256 * 1024, "a number of bytes"),
            drain: env.seconds("ATTUNE_DRAIN_SECONDS", Duration::from_secs(6)),
        };
        if config.output_bytes > MAX_OUTPUT_BYTES {
            env.reject(format!(
                "ATTUNE_OUTPUT_BYTES must be at most {MAX_OUTPUT_BYTES}"
            ));
        }
        config
    }
}

fn default_name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.is_empty() {
        "worker"
    } else {
        host.trim()
    };
    format!("{host}-{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_of_all_kinds_are_reported_together() {
        let mut env = Env::of([
            ("PATH", "/nowhere"),
            ("ATTUNE_WORKER_RUNNERS", "python"),
            ("ATTUNE_WORKER_SLOTS", "0"),
            ("ATTUNE_OUTPUT_BYTES", "99999999"),
        ]);
        Config::read(&mut env);
        let errors = env.finish().unwrap_err();
        assert_eq!(errors.0.len(), 3, "{errors}");
        assert!(errors.0[0].contains("python3"), "{errors}");
    }
}
