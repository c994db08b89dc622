//! Tests of the notifier over real connections.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::{net::SocketAddr, time::Duration};

use attune_common::{Event, Shutdown};
use attune_notifier::{Config, run};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

struct Notifier {
    address: SocketAddr,
    shutdown: Shutdown,
    task: JoinHandle<()>,
}

async fn start(backlog: u16) -> Notifier {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::default();
    let stop = shutdown.clone();
    let config = Config {
        listen: address,
        backlog,
    };
    let task = tokio::spawn(async move { run(&config, listener, &stop).await.unwrap() });
    Notifier {
        address,
        shutdown,
        task,
    }
}

impl Notifier {
    async fn send(&self, event: &Event) {
        let body = json!(event).to_string();
        let request = format!(
            "POST /events HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Connects and reads the response head, after which the notifier has subscribed.
    async fn listen(&self) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = b"GET /events/stream HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let mut reader = BufReader::new(stream);
        line(&mut reader, "\r\n").await;
        reader
    }
}

/// Reads up to and including the line that starts with `start`.
async fn line(reader: &mut BufReader<TcpStream>, start: &str) -> String {
    let found = timeout(Duration::from_secs(10), async {
        loop {
            let mut line = String::new();
            assert_ne!(
                reader.read_line(&mut line).await.unwrap(),
                0,
                "stream ended"
            );
            if line.starts_with(start) {
                return line;
            }
        }
    });
    found.await.expect(start)
}

fn event(tick: u32) -> Event {
    Event::now("core.timer", "sensor", json!({ "tick": tick }))
}

#[tokio::test]
async fn every_listener_gets_every_event_from_then_on() {
    let notifier = start(16).await;
    notifier.send(&event(0)).await;
    let mut listeners = [notifier.listen().await, notifier.listen().await];
    let sent = [event(1), event(2)];
    for event in &sent {
        notifier.send(event).await;
    }
    for listener in &mut listeners {
        for event in &sent {
            let data = line(listener, "data:").await;
            let got: Event = serde_json::from_str(data["data:".len()..].trim()).unwrap();
            assert_eq!(got, *event);
        }
    }
}

#[tokio::test]
async fn a_slow_listener_is_told_what_it_missed() {
    // The listener does not read, so its socket fills up and the notifier cannot write to it.
    let notifier = start(1).await;
    let mut listener = notifier.listen().await;
    let big = Event::now("big", "test", json!("x".repeat(1_000_000)));
    for _ in 0..12 {
        notifier.send(&big).await;
    }
    let lagged = line(&mut listener, "event: lagged").await;
    assert!(lagged.contains("lagged"));
    let data = line(&mut listener, "data:").await;
    assert!(data.contains("missed"), "{data}");
}

#[tokio::test]
async fn a_shutdown_ends_the_streams() {
    let notifier = start(16).await;
    let mut listener = notifier.listen().await;
    notifier.shutdown.trigger();
    let ended = timeout(Duration::from_secs(10), notifier.task).await;
    ended.expect("the notifier ends").unwrap();
    let mut rest = String::new();
    listener.read_to_string(&mut rest).await.unwrap();
}
