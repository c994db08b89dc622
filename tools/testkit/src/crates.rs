//! A private registry of crates, with a certificate of its own. It serves nothing without its token.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::engine::gateway;
use crate::ran::Ran;
use crate::refusing::head;
use crate::unique::unique;

/// A registry with one crate, which runs until the process ends.
#[derive(Clone, Debug)]
pub struct Crates {
    address: String,
    certificate: String,
    token: String,
    name: String,
    archive: Vec<u8>,
    sum: String,
}

impl Crates {
    /// Serves the crate `name`, version 1.0.0, with the library `source`, to the host and to steps on the engine.
    ///
    /// # Panics
    /// If there is no free port, or no `tar`.
    #[track_caller]
    pub fn start(name: &str, source: &str) -> Self {
        let own = gateway();
        let listener = TcpListener::bind((own.as_str(), 0)).expect("a port is free");
        let address = listener.local_addr().expect("it is bound").to_string();
        let made = rcgen::generate_simple_self_signed(vec![own]).expect("a certificate is made");
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key is one");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .expect("the key is the certificate's");
        let (archive, sum) = archive(name, "1.0.0", source);
        let crates = Self {
            address,
            certificate: made.cert.pem(),
            token: format!("token-{}", unique()),
            name: name.to_owned(),
            archive,
            sum,
        };
        let (config, served) = (Arc::new(config), crates.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (config, served) = (Arc::clone(&config), served.clone());
                // A client that disconnects reports the failure itself.
                std::thread::spawn(move || served.answer(client, config).ok());
            }
        });
        crates
    }

    /// Returns the entry for Cargo's configuration, under the name `private`.
    pub fn config(&self) -> String {
        format!(
            "[registries.private]\nindex = \"sparse+https://{}/index/\"\n\
             credential-provider = \"cargo:token\"\n",
            self.address
        )
    }

    /// Returns the token that it requires. It must not become known to anyone else.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns its certificate, by which clients verify it.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    fn answer(&self, client: TcpStream, config: Arc<ServerConfig>) -> std::io::Result<()> {
        client.set_read_timeout(Some(Duration::from_secs(10)))?;
        let connection = ServerConnection::new(config).map_err(std::io::Error::other)?;
        let mut stream = StreamOwned::new(connection, client);
        let head = head(&mut stream)?;
        let (status, body) = self.file(&String::from_utf8_lossy(&head));
        write!(
            stream,
            "HTTP/1.1 {status} .\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        )?;
        stream.write_all(&body)?;
        stream.conn.send_close_notify();
        stream.flush()
    }

    fn file(&self, head: &str) -> (u16, Vec<u8>) {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let mut given = head.lines().filter_map(|line| line.split_once(": "));
        let knows = given.any(|(key, value)| {
            key.eq_ignore_ascii_case("authorization") && value.trim() == self.token
        });
        let name = &self.name;
        let (a, b) = (&name[..2], &name[2..4]);
        match path {
            _ if !knows => (401, Vec::new()),
            "/index/config.json" => (
                200,
                format!(
                    r#"{{"dl":"https://{0}/dl","api":"https://{0}","auth-required":true}}"#,
                    self.address
                )
                .into(),
            ),
            _ if path == format!("/index/{a}/{b}/{name}") => (
                200,
                format!(
                    r#"{{"name":"{name}","vers":"1.0.0","deps":[],"cksum":"{}","features":{{}},"yanked":false}}"#,
                    self.sum
                )
                .into(),
            ),
            _ if path == format!("/dl/{name}/1.0.0/download") => (200, self.archive.clone()),
            _ => (404, Vec::new()),
        }
    }
}

/// Returns the crate in the form in which registries store it, and its checksum.
#[track_caller]
pub(crate) fn archive(name: &str, version: &str, source: &str) -> (Vec<u8>, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let dir = Utf8Path::from_path(folder.path()).expect("its name is UTF-8");
    let root = format!("{name}-{version}");
    fs_err::create_dir_all(dir.join(&root).join("src")).expect("a folder can be made");
    let manifest =
        format!("[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2021\"\n");
    for (file, text) in [("Cargo.toml", manifest.as_str()), ("src/lib.rs", source)] {
        fs_err::write(dir.join(&root).join(file), text).expect("a file can be written");
    }
    let file = dir.join("crate");
    let tar = ["-C", dir.as_str(), "-czf", file.as_str(), &root];
    let _ = Ran::of(Command::new("tar").args(tar)).succeeded();
    let archive = fs_err::read(&file).expect("the archive is there");
    (archive.clone(), sha256(&file))
}

/// Returns the checksum of a file.
#[track_caller]
pub(crate) fn sha256(file: &Utf8Path) -> String {
    let sum = Ran::of(Command::new("sha256sum").arg(file)).succeeded();
    sum.stdout.split(' ').next().unwrap_or_default().to_owned()
}
