use std::{io, net::SocketAddr};

use attune_common::Shutdown;
use axum::{Router, http::StatusCode, middleware, routing::get};
use thiserror::Error;
use tokio::net::TcpListener;

use crate::{HttpError, trace};

/// The reasons why a service cannot listen.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address is in use, or does not belong to this host.
    #[error("cannot listen on {address}; choose another with ATTUNE_LISTEN")]
    Bind {
        /// The requested address.
        address: SocketAddr,
        /// The system's error.
        source: io::Error,
    },
    /// The listener failed.
    #[error("the listener failed")]
    Serve(#[source] io::Error),
}

/// Listens on `address`. Port 0 selects a free port.
///
/// # Errors
/// If the address is not available.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listener = TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Bind { address, source })?;
    tracing::info!(%address, "listening");
    Ok(listener)
}

/// Serves `router` with `GET /health`, JSON responses for unknown routes and a request log, until `shutdown`. Pending
/// requests are finished first.
///
/// # Errors
/// If the listener fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: &Shutdown,
) -> Result<(), ServeError> {
    let router = router
        .route("/health", get(async || "ok"))
        .fallback(async || HttpError::not_found("there is no such route"))
        .method_not_allowed_fallback(async || {
            let message = "this route takes another method";
            HttpError::new(StatusCode::METHOD_NOT_ALLOWED, message)
        })
        .layer(middleware::from_fn(trace::log));
    let stop = shutdown.clone();
    axum::serve(listener, router)
        .with_graceful_shutdown(async move { stop.wait().await })
        .await
        .map_err(ServeError::Serve)
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn health_unknown_routes_and_shutdown() {
        let listener = bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = Shutdown::default();
        let stop = shutdown.clone();
        let server = tokio::spawn(async move { serve(listener, Router::new(), &stop).await });
        assert!(get(address, "/health").await.ends_with("\r\n\r\nok"));
        let unknown = get(address, "/nothing").await;
        assert!(unknown.starts_with("HTTP/1.1 404"), "{unknown}");
        assert!(unknown.contains("{\"error\":"), "{unknown}");
        shutdown.trigger();
        server.await.unwrap().unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_taken_address_is_named() {
        let first = bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = first.local_addr().unwrap();
        let error = bind(address).await.unwrap_err().to_string();
        assert!(error.contains(&address.to_string()), "{error}");
    }
}
