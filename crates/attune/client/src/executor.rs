use std::time::Duration;

use attune_common::{Work, WorkRequest};

use crate::{Error, http::Http};

/// The executor, as workers use it.
#[derive(Clone, Debug)]
pub struct Executor(Http);

impl Executor {
    /// Creates a client for the executor at `base`, such as `http://executor:8081`.
    pub fn new(base: &str) -> Self {
        Self(Http::new(base))
    }

    /// Waits for work for as long as the executor allows, at most half a minute. Returns `None` if there was none.
    ///
    /// # Errors
    /// No answer, a refusal, or an unreadable answer.
    pub async fn next(&self, request: &WorkRequest) -> Result<Option<Work>, Error> {
        self.0
            .ask_maybe("/work/next", request, Duration::from_secs(60))
            .await
    }
}
