//! A registry that gives nothing and takes nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::listening::Listening;

/// What it does with a request.
#[derive(Clone, Copy, Debug)]
pub enum Refusal {
    /// Answers with this status.
    Status(u16),
    /// Closes the connection.
    Cut,
}

/// A registry on 127.0.0.1 that refuses, until the test ends.
#[derive(Debug)]
pub struct Refusing(Listening);

impl Refusing {
    /// # Panics
    /// When there is no free port.
    #[track_caller]
    pub fn start(refusal: Refusal) -> Self {
        Self(Listening::start(move |client, requests| {
            serve(client, refusal, requests)
        }))
    }

    /// Host and port.
    pub fn address(&self) -> String {
        self.0.address()
    }

    /// How many requests it has refused.
    pub fn requests(&self) -> usize {
        self.0.count()
    }
}

/// Serves one request: whoever has another one connects anew.
fn serve(mut client: TcpStream, refusal: Refusal, counter: &AtomicUsize) -> std::io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(10)))?;
    let head = head(&mut client)?;
    if head.first() == Some(&TLS_HANDSHAKE) {
        // As Go's server answers, by which the engine knows that this is plain HTTP.
        return client.write_all(b"HTTP/1.0 400 Bad Request\r\n\r\n");
    }
    counter.fetch_add(1, Ordering::Relaxed);
    let Refusal::Status(status) = refusal else {
        return Ok(());
    };
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
    // An upload is read to its end: closing before that would cut the connection.
    client.shutdown(std::net::Shutdown::Write)?;
    std::io::copy(&mut client, &mut std::io::sink()).map(|_| ())
}

/// The first byte of a TLS connection.
const TLS_HANDSHAKE: u8 = 0x16;

/// The head of a request, as far as it is one: of what is TLS its first byte.
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
