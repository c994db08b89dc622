use std::time::Duration;

use attune_common::{Claim, Completion, Event, Execution, ExecutionId, Lease, NewExecution};
use reqwest::Method;

use crate::{
    Error,
    http::{Http, Retry},
};

/// The api, as other services use it.
#[derive(Clone, Debug)]
pub struct Api {
    http: Http,
    retry: Retry,
}

impl Api {
    /// An api at `base`, such as `http://api:8080`. Connects with the first request.
    pub fn new(base: &str, retry: Retry) -> Self {
        Self {
            http: Http::new(base),
            retry,
        }
    }

    /// Queues an execution. Made once: a second try could queue a second one.
    ///
    /// # Errors
    /// As every method here: no answer, a refusal, or an unreadable answer.
    pub async fn create(&self, new: &NewExecution) -> Result<Execution, Error> {
        self.post("/executions", new, Retry::NONE).await
    }

    /// One execution as it stands.
    ///
    /// # Errors
    /// See [`Api::create`]; status 404 where there is none.
    pub async fn execution(&self, id: ExecutionId) -> Result<Execution, Error> {
        let path = format!("/executions/{id}");
        self.http
            .ask(Method::GET, &path, None::<&()>, self.retry)
            .await
    }

    /// Takes the oldest queued execution, if there is one. Made once: where the answer is lost, the
    /// lease runs out and the execution is queued again.
    ///
    /// # Errors
    /// See [`Api::create`].
    pub async fn claim(&self, claim: &Claim) -> Result<Option<Execution>, Error> {
        self.http
            .ask_maybe("/internal/claim", claim, Duration::from_secs(10))
            .await
    }

    /// Queues executions again whose lease ran out, and fails those that lost too many workers;
    /// gives those that changed.
    ///
    /// # Errors
    /// See [`Api::create`].
    pub async fn expire(&self) -> Result<Vec<Execution>, Error> {
        self.post("/internal/expire", &(), self.retry).await
    }

    /// Marks an execution as running.
    ///
    /// # Errors
    /// See [`Api::create`]; [`Error::is_conflict`] where the lease is lost.
    pub async fn start(&self, id: ExecutionId, lease: Lease) -> Result<Execution, Error> {
        self.internal(id, "start", &lease).await
    }

    /// Keeps an execution for another lease.
    ///
    /// # Errors
    /// See [`Api::start`].
    pub async fn renew(&self, id: ExecutionId, lease: Lease) -> Result<Execution, Error> {
        self.internal(id, "renew", &lease).await
    }

    /// Gives an unfinished execution back to the queue.
    ///
    /// # Errors
    /// See [`Api::start`].
    pub async fn release(&self, id: ExecutionId, lease: Lease) -> Result<Execution, Error> {
        self.internal(id, "release", &lease).await
    }

    /// Stores how an execution ended.
    ///
    /// # Errors
    /// See [`Api::start`].
    pub async fn complete(&self, id: ExecutionId, end: &Completion) -> Result<Execution, Error> {
        self.internal(id, "complete", end).await
    }

    /// Stores an event; the same event twice is stored once.
    ///
    /// # Errors
    /// See [`Api::create`].
    pub async fn send(&self, event: &Event) -> Result<Event, Error> {
        self.post("/events", event, self.retry).await
    }

    async fn internal(
        &self,
        id: ExecutionId,
        verb: &str,
        body: &(impl serde::Serialize + Sync),
    ) -> Result<Execution, Error> {
        let path = format!("/internal/executions/{id}/{verb}");
        self.post(&path, body, self.retry).await
    }

    async fn post<A: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &(impl serde::Serialize + Sync),
        retry: Retry,
    ) -> Result<A, Error> {
        self.http.ask(Method::POST, path, Some(body), retry).await
    }
}
