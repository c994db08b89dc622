//! Tests of the whole platform on loopback: every service with real connections, the repository's own core pack, and
//! the timer as a real binary.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod packs;
mod platform;

use std::{fs, time::Duration};

use attune_common::{ExecutionStatus, NewExecution};
use platform::Platform;
use serde_json::json;

fn new(action: &str, parameters: &serde_json::Value) -> NewExecution {
    NewExecution {
        action: action.into(),
        parameters: parameters.as_object().unwrap().clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_runs_to_its_result_and_the_timer_ticks() {
    let platform = Platform::start().await;
    let stream = platform.stream().await;
    let worker = platform.worker("w1");

    let echo = new("core.echo", &json!({"message": "hi $HOME \"there\""}));
    let queued = platform.api.create(&echo).await.unwrap();
    assert_eq!(queued.status, ExecutionStatus::Queued);
    let done = platform.finished(queued.id).await;
    assert_eq!(done.status, ExecutionStatus::Succeeded, "{done:?}");
    assert_eq!(done.stdout, "hi $HOME \"there\"\n");
    assert_eq!(done.worker.as_deref(), Some("w1"));

    for name in [
        "execution.claimed",
        "execution.running",
        "execution.succeeded",
        "core.timer",
    ] {
        stream.saw(name).await;
    }
    platform.kept_event("core.timer").await;

    worker.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_and_json_results_and_failures() {
    let platform = Platform::start().await;
    let worker = platform.worker("w1");
    let api = &platform.api;

    let info = new("core.py_info", &json!({"note": "é"}));
    let info = api.create(&info).await.unwrap();
    let fails = api.create(&new("demo.fails", &json!({}))).await.unwrap();
    let slow = api.create(&new("demo.slow", &json!({}))).await.unwrap();

    let info = platform.finished(info.id).await;
    assert_eq!(info.status, ExecutionStatus::Succeeded, "{info:?}");
    assert_eq!(info.result.unwrap()["parameters"], json!({"note": "é"}));
    let fails = platform.finished(fails.id).await;
    assert_eq!(
        (fails.status, fails.exit_code),
        (ExecutionStatus::Failed, Some(3))
    );
    assert_eq!(fails.stderr, "broken\n");
    let slow = platform.finished(slow.id).await;
    assert_eq!(slow.status, ExecutionStatus::TimedOut);
    assert_eq!(slow.stdout, "started\n");
    assert!(slow.error.unwrap().contains("1 s"));

    let unknown = api.create(&new("demo.none", &json!({}))).await.unwrap_err();
    assert!(
        unknown.to_string().contains("no usable action"),
        "{unknown}"
    );
    worker.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_worker_gives_its_execution_to_another() {
    let platform = Platform::start().await;
    let first = platform.worker("first");
    let gate = platform.dir.path().join("gate");
    let waits = new("demo.waits", &json!({"file": gate}));
    let id = platform.api.create(&waits).await.unwrap().id;
    platform
        .reaches(id, |e| e.status == ExecutionStatus::Running)
        .await;
    first.stop().await;
    platform
        .reaches(id, |e| e.status == ExecutionStatus::Queued)
        .await;
    fs::write(&gate, "").unwrap();
    let second = platform.worker("second");
    let done = platform.finished(id).await;
    assert_eq!(done.status, ExecutionStatus::Succeeded);
    assert_eq!((done.attempt, done.worker.as_deref()), (2, Some("second")));
    second.stop().await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_worker_loses_its_execution_to_another() {
    let platform = Platform::start().await;
    let first = platform.worker("first");
    let gate = platform.dir.path().join("gate");
    let waits = new("demo.waits", &json!({"file": gate}));
    let id = platform.api.create(&waits).await.unwrap().id;
    platform
        .reaches(id, |e| e.status == ExecutionStatus::Running)
        .await;
    // Longer than a lease, which a live worker renews.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let still = platform.api.execution(id).await.unwrap();
    assert_eq!((still.status, still.attempt), (ExecutionStatus::Running, 1));
    first.die();
    fs::write(&gate, "").unwrap();
    let second = platform.worker("second");
    let done = platform.finished(id).await;
    // If the dead worker had a claim pending, that counts as an attempt.
    assert!(done.attempt > 1, "{done:?}");
    assert_eq!(done.worker.as_deref(), Some("second"));
    second.stop().await;
    platform.stop().await;
}
