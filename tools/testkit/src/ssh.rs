//! A host that is reached by SSH, and the agent that has the key to it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};

use crate::engine::{gateway, tool};
use crate::ran::Ran;

/// It wants to be called by its whole path.
const SSHD: &str = "/usr/sbin/sshd";

/// A server that lets in one key, and an agent with that key. Both end with it.
#[derive(Debug)]
pub struct Ssh {
    folder: tempfile::TempDir,
    address: (String, u16),
    running: Vec<Child>,
}

impl Ssh {
    /// Starts both, and waits until they answer. What runs on the engine reaches the server, too.
    ///
    /// # Panics
    /// When there is no `sshd` and none can be installed, or one does not start.
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

    /// The agent's socket, as `SSH_AUTH_SOCK` names it.
    pub fn agent(&self) -> Utf8PathBuf {
        self.file("agent")
    }

    /// What a client has to have heard of the server before it trusts it.
    pub fn known_hosts(&self) -> String {
        let key = fs_err::read_to_string(self.file("host.pub")).expect("the key is there");
        let (host, port) = &self.address;
        format!("[{host}]:{port} {key}")
    }

    /// The address of a folder there.
    pub fn url(&self, folder: &Utf8Path) -> String {
        let (host, port) = &self.address;
        format!("ssh://root@{host}:{port}{folder}")
    }

    /// The private key, which nobody else is to have.
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
