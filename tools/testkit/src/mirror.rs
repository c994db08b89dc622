//! A registry of crates that everybody may read, on this machine and in containers.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use fs_err as fs;

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
            let lines = files.entry(format!("/{}", path(name))).or_default();
            lines.extend(entry(name, version, &sum).bytes());
            files.insert(format!("/dl/{name}/{version}/download"), archive);
        }
        let files = Arc::new(files);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let files = Arc::clone(&files);
                // A client that hangs up counts as served.
                std::thread::spawn(move || answer(client, &files).ok());
            }
        });
        Self { address }
    }

    /// Writes a local registry of such crates into a folder.
    ///
    /// # Panics
    /// When the files cannot be written.
    #[track_caller]
    pub fn write(folder: &Utf8Path, crates: &[(&str, &str, &str)]) {
        for (name, version, source) in crates {
            let (archive, sum) = archive(name, version, source);
            let index = folder.join(path(name));
            fs::create_dir_all(index.parent().expect("it is in a folder")).expect("it can be made");
            let known = fs::read_to_string(&index).unwrap_or_default();
            fs::write(&index, known + &entry(name, version, &sum)).expect("a file can be written");
            let file = folder.join(format!("{name}-{version}.crate"));
            fs::write(file, archive).expect("a file can be written");
        }
    }

    /// Returns the URL of its index.
    pub fn index(&self) -> String {
        format!("sparse+http://{}/index/", self.address)
    }
}

/// Returns the path of a crate's index entry.
fn path(name: &str) -> String {
    format!("index/{}/{}/{name}", &name[..2], &name[2..4])
}

/// Returns the line of a version in a crate's index entry.
fn entry(name: &str, version: &str, sum: &str) -> String {
    format!(
        "{{\"name\":\"{name}\",\"vers\":\"{version}\",\"deps\":[],\"cksum\":\"{sum}\",\"features\":{{}},\"yanked\":false}}\n"
    )
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
