//! Attune's worker: takes executions from the executor, runs their actions and reports to the api.

mod config;
mod interpreters;
mod job;
mod run_action;

use std::{sync::Arc, time::Duration};

use attune_client::{Api, Executor, Notifier, Retry};
use attune_common::{Shutdown, Work, WorkRequest};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

pub use config::{ABOUT, Config};
pub use interpreters::Interpreters;
use job::Worker;

/// Retries for results: about 50 seconds of pauses, since results are worth the wait.
const RETRY: Retry = Retry {
    attempts: 9,
    first_pause: Duration::from_millis(200),
};

/// Runs actions until `shutdown`. Then running actions get time to finish, and the rest are returned to the queue.
pub async fn run(config: &Config, shutdown: &Shutdown) {
    let executor = Executor::new(&config.executor);
    let request = WorkRequest {
        worker: config.name.clone(),
        runners: config.interpreters.runners(),
    };
    let worker = Arc::new(Worker {
        api: Api::new(&config.api, RETRY),
        notifier: Notifier::new(config.notifier.as_deref()),
        config: config.clone(),
        give_back: Shutdown::default(),
    });
    tracing::info!(name = config.name, runners = ?request.runners, "waiting for work");
    let slots = Arc::new(Semaphore::new(config.slots.get().into()));
    let mut jobs = JoinSet::new();
    loop {
        let next = async {
            // The semaphore is never closed.
            let slot = Arc::clone(&slots).acquire_owned().await.ok()?;
            let work = patient(&executor, &request).await;
            Some((slot, work))
        };
        let taken = tokio::select! {
            taken = next => taken,
            () = shutdown.wait() => None,
        };
        let Some((slot, work)) = taken else { break };
        let worker = Arc::clone(&worker);
        jobs.spawn(async move {
            worker.work(work).await;
            drop(slot);
        });
        while jobs.try_join_next().is_some() {}
    }
    let drained = timeout(config.drain, async {
        while jobs.join_next().await.is_some() {}
    });
    if drained.await.is_err() {
        worker.give_back.trigger();
        let _ = timeout(Duration::from_secs(3), jobs.join_all()).await;
    }
}

/// Repeats the request until there is work. If the executor is unavailable, it is asked again after a pause.
async fn patient(executor: &Executor, request: &WorkRequest) -> Work {
    let mut away = false;
    loop {
        match executor.next(request).await {
            Ok(Some(work)) => return work,
            Ok(None) => away = false,
            Err(error) => {
                // Logged once per outage, not once per attempt.
                if !std::mem::replace(&mut away, true) {
                    tracing::warn!(%error, "no work; trying on");
                }
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}
