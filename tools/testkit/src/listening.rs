//! A server on this machine with a thread for each client.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A server that runs until the test ends.
#[derive(Debug)]
pub(crate) struct Listening {
    address: SocketAddr,
    count: Arc<AtomicUsize>,
}

impl Listening {
    /// Passes each client to `serve`, together with a counter. Errors of clients are ignored.
    ///
    /// # Panics
    /// If there is no free port.
    #[track_caller]
    pub(crate) fn start(
        serve: impl Fn(TcpStream, &AtomicUsize) -> std::io::Result<()> + Copy + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let counter = Arc::clone(&counter);
                std::thread::spawn(move || {
                    // A client that disconnects counts as served.
                    let _ = serve(client, &counter);
                });
            }
        });
        Self { address, count }
    }

    /// Returns host and port.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Returns the current count.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}
