use std::net::SocketAddr;

use attune_common::{boot::About, env::Env};

/// The notifier's name, version and variables.
pub const ABOUT: About = About {
    name: "attune-notifier",
    version: env!("CARGO_PKG_VERSION"),
    help: "\
ATTUNE_LISTEN            where to listen (0.0.0.0:8082)
ATTUNE_BACKLOG           how many events a slow listener may lag behind (256)
",
};

/// The notifier's settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The number of events that a slow listener may lag behind before it misses some.
    pub backlog: u16,
}

impl Config {
    /// Reads the variables listed in [`ABOUT`].
    pub fn read(env: &mut Env) -> Self {
        let config = Self {
            listen: env.parse(
                "ATTUNE_LISTEN",
                ([0, 0, 0, 0], 8082).into(),
                "an address and port such as 0.0.0.0:8082",
            ),
            backlog: env.parse("ATTUNE_BACKLOG", 256, "a number between 1 and 65535"),
        };
        if config.backlog == 0 {
            env.reject("ATTUNE_BACKLOG is 0 but must be a number between 1 and 65535");
        }
        config
    }
}
