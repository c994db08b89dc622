//! An engine's BuildKit at an address of its own, like a node of a fleet.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use camino::Utf8PathBuf;

/// A node. When it is dropped, it can no longer be reached, and its connections are closed.
#[derive(Debug)]
pub struct Node {
    path: Utf8PathBuf,
    open: Arc<Mutex<Vec<(UnixStream, Child)>>>,
}

impl Node {
    /// Makes BuildKit of the engine at `host`, or of the first engine, reachable at `path`.
    ///
    /// # Panics
    /// If it cannot listen there.
    #[track_caller]
    pub fn start(path: Utf8PathBuf, host: Option<&str>) -> Self {
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).expect("a socket can be made");
        let open = Arc::new(Mutex::new(Vec::new()));
        let node = Self {
            path,
            open: Arc::clone(&open),
        };
        let host = host.map(str::to_owned);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let mut command = Command::new("docker");
                if let Some(host) = &host {
                    command.args(["--host", host]);
                }
                let server = command
                    .args(["buildx", "--builder", "default", "dial-stdio"])
                    .env_remove("BUILDX_BUILDER")
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::null())
                    .spawn();
                let Ok(mut server) = server else { return };
                let to = server.stdin.take().expect("it is piped");
                let from = server.stdout.take().expect("it is piped");
                let clone = || client.try_clone().expect("a socket can be shared");
                pass(clone(), to);
                pass(from, clone());
                if let Ok(mut open) = open.lock() {
                    open.push((client, server));
                }
            }
        });
        node
    }

    /// Returns its address in the form that buildx requires.
    pub fn address(&self) -> String {
        format!("unix://{}", self.path)
    }
}

/// Forwards all data without delay.
fn pass(mut from: impl Read + Send + 'static, mut to: impl Write + Send + 'static) {
    std::thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0
                || to
                    .write_all(&buffer[..count])
                    .and_then(|()| to.flush())
                    .is_err()
            {
                return;
            }
        }
    });
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
        if let Ok(mut open) = self.open.lock() {
            for (client, mut server) in open.drain(..) {
                let _ = client.shutdown(Shutdown::Both);
                let _ = server.kill();
                let _ = server.wait();
            }
        }
    }
}
