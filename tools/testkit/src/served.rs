//! Git repositories and plain files, served to the host and to what runs on the engine.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use crate::engine::gateway;
use crate::ran::Ran;
use crate::refusing::head;

/// A folder that is served twice: by `git daemon`, and as files by HTTP. It goes with the value.
#[derive(Debug)]
pub struct Served {
    folder: tempfile::TempDir,
    daemon: Child,
    git: String,
    http: String,
}

impl Served {
    /// Starts both, and waits until they answer.
    ///
    /// # Panics
    /// When there is no free port, or no `git daemon`.
    #[track_caller]
    pub fn start() -> Self {
        let own = gateway();
        let folder = tempfile::tempdir().expect("a folder can be made");
        let port = TcpListener::bind((own.as_str(), 0))
            .and_then(|listener| listener.local_addr())
            .expect("a port is free")
            .port();
        // As `git daemon` it would be a child that a kill does not reach.
        let programs = Ran::of(Command::new("git").arg("--exec-path")).succeeded();
        let daemon = Utf8Path::new(programs.stdout.trim()).join("git-daemon");
        let daemon = Command::new(daemon)
            .args(["--reuseaddr", "--export-all"])
            .arg(format!("--listen={own}"))
            .arg(format!("--port={port}"))
            .arg(format!("--base-path={}", folder.path().display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("git daemon starts");
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect((own.as_str(), port)).is_err() {
            assert!(Instant::now() < end, "git daemon does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        let listener = TcpListener::bind((own.as_str(), 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let root = root.clone();
                // A client that hangs up is its own judge.
                std::thread::spawn(move || answer(client, &root).ok());
            }
        });
        Self {
            folder,
            daemon,
            git: format!("git://{own}:{port}"),
            http: format!("http://{address}"),
        }
    }

    /// What is served.
    pub fn folder(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).expect("its name is UTF-8")
    }

    /// The address of the folder for git.
    pub fn git(&self) -> &str {
        &self.git
    }

    /// Its address for everybody else.
    pub fn http(&self) -> &str {
        &self.http
    }
}

fn answer(mut client: TcpStream, root: &Utf8Path) -> std::io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(10)))?;
    let head = head(&mut client)?;
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let file = root.join(path.trim_start_matches('/'));
    let (status, body) = match std::fs::read(file) {
        Ok(body) if !path.contains("..") => ("200 OK", body),
        _ => ("404 Not Found", Vec::new()),
    };
    let length = body.len();
    write!(
        client,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    client.write_all(&body)
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}
