//! Git repositories and plain files, served to the host and to containers of the engine.

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::crates::sha256;
use crate::engine::gateway;
use crate::ran::Ran;
use crate::refusing::head;

/// A folder that is served twice: to git, and as files over HTTP. It is removed when the value is dropped.
#[derive(Debug)]
pub struct Served {
    folder: tempfile::TempDir,
    git: String,
    http: String,
}

impl Served {
    /// Starts serving an empty folder.
    ///
    /// # Panics
    /// If there is no free port, or no git.
    #[track_caller]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        let programs = Ran::of(Command::new("git").arg("--exec-path")).succeeded();
        let daemon = Utf8Path::new(programs.stdout.trim()).join("git-daemon");
        let files = root.clone();
        Self {
            git: format!(
                "git://{}",
                listen(move |client| fetch(client, &daemon, &root))
            ),
            http: format!("http://{}", listen(move |client| answer(client, &files))),
            folder,
        }
    }

    /// Returns the folder that is served.
    pub fn folder(&self) -> &Utf8Path {
        Utf8Path::from_path(self.folder.path()).expect("its name is UTF-8")
    }

    /// Serves a file at a path below [`Self::http`], and returns its SHA-256 checksum.
    ///
    /// # Panics
    /// If it cannot be written.
    #[track_caller]
    pub fn put(&self, path: &str, text: &str) -> String {
        let file = self.folder().join(path);
        let folder = file.parent().expect("it is in a folder");
        fs_err::create_dir_all(folder).expect("a folder can be made");
        fs_err::write(&file, text).expect("a file can be written");
        sha256(&file)
    }

    /// Removes a file.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn remove(&self, path: &str) {
        fs_err::remove_file(self.folder().join(path)).expect("a file can be removed");
    }

    /// Returns the folder's address for git.
    pub fn git(&self) -> &str {
        &self.git
    }

    /// Returns the folder's address for HTTP.
    pub fn http(&self) -> &str {
        &self.http
    }
}

/// Serves each client in a thread, and returns the address, which containers can reach too.
fn listen(serve: impl Fn(TcpStream) -> std::io::Result<()> + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((gateway().as_str(), 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let serve = serve.clone();
            // A client that hangs up reports the failure itself.
            std::thread::spawn(move || serve(client).ok());
        }
    });
    address
}

/// Lets git serve one client. A daemon that listens by itself would outlive a test that is killed.
fn fetch(client: TcpStream, daemon: &Utf8Path, root: &Utf8Path) -> std::io::Result<()> {
    let answers = OwnedFd::from(client.try_clone()?);
    Command::new(daemon)
        .args(["--inetd", "--export-all"])
        .arg(format!("--base-path={root}"))
        .stdin(OwnedFd::from(client))
        .stdout(answers)
        .stderr(Stdio::null())
        .status()
        .map(|_| ())
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
