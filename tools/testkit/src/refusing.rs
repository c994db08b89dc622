//! A registry that refuses all requests.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::listening::Listening;

/// The reaction to a request.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    /// Answers with this status.
    Status(u16),
    /// Closes the connection.
    Cut,
}

/// A registry on 127.0.0.1 that refuses all requests, and runs until the test ends.
#[derive(Debug)]
pub struct Refusing(Listening);

impl Refusing {
    /// Starts the registry.
    ///
    /// # Panics
    /// If there is no free port.
    #[track_caller]
    pub fn start(refusal: Refusal) -> Self {
        Self(Listening::start(move |client, requests| {
            serve(client, refusal, requests)
        }))
    }

    /// Returns host and port.
    pub fn address(&self) -> String {
        self.0.address()
    }

    /// Returns the number of refused requests.
    pub fn requests(&self) -> usize {
        self.0.count()
    }
}

/// Serves one request. Clients connect again for another one.
fn serve(mut client: TcpStream, refusal: Refusal, counter: &AtomicUsize) -> std::io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(10)))?;
    let head = head(&mut client)?;
    if head.first() == Some(&TLS_HANDSHAKE) {
        return plain_http(&mut client);
    }
    counter.fetch_add(1, Ordering::Relaxed);
    match refusal {
        Refusal::Status(status) => refuse(client, &head, status),
        Refusal::Cut => Ok(()),
    }
}

/// Answers as Go's server does, which tells the engine that this is plain HTTP.
pub(crate) fn plain_http(client: &mut TcpStream) -> std::io::Result<()> {
    client.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n")
}

/// Refuses the request that begins with `head`.
pub(crate) fn refuse(mut client: TcpStream, head: &[u8], status: u16) -> std::io::Result<()> {
    let body = r#"{"errors":[{"code":"DENIED","message":"refused"}]}"#;
    write!(
        client,
        "HTTP/1.1 {status} Refused\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         WWW-Authenticate: Basic realm=\"refused\"\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if !head.starts_with(b"HEAD ") {
        client.write_all(body.as_bytes())?;
    }
    // An upload is read to its end, since closing the connection earlier would cut it.
    client.shutdown(std::net::Shutdown::Write)?;
    std::io::copy(&mut client, &mut std::io::sink()).map(|_| ())
}

/// The first byte of a TLS connection.
pub(crate) const TLS_HANDSHAKE: u8 = 0x16;

/// Returns the head of a request, or the first byte of a TLS connection.
pub(crate) fn head(client: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte)? > 0 {
        head.push(byte[0]);
        if head[0] == TLS_HANDSHAKE {
            break;
        }
    }
    Ok(head)
}
