//! Attune's sensor host: runs the sensors of all packs and sends what they print as events.

mod backoff;
mod config;
mod host;
mod publish;
mod watch;

use std::time::Duration;

use attune_common::Shutdown;
use tokio::sync::mpsc;

pub use config::{ABOUT, Config};

/// Runs sensors until `shutdown`, then stops them and sends what they said before.
pub async fn run(config: &Config, shutdown: &Shutdown) {
    // While the api is away this fills up, and then the sensors wait with it.
    let (events, queue) = mpsc::channel(256);
    let mut publisher = tokio::spawn(publish::publish(config.clone(), queue));
    host::run(config, events, shutdown).await;
    let drained = tokio::time::timeout(Duration::from_secs(4), &mut publisher).await;
    if drained.is_err() {
        tracing::error!("the last events are lost: the api did not take them in time");
        publisher.abort();
    }
}
