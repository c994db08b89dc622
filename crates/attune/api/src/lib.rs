//! Attune's api: packs as mounted, executions and events in SQLite.

mod config;
mod packs;
mod routes;
mod store;

use std::{io, time::Duration};

use attune_common::{Shutdown, now_ms};
use attune_http::ServeError;
use thiserror::Error;
use tokio::net::TcpListener;

pub use config::{ABOUT, Config};
use packs::PacksDir;
use store::Store;
pub use store::StoreError;

/// The reasons why the api cannot run.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// Signals cannot be received.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
    /// Requests cannot be received.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The database cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The state that all request handlers share.
#[derive(Clone, Debug)]
struct App {
    store: Store,
    packs: PacksDir,
}

/// Opens and migrates the database and answers requests until `shutdown`.
///
/// # Errors
/// If the database cannot be used or the listener fails.
pub async fn run(
    config: &Config,
    listener: TcpListener,
    shutdown: &Shutdown,
) -> Result<(), ServiceError> {
    let store = Store::open(&config.database, &config.migrations).await?;
    let packs = PacksDir::new(&config.packs);
    packs.load().await.warn();
    let pruner = tokio::spawn(prune(store.clone(), config.keep_events));
    let app = App {
        store: store.clone(),
        packs,
    };
    let served = attune_http::serve(listener, routes::router(app), shutdown).await;
    pruner.abort();
    store.close().await;
    Ok(served?)
}

/// Deletes old events, at start-up and then every hour.
async fn prune(store: Store, keep: Duration) {
    let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
    let mut hour = tokio::time::interval(Duration::from_secs(3600));
    loop {
        hour.tick().await;
        match store.prune_events(now_ms().saturating_sub(keep_ms)).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "deleted old events"),
            Err(error) => tracing::warn!(%error, "cannot delete old events"),
        }
    }
}
