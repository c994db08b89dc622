use std::{net::SocketAddr, path::PathBuf, time::Duration};

use attune_common::{boot::About, env::Env, packs};

/// The api's name, version and variables.
pub const ABOUT: About = About {
    name: "attune-api",
    version: env!("CARGO_PKG_VERSION"),
    help: "\
ATTUNE_LISTEN            where to listen (0.0.0.0:8080)
ATTUNE_DATABASE          the SQLite file (/var/lib/attune/attune.db)
ATTUNE_MIGRATIONS_DIR    the SQL migrations (/opt/attune/migrations)
ATTUNE_PACKS_DIR         the packs (/opt/attune/packs)
ATTUNE_EVENTS_KEEP_SECONDS  how long events are kept (604800, a week)
",
};

/// The api's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The SQLite file. The file and its folder are created if missing.
    pub database: PathBuf,
    /// The folder of SQL migrations.
    pub migrations: PathBuf,
    /// The packs mount.
    pub packs: PathBuf,
    /// The time for which events are kept.
    pub keep_events: Duration,
}

impl Config {
    /// Reads the variables listed in [`ABOUT`].
    pub fn read(env: &mut Env) -> Self {
        Self {
            listen: env.parse(
                "ATTUNE_LISTEN",
                ([0, 0, 0, 0], 8080).into(),
                "an address and port such as 0.0.0.0:8080",
            ),
            database: env.path("ATTUNE_DATABASE", "/var/lib/attune/attune.db"),
            migrations: env.path("ATTUNE_MIGRATIONS_DIR", "/opt/attune/migrations"),
            packs: env.path("ATTUNE_PACKS_DIR", packs::DEFAULT_DIR),
            keep_events: env.seconds("ATTUNE_EVENTS_KEEP_SECONDS", Duration::from_secs(7 * 86400)),
        }
    }
}
