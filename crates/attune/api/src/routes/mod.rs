//! The HTTP routes of the api, which `openapi.json` describes.

mod events;
mod executions;
mod internal;
mod packs;

use attune_http::HttpError;
use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::header::CONTENT_TYPE,
    routing::{get, post},
};
use serde::Deserialize;

use crate::{App, StoreError};

const OPENAPI: &str = include_str!("openapi.json");

/// Enough for two outputs of a worker's maximum size with every byte escaped, and a result.
const COMPLETION_BYTES: usize = 32 * 1024 * 1024;

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/openapi.json", get(openapi))
        .route("/packs", get(packs::list))
        .route("/packs/{ref}", get(packs::one))
        .route(
            "/executions",
            get(executions::list).post(executions::create),
        )
        .route("/executions/{id}", get(executions::one))
        .route("/events", get(events::list).post(events::add))
        .route("/internal/claim", post(internal::claim))
        .route("/internal/expire", post(internal::expire))
        .route("/internal/executions/{id}/start", post(internal::start))
        .route("/internal/executions/{id}/renew", post(internal::renew))
        .route("/internal/executions/{id}/release", post(internal::release))
        .route(
            "/internal/executions/{id}/complete",
            post(internal::complete).layer(DefaultBodyLimit::max(COMPLETION_BYTES)),
        )
        .with_state(app)
}

async fn openapi() -> ([(axum::http::HeaderName, &'static str); 1], &'static str) {
    ([(CONTENT_TYPE, "application/json")], OPENAPI)
}

/// The maximum number of items in a list.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "u32")]
struct Limit(u32);

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<u32> for Limit {
    type Error = &'static str;

    fn try_from(limit: u32) -> Result<Self, Self::Error> {
        if (1..=500).contains(&limit) {
            Ok(Self(limit))
        } else {
            Err("limit must be between 1 and 500")
        }
    }
}

impl From<StoreError> for HttpError {
    fn from(error: StoreError) -> Self {
        Self::internal(&error)
    }
}

#[cfg(test)]
mod tests;
