use std::{net::SocketAddr, time::Duration};

use attune_common::{boot::About, env::Env};

/// The executor's name, version and variables.
pub const ABOUT: About = About {
    name: "attune-executor",
    version: env!("CARGO_PKG_VERSION"),
    help: "\
ATTUNE_LISTEN            where to listen (0.0.0.0:8081)
ATTUNE_API_URL           the api (http://api:8080)
ATTUNE_NOTIFIER_URL      the notifier, or off (http://notifier:8082)
ATTUNE_LEASE_SECONDS     how long a worker may stay silent (30)
ATTUNE_POLL_SECONDS      how often the queue is looked at for a waiting worker (0.5)
ATTUNE_WAIT_SECONDS      how long a worker may wait for work, 30 at most (20)
",
};

/// The executor's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The api's address.
    pub api: String,
    /// The notifier's address, if there is one.
    pub notifier: Option<String>,
    /// The time for which a worker may be silent before its execution is queued again.
    pub lease: Duration,
    /// The pause between two queries of the queue for a waiting worker.
    pub poll: Duration,
    /// The time for which a worker waits for work before the answer is that there is none.
    pub wait: Duration,
}

impl Config {
    /// Reads the variables listed in [`ABOUT`].
    pub fn read(env: &mut Env) -> Self {
        let config = Self {
            listen: env.parse(
                "ATTUNE_LISTEN",
                ([0, 0, 0, 0], 8081).into(),
                "an address and port such as 0.0.0.0:8081",
            ),
            api: env.url("ATTUNE_API_URL", "http://api:8080"),
            notifier: env.url_or_off("ATTUNE_NOTIFIER_URL", "http://notifier:8082"),
            lease: env.seconds("ATTUNE_LEASE_SECONDS", Duration::from_secs(30)),
            poll: env.seconds("ATTUNE_POLL_SECONDS", Duration::from_millis(500)),
            wait: env.seconds("ATTUNE_WAIT_SECONDS", Duration::from_secs(20)),
        };
        // The workers' client times out after a minute.
        if config.wait > Duration::from_secs(30) {
            env.reject("ATTUNE_WAIT_SECONDS must be at most 30");
        }
        config
    }
}
