//! Attune's sensor host: runs the sensors of all packs and sends their output lines as events.

mod backoff;
mod config;
mod host;
mod publish;
mod watch;

use std::time::Duration;

use attune_common::Shutdown;
use tokio::sync::mpsc;

pub use config::{ABOUT, Config};

/// Runs sensors until `shutdown`, then stops them and sends the remaining events.
pub async fn run(config: &Config, shutdown: &Shutdown) {
    // While the api is unavailable, the channel fills up and then the sensors block.
    let (events, queue) = mpsc::channel(256);
    let mut publisher = tokio::spawn(publish::publish(config.clone(), queue));
    host::run(config, events, shutdown).await;
    let drained = tokio::time::timeout(Duration::from_secs(4), &mut publisher).await;
    if drained.is_err() {
        tracing::error!("the last events are lost: the api did not take them in time");
        publisher.abort();
    }
}
