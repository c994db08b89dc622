//! Attune's executor: hands queued executions to workers, and takes them back from dead ones. It keeps no state, so it
//! can be restarted, or run twice, at any time.

mod config;
mod expiry;
mod work;

use std::{io, sync::Arc, time::Duration};

use attune_client::{Api, Notifier, Retry};
use attune_common::Shutdown;
use attune_http::ServeError;
use axum::{Router, routing::post};
use thiserror::Error;
use tokio::net::TcpListener;

pub use config::{ABOUT, Config};

/// The reasons why the executor cannot run.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// Signals cannot be received.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
    /// Requests cannot be received.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

#[derive(Debug)]
struct App {
    api: Api,
    notifier: Notifier,
    lease: Duration,
    poll: Duration,
    wait: Duration,
    shutdown: Shutdown,
}

/// Answers requests until `shutdown`.
///
/// # Errors
/// If the listener fails. An api that does not answer is waited for.
pub async fn run(
    config: &Config,
    listener: TcpListener,
    shutdown: &Shutdown,
) -> Result<(), ServiceError> {
    let app = Arc::new(App {
        api: Api::new(&config.api, Retry::default()),
        notifier: Notifier::new(config.notifier.as_deref()),
        lease: config.lease,
        poll: config.poll,
        wait: config.wait,
        shutdown: shutdown.clone(),
    });
    let expiry = tokio::spawn(expiry::watch(Arc::clone(&app)));
    let router = Router::new()
        .route("/work/next", post(work::next))
        .with_state(app);
    let served = attune_http::serve(listener, router, shutdown).await;
    expiry.abort();
    Ok(served?)
}
