//! A web server for files, which breaks off where a test wants it to.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};

/// A folder whose files are served until the tests end.
pub struct Served {
    folder: tempfile::TempDir,
    address: SocketAddr,
}

impl Served {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let root = folder.path().to_owned();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let root = root.clone();
                // A client that hangs up reports the failure itself.
                std::thread::spawn(move || answer(client, &root).ok());
            }
        });
        Self { folder, address }
    }

    /// Returns the place of a file that is served, and makes its folder.
    pub fn path(&self, path: &str) -> PathBuf {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }

    /// Lets the connection break in the middle of a file.
    pub fn cut(&self, path: &str) {
        std::fs::write(self.path(&format!("{path}.cut")), "").unwrap();
    }

    /// Returns the address of a file.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.address)
    }
}

fn answer(mut client: TcpStream, root: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(client.try_clone()?).lines();
    let first = lines.next().transpose()?.unwrap_or_default();
    for line in lines.by_ref() {
        if line?.is_empty() {
            break;
        }
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    let path = root.join(path.trim_start_matches('/'));
    let (status, body) = match std::fs::read(&path) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let length = body.len();
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    let is_cut = path.with_added_extension("cut").exists();
    client.write_all(&body[..if is_cut { length / 2 } else { length }])
}
