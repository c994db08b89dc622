use std::{convert::Infallible, sync::Arc, time::Duration};

use attune_common::{Event, Shutdown};
use attune_http::Json;
use axum::{
    Router,
    extract::State,
    response::sse::{self, KeepAlive, Sse},
    routing::{get, post},
};
use futures_util::stream::{Stream, unfold};
use serde_json::json;
use tokio::sync::broadcast::{self, Receiver, Sender, error::RecvError};

#[derive(Clone)]
struct App {
    events: Sender<Arc<Event>>,
    shutdown: Shutdown,
}

pub(crate) fn router(backlog: usize, shutdown: Shutdown) -> Router {
    let (events, _) = broadcast::channel(backlog);
    Router::new()
        .route("/events", post(publish))
        .route("/events/stream", get(stream))
        .with_state(App { events, shutdown })
}

/// Passes an event to all current listeners.
async fn publish(State(app): State<App>, Json(event): Json<Event>) -> Json<Event> {
    // Sending fails if there are no listeners, which is not an error.
    let _ = app.events.send(Arc::new(event.clone()));
    Json(event)
}

/// Streams server-sent events, each with its id, its kind as the event's name, and its JSON as data. A listener that
/// is too slow for the backlog gets the event `lagged` with the number of missed events, and continues.
async fn stream(State(app): State<App>) -> Sse<impl Stream<Item = Result<sse::Event, Infallible>>> {
    let listener = (app.events.subscribe(), app.shutdown);
    let events = unfold(listener, |(mut events, shutdown)| async {
        let event = next(&mut events, &shutdown).await?;
        Some((Ok(event), (events, shutdown)))
    });
    // Shorter than the idle timeouts of common proxies.
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

async fn next(events: &mut Receiver<Arc<Event>>, shutdown: &Shutdown) -> Option<sse::Event> {
    let received = tokio::select! {
        received = events.recv() => received,
        () = shutdown.wait() => return None,
    };
    match received {
        Ok(event) => {
            // A line break would end the field early.
            let kind = event.kind.replace(['\r', '\n'], " ");
            let sse = sse::Event::default().id(event.id.to_string()).event(kind);
            Some(sse.data(json!(*event).to_string()))
        }
        Err(RecvError::Lagged(missed)) => {
            let data = json!({ "missed": missed }).to_string();
            Some(sse::Event::default().event("lagged").data(data))
        }
        Err(RecvError::Closed) => None,
    }
}
