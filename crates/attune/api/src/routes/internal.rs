//! Routes for the executor and the workers only. They must not be reachable from the public network.

use attune_common::{Claim, Completion, Execution, ExecutionId, Lease, now_ms};
use attune_http::{HttpError, Json, Path};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{App, StoreError, store::Change};

type Changed = Result<Json<Execution>, HttpError>;

/// Claims the next execution; answers 204 if there is none.
pub(super) async fn claim(
    State(app): State<App>,
    Json(claim): Json<Claim>,
) -> Result<Response, HttpError> {
    Ok(match app.store.claim(&claim).await? {
        Some(execution) => Json(execution).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

pub(super) async fn expire(State(app): State<App>) -> Result<Json<Vec<Execution>>, HttpError> {
    Ok(Json(app.store.expire(now_ms()).await?))
}

pub(super) async fn start(
    State(app): State<App>,
    Path(id): Path<ExecutionId>,
    Json(lease): Json<Lease>,
) -> Changed {
    answer(id, app.store.start(id, lease).await)
}

pub(super) async fn renew(
    State(app): State<App>,
    Path(id): Path<ExecutionId>,
    Json(lease): Json<Lease>,
) -> Changed {
    answer(id, app.store.renew(id, lease).await)
}

pub(super) async fn release(
    State(app): State<App>,
    Path(id): Path<ExecutionId>,
    Json(lease): Json<Lease>,
) -> Changed {
    answer(id, app.store.release(id, lease).await)
}

pub(super) async fn complete(
    State(app): State<App>,
    Path(id): Path<ExecutionId>,
    Json(end): Json<Completion>,
) -> Changed {
    if !end.status.is_final() {
        let message = format!("status {} does not end an execution", end.status);
        return Err(HttpError::unprocessable(message));
    }
    answer(id, app.store.complete(id, &end).await)
}

fn answer(id: ExecutionId, change: Result<Change, StoreError>) -> Changed {
    match change? {
        Change::Done(execution) => Ok(Json(*execution)),
        Change::Lost => Err(HttpError::conflict(format!(
            "this attempt no longer holds execution {id}; drop it"
        ))),
        Change::Unknown => Err(HttpError::not_found(format!("there is no execution {id}"))),
    }
}
