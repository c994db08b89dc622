use attune_common::Event;
use reqwest::Method;

use crate::{
    Error,
    http::{Http, Retry},
};

/// The notifier, as senders of events use it.
#[derive(Clone, Debug)]
pub struct Notifier(Option<Http>);

impl Notifier {
    /// Creates a client for the notifier at `base`, such as `http://notifier:8082`. Without an address, nothing is
    /// sent.
    pub fn new(base: Option<&str>) -> Self {
        Self(base.map(Http::new))
    }

    /// Passes an event to all current listeners. It is tried only once, since late events are worse than none.
    ///
    /// # Errors
    /// No answer, a refusal, or an unreadable answer.
    pub async fn send(&self, event: &Event) -> Result<(), Error> {
        let Some(http) = &self.0 else {
            return Ok(());
        };
        let _: Event = http
            .ask(Method::POST, "/events", Some(event), Retry::NONE)
            .await?;
        Ok(())
    }

    /// Sends an event like [`Notifier::send`], but only logs a failure.
    pub async fn tell(&self, event: &Event) {
        if let Err(error) = self.send(event).await {
            tracing::warn!(%error, kind = event.kind, "a listener may miss an event");
        }
    }
}
