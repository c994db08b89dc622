//! A registry of a test's own, which gives the answers that the test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A request, and an answer.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The values of `Authorization`, `Accept` and the like, with names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    /// Returns method and path.
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(own, _)| own == name)?;
        Some(&found.1)
    }
}

/// An answer: status, headers, body.
pub type Answer = (u16, Vec<(&'static str, String)>, Vec<u8>);

/// A server on 127.0.0.1 that runs until the end of the tests.
pub struct Served {
    pub host: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Served {
    /// Starts a server. `answer` is given its address and the requests so far, of which the last is to be answered.
    pub fn start(answer: impl Fn(&str, &[Asked]) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (own, all) = (host.clone(), Arc::clone(&asked));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A client may go away in the middle, which is its own matter.
                let _ = serve(client, &all, |asked| answer(&own, asked));
            }
        });
        Self { host, asked }
    }

    /// Returns the requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.clone()
    }

    /// Returns method and path of the requests so far.
    pub fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }
}

fn serve(
    mut client: TcpStream,
    all: &Mutex<Vec<Asked>>,
    answer: impl Fn(&[Asked]) -> Answer,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, path) = (words.next(), words.next());
    let mut asked = Asked {
        method: method.unwrap_or_default(),
        path: path.unwrap_or_default(),
        ..Asked::default()
    };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(": ") else {
            break;
        };
        asked
            .headers
            .push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = asked.header("content-length").unwrap_or("0");
    asked.body = vec![0; length.parse().unwrap_or_default()];
    reader.read_exact(&mut asked.body)?;
    let is_head = asked.method == "HEAD";
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    all.push(asked);
    let (status, headers, body) = answer(&all);
    drop(all);
    let mut head = format!("HTTP/1.1 {status} Told\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "content-length") {
        head += &format!("content-length: {}\r\n", body.len());
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    client.write_all(format!("{head}\r\n").as_bytes())?;
    if !is_head {
        client.write_all(&body)?;
    }
    client.flush()
}
