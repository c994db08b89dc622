use std::{path::PathBuf, time::Duration};

use attune_common::{boot::About, env::Env, packs};

/// The sensor host's name, version and variables.
pub const ABOUT: About = About {
    name: "attune-sensor",
    version: env!("CARGO_PKG_VERSION"),
    help: "\
ATTUNE_API_URL           the api (http://api:8080)
ATTUNE_NOTIFIER_URL      the notifier, or off (http://notifier:8082)
ATTUNE_PACKS_DIR         the packs (/opt/attune/packs)
ATTUNE_RESCAN_SECONDS    how often the packs are read again (10)
ATTUNE_RESTART_SECONDS   the first pause before a sensor starts again (1); it doubles up to a minute
",
};

/// The sensor host's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The api's address.
    pub api: String,
    /// The notifier's address, if there is one.
    pub notifier: Option<String>,
    /// The packs mount.
    pub packs: PathBuf,
    /// The interval at which the packs are read again.
    pub rescan: Duration,
    /// The pause before a sensor that ended is started again. It doubles up to a minute.
    pub restart: Duration,
}

impl Config {
    /// Reads the variables listed in [`ABOUT`].
    pub fn read(env: &mut Env) -> Self {
        Self {
            api: env.url("ATTUNE_API_URL", "http://api:8080"),
            notifier: env.url_or_off("ATTUNE_NOTIFIER_URL", "http://notifier:8082"),
            packs: env.path("ATTUNE_PACKS_DIR", packs::DEFAULT_DIR),
            rescan: env.seconds("ATTUNE_RESCAN_SECONDS", Duration::from_secs(10)),
            restart: env.seconds("ATTUNE_RESTART_SECONDS", Duration::from_secs(1)),
        }
    }
}
