//! A slow connection to the registry.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::listening::Listening;
use crate::runner::registry;

/// Another address of the registry where each response is delayed. It runs until the test ends.
#[derive(Debug)]
pub struct Slow(Listening);

impl Slow {
    /// Starts the server.
    ///
    /// # Panics
    /// If there is no free port.
    #[track_caller]
    pub fn start(delay: Duration) -> Self {
        Self(Listening::start(move |client, answers| {
            serve(&client, delay, answers)
        }))
    }

    /// Returns host and port.
    pub fn address(&self) -> String {
        self.0.address()
    }

    /// Returns the number of delayed responses.
    pub fn answers(&self) -> usize {
        self.0.count()
    }
}

fn serve(client: &TcpStream, delay: Duration, counter: &AtomicUsize) -> std::io::Result<()> {
    let server = TcpStream::connect(registry())?;
    let is_asked = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| pass(client, &server, || is_asked.store(true, Ordering::Relaxed)));
        pass(&server, client, || {
            if is_asked.swap(false, Ordering::Relaxed) {
                counter.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(delay);
            }
        })
    })
}

/// Forwards the data of `from` until its end, and calls `before` before each part.
fn pass(mut from: &TcpStream, mut to: &TcpStream, before: impl Fn()) -> std::io::Result<()> {
    let mut part = vec![0; 64 << 10];
    let ended = loop {
        match from.read(&mut part) {
            Ok(0) => break Ok(()),
            Ok(length) => {
                before();
                if let Err(error) = to.write_all(&part[..length]) {
                    break Err(error);
                }
            }
            Err(error) => break Err(error),
        }
    };
    let _ = to.shutdown(Shutdown::Write);
    ended
}
