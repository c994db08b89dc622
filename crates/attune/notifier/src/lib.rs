//! Attune's notifier: passes events to all current listeners. It stores none; the api does.

mod config;
mod routes;

use std::io;

use attune_common::Shutdown;
use attune_http::ServeError;
use thiserror::Error;
use tokio::net::TcpListener;

pub use config::{ABOUT, Config};

/// The reasons why the notifier cannot run.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// Signals cannot be received.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
    /// Requests cannot be received.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// Answers requests until `shutdown`, which also ends the streams.
///
/// # Errors
/// If the listener fails.
pub async fn run(
    config: &Config,
    listener: TcpListener,
    shutdown: &Shutdown,
) -> Result<(), ServiceError> {
    let router = routes::router(config.backlog.into(), shutdown.clone());
    Ok(attune_http::serve(listener, router, shutdown).await?)
}
