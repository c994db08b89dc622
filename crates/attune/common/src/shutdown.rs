use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// A signal to every part of a service to stop, given once. Clones share the state.
#[derive(Clone, Debug)]
pub struct Shutdown(watch::Sender<bool>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Shutdown {
    /// Creates a shutdown that SIGTERM and SIGINT (ctrl-c) trigger. Needs a tokio runtime.
    ///
    /// # Errors
    /// If the signal handlers cannot be installed.
    pub fn on_signals() -> std::io::Result<Self> {
        let shutdown = Self::default();
        for (kind, name) in [
            (SignalKind::terminate(), "SIGTERM"),
            (SignalKind::interrupt(), "SIGINT"),
        ] {
            let mut stream = signal(kind)?;
            let shutdown = shutdown.clone();
            tokio::spawn(async move {
                if stream.recv().await.is_some() {
                    tracing::info!(signal = name, "stopping");
                    shutdown.trigger();
                }
            });
        }
        Ok(shutdown)
    }

    /// Requests the stop.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Returns whether the stop was requested.
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until the stop is requested. Returns immediately if it was requested already.
    pub async fn wait(&self) {
        // `self` holds the sender, so the channel cannot close while this waits.
        let _ = self.0.subscribe().wait_for(|stop| *stop).await;
    }
}
