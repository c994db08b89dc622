//! A connection to the registry for those who may only read.

use std::io::Write;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::listening::Listening;
use crate::refusing::{TLS_HANDSHAKE, head, plain_http, refuse};
use crate::runner::registry;

/// Another address of the registry that refuses whatever writes. It runs until the test ends.
#[derive(Debug)]
pub struct ReadOnly(Listening);

impl ReadOnly {
    /// Starts the server.
    ///
    /// # Panics
    /// If there is no free port.
    #[track_caller]
    pub fn start() -> Self {
        Self(Listening::start(serve))
    }

    /// Returns host and port.
    pub fn address(&self) -> String {
        self.0.address()
    }

    /// Returns the number of refused requests.
    pub fn refused(&self) -> usize {
        self.0.count()
    }
}

/// Serves one request. Clients connect again for another one.
fn serve(mut client: TcpStream, refused: &AtomicUsize) -> std::io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut head = head(&mut client)?;
    if head.first() == Some(&TLS_HANDSHAKE) {
        return plain_http(&mut client);
    }
    if !head.starts_with(b"GET ") && !head.starts_with(b"HEAD ") {
        refused.fetch_add(1, Ordering::Relaxed);
        return refuse(client, &head, 403);
    }
    head.truncate(head.len() - b"\r\n".len());
    head.extend_from_slice(b"Connection: close\r\n\r\n");
    let mut server = TcpStream::connect(registry())?;
    server.write_all(&head)?;
    std::io::copy(&mut server, &mut client).map(|_| ())
}
