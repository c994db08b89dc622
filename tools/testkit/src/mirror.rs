//! A registry of crates that everybody may read, on this machine and in containers.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use crate::crates::archive;
use crate::engine::gateway;
use crate::refusing::head;

/// A sparse registry, until the process ends.
#[derive(Debug)]
pub struct Mirror {
    address: String,
}

impl Mirror {
    /// Serves `crates`: the name of each, its version, and the source of its library.
    ///
    /// # Panics
    /// When there is no free port, or no `tar`.
    #[track_caller]
    pub fn start(crates: &[(&str, &str, &str)]) -> Self {
        let listener = TcpListener::bind((gateway(), 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let config = format!(r#"{{"dl":"http://{address}/dl"}}"#);
        let mut files = BTreeMap::from([("/index/config.json".to_owned(), config.into_bytes())]);
        for (name, version, source) in crates {
            let (archive, sum) = archive(name, version, source);
            let entry = format!(
                r#"{{"name":"{name}","vers":"{version}","deps":[],"cksum":"{sum}","features":{{}},"yanked":false}}"#
            );
            let index = format!("/index/{}/{}/{name}", &name[..2], &name[2..4]);
            let lines = files.entry(index).or_default();
            lines.extend(entry.bytes().chain(*b"\n"));
            files.insert(format!("/dl/{name}/{version}/download"), archive);
        }
        let files = Arc::new(files);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let files = Arc::clone(&files);
                // A client that hangs up has been served as well.
                std::thread::spawn(move || answer(client, &files).ok());
            }
        });
        Self { address }
    }

    /// The URL of its index.
    pub fn index(&self) -> String {
        format!("sparse+http://{}/index/", self.address)
    }
}

fn answer(mut client: TcpStream, files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(10)))?;
    let head = head(&mut client)?;
    let head = String::from_utf8_lossy(&head);
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match files.get(path) {
        Some(body) => (200, body.as_slice()),
        None => (404, &[][..]),
    };
    write!(
        client,
        "HTTP/1.1 {status} .\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    client.write_all(body)
}
