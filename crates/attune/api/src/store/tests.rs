use std::collections::HashSet;

use attune_common::{
    Claim, Completion, Event, ExecutionId, ExecutionStatus, Lease, Runner, now_ms,
};
use serde_json::{Map, json};
use tempfile::TempDir;

use super::{Change, Store, StoreError};

async fn store() -> (TempDir, Store) {
    let dir = TempDir::new().unwrap();
    let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../common/migrations");
    let database = dir.path().join("new/attune.db");
    let store = Store::open(&database, migrations.as_ref()).await.unwrap();
    (dir, store)
}

fn claim(worker: &str, lease_ms: u64) -> Claim {
    Claim {
        worker: worker.into(),
        runners: vec![Runner::Shell],
        lease_ms,
    }
}

async fn enqueue(store: &Store, runner: Runner) -> ExecutionId {
    let queued = store.enqueue("core.echo", runner, Map::new()).await;
    queued.unwrap().id
}

fn end(attempt: u32, status: ExecutionStatus) -> Completion {
    Completion {
        attempt,
        status,
        exit_code: Some(0),
        stdout: "hi\n".into(),
        stderr: String::new(),
        result: Some(json!(["hi"])),
        error: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn claimers_at_once_never_get_the_same_execution() {
    let (_dir, store) = store().await;
    for _ in 0..60 {
        enqueue(&store, Runner::Shell).await;
    }
    let claimers: Vec<_> = (0..4)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut got = Vec::new();
                let request = claim(&format!("w{n}"), 60_000);
                while let Some(execution) = store.claim(&request).await.unwrap() {
                    assert_eq!(execution.attempt, 1);
                    got.push(execution.id);
                    tokio::task::yield_now().await;
                }
                got
            })
        })
        .collect();
    let mut all = Vec::new();
    for claimer in claimers {
        all.extend(claimer.await.unwrap());
    }
    assert_eq!(all.len(), 60);
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 60);
}

#[tokio::test]
async fn claims_take_the_oldest_of_their_runners() {
    let (_dir, store) = store().await;
    enqueue(&store, Runner::Python).await;
    let first = enqueue(&store, Runner::Shell).await;
    enqueue(&store, Runner::Shell).await;
    let got = store.claim(&claim("w", 1000)).await.unwrap().unwrap();
    assert_eq!(got.id, first);
    assert_eq!(got.status, ExecutionStatus::Claimed);
    let none = Claim {
        runners: vec![],
        ..claim("w", 1000)
    };
    assert_eq!(store.claim(&none).await.unwrap(), None);
}

#[tokio::test]
async fn an_execution_runs_to_its_result() {
    let (_dir, store) = store().await;
    let id = enqueue(&store, Runner::Shell).await;
    store.claim(&claim("w", 60_000)).await.unwrap();
    let lease = Lease { attempt: 1 };
    assert!(
        matches!(store.start(id, lease).await.unwrap(), Change::Done(e) if e.started_ms.is_some())
    );
    let success = end(1, ExecutionStatus::Succeeded);
    let Change::Done(first) = store.complete(id, &success).await.unwrap() else {
        panic!("the lease is held");
    };
    assert_eq!(first.result, Some(json!(["hi"])));
    let again = store.complete(id, &success).await.unwrap();
    assert_eq!(again, Change::Done(first), "a repeated completion is fine");
    let failure = end(1, ExecutionStatus::Failed);
    assert_eq!(store.complete(id, &failure).await.unwrap(), Change::Lost);
    assert_eq!(store.renew(id, lease).await.unwrap(), Change::Lost);
}

#[tokio::test]
async fn a_lost_worker_gives_its_execution_back_and_is_locked_out() {
    let (_dir, store) = store().await;
    let id = enqueue(&store, Runner::Shell).await;
    store.claim(&claim("dead", 1000)).await.unwrap();
    assert_eq!(store.expire(now_ms()).await.unwrap(), [], "not yet");
    let later = now_ms() + 2000;
    assert_eq!(store.expire(later).await.unwrap().len(), 1);
    let got = store.claim(&claim("alive", 60_000)).await.unwrap().unwrap();
    assert_eq!((got.id, got.attempt), (id, 2));
    let late = end(1, ExecutionStatus::Succeeded);
    assert_eq!(store.complete(id, &late).await.unwrap(), Change::Lost);
    let good = end(2, ExecutionStatus::Succeeded);
    assert!(matches!(
        store.complete(id, &good).await.unwrap(),
        Change::Done(_)
    ));
}

#[tokio::test]
async fn too_many_lost_workers_fail_an_execution() {
    let (_dir, store) = store().await;
    let id = enqueue(&store, Runner::Shell).await;
    for attempt in 1..=3 {
        let got = store.claim(&claim("w", 0)).await.unwrap().unwrap();
        assert_eq!(got.attempt, attempt);
        store.expire(now_ms()).await.unwrap();
    }
    let failed = store.execution(id).await.unwrap().unwrap();
    assert_eq!(failed.status, ExecutionStatus::Failed);
    assert!(failed.error.unwrap().contains("3 attempts"));
}

#[tokio::test]
async fn a_released_execution_is_queued_at_once() {
    let (_dir, store) = store().await;
    let id = enqueue(&store, Runner::Shell).await;
    store.claim(&claim("w", 60_000)).await.unwrap();
    let lease = Lease { attempt: 1 };
    assert!(matches!(
        store.release(id, lease).await.unwrap(),
        Change::Done(_)
    ));
    assert!(store.claim(&claim("w", 60_000)).await.unwrap().is_some());
    let unknown = ExecutionId::fresh();
    assert_eq!(
        store.release(unknown, lease).await.unwrap(),
        Change::Unknown
    );
}

#[tokio::test]
async fn an_event_is_kept_once_and_pruned() {
    let (_dir, store) = store().await;
    let event = Event::now("core.timer", "sensor", json!({"tick": 1}));
    store.add_event(&event).await.unwrap();
    store.add_event(&event).await.unwrap();
    let kept = store.events(Some("core.timer"), 10).await.unwrap();
    assert_eq!(kept, [event]);
    assert_eq!(store.events(Some("other"), 10).await.unwrap(), []);
    assert_eq!(store.prune_events(now_ms() + 1).await.unwrap(), 1);
}

#[tokio::test]
async fn missing_migrations_are_named() {
    let dir = TempDir::new().unwrap();
    let missing = dir.path().join("none");
    let error = Store::open(&dir.path().join("db"), &missing)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Migrate { .. }));
    assert!(error.to_string().contains("ATTUNE_MIGRATIONS_DIR"));
}
