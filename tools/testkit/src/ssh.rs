//! A host that is reached by SSH, and an agent with the key to it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use crate::engine::{gateway, tool};
use crate::ran::Ran;

/// `sshd` must be started with its whole path.
const SSHD: &str = "/usr/sbin/sshd";

/// A server that accepts one key, and an agent with that key. Both are stopped when this value is dropped.
#[derive(Debug)]
pub struct Ssh {
    folder: tempfile::TempDir,
    address: (String, u16),
    running: Vec<Child>,
}

impl Ssh {
    /// Starts both, and waits until they answer. Steps on the engine can reach the server, too.
    ///
    /// # Panics
    /// If there is no `sshd` and none can be installed, or one of the two does not start.
    #[track_caller]
    pub fn start() -> Self {
        tool(&["sshd"]);
        let own = gateway();
        let port = TcpListener::bind((own.as_str(), 0))
            .and_then(|listener| listener.local_addr())
            .expect("a port is free")
            .port();
        let mut ssh = Self {
            folder: tempfile::tempdir().expect("a folder can be made"),
            address: (own, port),
            running: Vec::new(),
        };
        for key in ["host", "user"] {
            let file = ssh.file(key);
            let make = [
                "-q",
                "-t",
                "ed25519",
                "-N",
                "",
                "-C",
                key,
                "-f",
                file.as_str(),
            ];
            let _ = Ran::of(Command::new("ssh-keygen").args(make)).succeeded();
        }
        let mut server = Command::new(SSHD);
        server.args(["-D", "-e", "-f", "/dev/null", "-p", &port.to_string()]);
        for option in [
            format!("ListenAddress={}", ssh.address.0),
            format!("HostKey={}", ssh.file("host")),
            format!("AuthorizedKeysFile={}", ssh.file("user.pub")),
            "StrictModes=no".to_owned(),
            "PidFile=none".to_owned(),
            "PasswordAuthentication=no".to_owned(),
            "PermitRootLogin=prohibit-password".to_owned(),
        ] {
            server.args(["-o", &option]);
        }
        let log = fs_err::File::create(ssh.file("log")).expect("a log can be written");
        server.stderr(Stdio::from(log.into_parts().0));
        ssh.running.push(server.spawn().expect("sshd starts"));
        let socket = ssh.agent();
        let mut agent = Command::new("ssh-agent");
        agent
            .args(["-D", "-a", socket.as_str()])
            .stdout(Stdio::null());
        ssh.running.push(agent.spawn().expect("ssh-agent starts"));
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let add = Ran::of(
                Command::new("ssh-add")
                    .arg("-q")
                    .arg(ssh.file("user"))
                    .env("SSH_AUTH_SOCK", &socket),
            );
            let up = std::net::TcpStream::connect((ssh.address.0.as_str(), port));
            if add.code == Some(0) && up.is_ok() {
                return ssh;
            }
            assert!(Instant::now() < end, "{add}, {up:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn file(&self, name: &str) -> Utf8PathBuf {
        let folder = Utf8Path::from_path(self.folder.path());
        folder.expect("its name is UTF-8").join(name)
    }

    /// Returns the agent's socket for `SSH_AUTH_SOCK`.
    pub fn agent(&self) -> Utf8PathBuf {
        self.file("agent")
    }

    /// Returns the entry for `known_hosts` that a client needs to trust the server.
    pub fn known_hosts(&self) -> String {
        let key = fs_err::read_to_string(self.file("host.pub")).expect("the key is there");
        let (host, port) = &self.address;
        format!("[{host}]:{port} {key}")
    }

    /// Returns the address of a folder on the server.
    pub fn url(&self, folder: &Utf8Path) -> String {
        let (host, port) = &self.address;
        format!("ssh://root@{host}:{port}{folder}")
    }

    /// Returns the private key, which must not become known to anyone else.
    pub fn key(&self) -> String {
        fs_err::read_to_string(self.file("user")).expect("the key is there")
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        for child in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
