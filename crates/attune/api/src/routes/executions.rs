use attune_common::{Execution, ExecutionId, ExecutionStatus, NewExecution};
use attune_http::{HttpError, Json, Path, Query};
use axum::{extract::State, http::StatusCode};
use serde::Deserialize;

use super::Limit;
use crate::App;

pub(super) async fn create(
    State(app): State<App>,
    Json(new): Json<NewExecution>,
) -> Result<(StatusCode, Json<Execution>), HttpError> {
    let packs = app.packs.load().await;
    let Some(action) = packs.action(&new.action) else {
        return Err(HttpError::unprocessable(format!(
            "there is no usable action \"{}\"; GET /packs lists actions and problems",
            new.action
        )));
    };
    let parameters = action
        .complete(&new.parameters)
        .map_err(|errors| HttpError::unprocessable(errors.join("; ")))?;
    let queued = app
        .store
        .enqueue(&new.action, action.runner, parameters)
        .await?;
    Ok((StatusCode::CREATED, Json(queued)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    status: Option<ExecutionStatus>,
    #[serde(default)]
    limit: Limit,
}

pub(super) async fn list(
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Json<Vec<Execution>>, HttpError> {
    let found = app.store.executions(filter.status, filter.limit.0).await?;
    Ok(Json(found))
}

pub(super) async fn one(
    State(app): State<App>,
    Path(id): Path<ExecutionId>,
) -> Result<Json<Execution>, HttpError> {
    match app.store.execution(id).await? {
        Some(execution) => Ok(Json(execution)),
        None => Err(HttpError::not_found(format!("there is no execution {id}"))),
    }
}
