use attune_client::{Api, Notifier, Retry};
use attune_common::Event;
use tokio::sync::mpsc::Receiver;

use crate::Config;

/// Sends queued events, in order, until the queue is closed and empty.
pub(crate) async fn publish(config: Config, mut queue: Receiver<Event>) {
    let api = Api::new(&config.api, Retry::default());
    let notifier = Notifier::new(config.notifier.as_deref());
    while let Some(event) = queue.recv().await {
        if let Err(error) = keep(&api, &event).await {
            tracing::error!(%error, kind = event.kind, id = %event.id, "an event is lost");
        }
        notifier.tell(&event).await;
    }
}

/// Stores an event, and retries for as long as the api is unavailable. Only a refusal loses the event.
async fn keep(api: &Api, event: &Event) -> Result<(), attune_client::Error> {
    loop {
        match api.send(event).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is_temporary() => {
                tracing::warn!(%error, "events wait for the api");
            }
            Err(error) => return Err(error),
        }
    }
}
