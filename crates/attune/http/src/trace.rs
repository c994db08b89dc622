use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::Response,
};

/// Logs every request when it is answered, at the level debug, or warn for a 5xx.
pub(crate) async fn log(request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map_or_else(
        || request.uri().path().to_owned(),
        |matched| matched.as_str().to_owned(),
    );
    let start = Instant::now();
    let response = next.run(request).await;
    let status = response.status();
    let ms = start.elapsed().as_millis();
    if status.is_server_error() {
        tracing::warn!(%method, path, %status, ms, "request");
    } else {
        tracing::debug!(%method, path, %status, ms, "request");
    }
    response
}
