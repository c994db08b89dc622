use std::time::Duration;

use attune_client::{Api, Notifier};
use attune_common::{Event, Execution, ExecutionStatus, Lease, Shutdown, Work};

use crate::{Config, run_action::run_action};

/// The state that all jobs of a worker share.
pub(crate) struct Worker {
    pub api: Api,
    pub notifier: Notifier,
    pub config: Config,
    /// Makes running jobs return their executions to the queue.
    pub give_back: Shutdown,
}

impl Worker {
    /// Runs an execution and reports its end, unless the lease is lost in the meantime.
    pub async fn work(&self, work: Work) {
        let Work {
            execution,
            lease_ms,
        } = work;
        let id = execution.id;
        let lease = Lease {
            attempt: execution.attempt,
        };
        if let Err(error) = self.api.start(id, lease).await {
            tracing::warn!(%error, %id, "not started");
            return;
        }
        tracing::info!(%id, action = execution.action, "running");
        self.tell(&execution, ExecutionStatus::Running).await;
        let end = tokio::select! {
            end = run_action(&self.config, &execution) => end,
            () = self.keep(&execution, lease, Duration::from_millis(lease_ms / 3)) => {
                tracing::warn!(%id, "killed: another worker has it");
                return;
            }
            () = self.give_back.wait() => {
                tracing::warn!(%id, "killed and given back: the worker stops");
                if let Err(error) = self.api.release(id, lease).await {
                    tracing::warn!(%error, %id, "not given back; the lease will run out");
                }
                return;
            }
        };
        tracing::info!(%id, status = %end.status, "finished");
        match self.api.complete(id, &end).await {
            Ok(_) => self.tell(&execution, end.status).await,
            Err(error) => tracing::error!(%error, %id, "the result is lost"),
        }
    }

    /// Renews the lease until it is lost.
    async fn keep(&self, execution: &Execution, lease: Lease, every: Duration) {
        loop {
            tokio::time::sleep(every).await;
            match self.api.renew(execution.id, lease).await {
                Err(error) if error.is_conflict() => return,
                Err(error) => tracing::warn!(%error, id = %execution.id, "lease not renewed"),
                Ok(_) => {}
            }
        }
    }

    async fn tell(&self, execution: &Execution, status: ExecutionStatus) {
        let event = Event::of_execution(execution, status, "worker");
        self.notifier.tell(&event).await;
    }
}
