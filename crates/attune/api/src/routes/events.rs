use attune_common::Event;
use attune_http::{HttpError, Json, Query};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;

use super::Limit;
use crate::App;

pub(super) async fn add(
    State(app): State<App>,
    Json(event): Json<Event>,
) -> Result<(StatusCode, Json<Event>), HttpError> {
    if event.kind.is_empty() {
        return Err(HttpError::unprocessable("kind must not be empty"));
    }
    app.store.add_event(&event).await?;
    Ok((StatusCode::CREATED, Json(event)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    kind: Option<String>,
    #[serde(default)]
    limit: Limit,
}

pub(super) async fn list(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Vec<Event>>, HttpError> {
    let kind = filter.kind.as_deref();
    Ok(Json(app.store.events(kind, filter.limit.0).await?))
}
