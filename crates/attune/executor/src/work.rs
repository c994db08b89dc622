use std::{sync::Arc, time::Instant};

use attune_common::{Claim, Event, ExecutionStatus, Work, WorkRequest};
use attune_http::{HttpError, Json};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::App;

/// Waits until there is work for one of the worker's runners. Answers 204 if there is none in time.
///
/// If a worker disconnects during a claim, the execution is queued again when its lease expires.
pub(crate) async fn next(
    State(app): State<Arc<App>>,
    Json(request): Json<WorkRequest>,
) -> Result<Response, HttpError> {
    if request.runners.is_empty() {
        let message = "runners must name at least one of shell, python, node";
        return Err(HttpError::unprocessable(message));
    }
    let lease_ms = u64::try_from(app.lease.as_millis()).unwrap_or(u64::MAX);
    let claim = Claim {
        worker: request.worker,
        runners: request.runners,
        lease_ms,
    };
    let deadline = Instant::now() + app.wait;
    while !app.shutdown.is_triggered() {
        let claimed = app.api.claim(&claim).await.map_err(|error| {
            tracing::warn!(%error, "cannot claim work");
            HttpError::bad_gateway("the api does not hand out work; the executor's log says why")
        })?;
        if let Some(execution) = claimed {
            tracing::info!(
                id = %execution.id,
                action = execution.action,
                worker = claim.worker,
                attempt = execution.attempt,
                "handed out"
            );
            let event = Event::of_execution(&execution, ExecutionStatus::Claimed, "executor");
            let app = Arc::clone(&app);
            tokio::spawn(async move { app.notifier.tell(&event).await });
            let work = Work {
                execution,
                lease_ms,
            };
            return Ok(Json(work).into_response());
        }
        if Instant::now() + app.poll > deadline {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep(app.poll) => {}
            () = app.shutdown.wait() => {}
        }
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
