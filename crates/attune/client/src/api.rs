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
    /// Creates a client for the api at `base`, such as `http://api:8080`. It connects with the first request.
    pub fn new(base: &str, retry: Retry) -> Self {
        Self {
            http: Http::new(base),
            retry,
        }
    }

    /// Queues an execution. The request is sent only once, since a retry could queue a second execution.
    ///
    /// # Errors
    /// As for every method here: no answer, a refusal, or an unreadable answer.
    pub async fn create(&self, new: &NewExecution) -> Result<Execution, Error> {
        self.post("/executions", new, Retry::NONE).await
    }

    /// Returns the current state of an execution.
    ///
    /// # Errors
    /// See [`Api::create`]; status 404 if it does not exist.
    pub async fn execution(&self, id: ExecutionId) -> Result<Execution, Error> {
        let path = format!("/executions/{id}");
        self.http
            .ask(Method::GET, &path, None::<&()>, self.retry)
            .await
    }

    /// Takes the oldest queued execution, if there is one. The request is sent only once: if the answer is lost, the
    /// lease expires and the execution is queued again.
    ///
    /// # Errors
    /// See [`Api::create`].
    pub async fn claim(&self, claim: &Claim) -> Result<Option<Execution>, Error> {
        self.http
            .ask_maybe("/internal/claim", claim, Duration::from_secs(10))
            .await
    }

    /// Queues executions again if their lease expired, or fails them if they lost too many workers. Returns those that
    /// changed.
    ///
    /// # Errors
    /// See [`Api::create`].
    pub async fn expire(&self) -> Result<Vec<Execution>, Error> {
        self.post("/internal/expire", &(), self.retry).await
    }

    /// Marks an execution as running.
    ///
    /// # Errors
    /// See [`Api::create`]; [`Error::is_conflict`] if the lease is lost.
    pub async fn start(&self, id: ExecutionId, lease: Lease) -> Result<Execution, Error> {
        self.internal(id, "start", &lease).await
    }

    /// Renews the lease of an execution.
    ///
    /// # Errors
    /// See [`Api::start`].
    pub async fn renew(&self, id: ExecutionId, lease: Lease) -> Result<Execution, Error> {
        self.internal(id, "renew", &lease).await
    }

    /// Returns an unfinished execution to the queue.
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

    /// Stores an event. Sending the same event twice stores it once.
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
