//! A registry of a test's own, with settings that the shared one does not have.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Settings of a registry.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settings {
    pub deletes: bool,
    pub is_read_only: bool,
    /// Whether only [`USER`] may read and write.
    pub wants_login: bool,
}

/// The user of a registry that wants a login, and the password.
pub const USER: [&str; 2] = ["tester", "U*U"];

/// The password as the registry has it, by bcrypt: the first test vector of crypt_blowfish.
const KNOWN: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// A registry on 127.0.0.1 with a store of its own. It ends with the test.
#[derive(Debug)]
pub struct OwnRegistry {
    folder: TempDir,
    address: String,
    process: Option<Child>,
}

impl OwnRegistry {
    /// Starts a registry.
    ///
    /// # Panics
    /// If it does not start.
    #[track_caller]
    pub fn start(settings: Settings) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let mut registry = Self {
            folder: tempfile::tempdir().expect("a folder can be made"),
            address: port.expect("a port is free").to_string(),
            process: None,
        };
        registry.restart(settings);
        registry
    }

    /// Starts it again with other settings and the same content.
    ///
    /// # Panics
    /// If it does not start.
    #[track_caller]
    pub fn restart(&mut self, settings: Settings) {
        self.stop();
        let folder = self.folder.path();
        let mut config = format!(
            "version: 0.1\nlog:\n  level: error\nhttp:\n  addr: {}\nstorage:\n  filesystem:\n    rootdirectory: {}\n  \
             delete:\n    enabled: {}\n  maintenance:\n    readonly:\n      enabled: {}\n",
            self.address,
            folder.join("data").display(),
            settings.deletes,
            settings.is_read_only
        );
        if settings.wants_login {
            let file = folder.join("htpasswd");
            let line = format!("{}:{KNOWN}\n", USER[0]);
            std::fs::write(&file, line).expect("a file can be written");
            config += &format!(
                "auth:\n  htpasswd:\n    realm: tests\n    path: {}\n",
                file.display()
            );
        }
        let file = folder.join("config.yml");
        std::fs::write(&file, config).expect("a file can be written");
        let process = Command::new("docker-registry")
            .arg("serve")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.process = Some(process.expect("docker-registry starts: see tools/engine registry"));
        let began = Instant::now();
        while std::net::TcpStream::connect(&self.address).is_err() {
            assert!(
                began.elapsed() < Duration::from_secs(20),
                "it does not answer"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Returns host and port.
    pub fn address(&self) -> &str {
        &self.address
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("it can be killed");
            process.wait().expect("it ends");
        }
    }
}

impl Drop for OwnRegistry {
    fn drop(&mut self) {
        self.stop();
    }
}
