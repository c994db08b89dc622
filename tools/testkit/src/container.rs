//! The behaviour and the contents of an image.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::engine::docker;
use crate::ran::Ran;

/// Runs a new container of `image` to completion, without network.
pub fn run<'a>(image: &str, arguments: impl IntoIterator<Item = &'a str>) -> Ran {
    Ran::of(
        Command::new("docker")
            .args(["run", "--rm", "--network", "none", image])
            .args(arguments),
    )
}

/// Returns the output of a new container of `image`.
///
/// # Panics
/// If it fails.
#[track_caller]
pub fn prints<'a>(image: &str, arguments: impl IntoIterator<Item = &'a str>) -> String {
    run(image, arguments).succeeded().stdout.trim().to_owned()
}

/// Returns the output of a new container of `image` for `platform`, with emulation if the engine has another one.
/// `options` are additional options of `docker run`.
///
/// # Panics
/// If it fails.
#[track_caller]
pub fn prints_on(platform: &str, options: &[&str], image: &str, arguments: &[&str]) -> String {
    let run = ["run", "--rm", "--network", "none", "--platform", platform];
    let words = run.iter().chain(options).chain([&image]).chain(arguments);
    docker(words.copied())
}

/// A file in an image.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The path without a leading slash. A folder ends with a slash.
    pub path: String,
    /// The mode as `ls` prints it, e.g. `drwxr-xr-x`.
    pub mode: String,
    /// `uid/gid`.
    pub owner: String,
}

/// Returns all files of `image`, from its export. This works for images without a shell, too.
///
/// # Panics
/// If the image cannot be exported.
#[track_caller]
pub fn entries(image: &str) -> Vec<Entry> {
    let container = docker(["create", "--network", "none", image]);
    let mut export = Command::new("docker")
        .args(["export", &container])
        .stdout(Stdio::piped())
        .spawn()
        .expect("docker export starts");
    let archive = export.stdout.take().expect("its output is piped");
    let listed = Ran::of(
        Command::new("tar")
            .args(["--list", "--verbose", "--numeric-owner"])
            .stdin(archive),
    );
    let exported = export.wait();
    docker(["rm", "--force", &container]);
    assert!(exported.is_ok_and(|status| status.success()));
    let parse = |line: &str| {
        let mut words = line.split_whitespace();
        let (mode, owner) = (words.next()?, words.next()?);
        // The columns before the path are size, date and time.
        let path = words.skip(3).collect::<Vec<_>>().join(" ");
        let path = path.split(" -> ").next().unwrap_or_default().to_owned();
        Some(Entry {
            path,
            mode: mode.to_owned(),
            owner: owner.to_owned(),
        })
    };
    listed
        .succeeded()
        .stdout
        .lines()
        .filter_map(parse)
        .collect()
}

/// A running container, removed when dropped.
#[derive(Debug)]
pub struct Container {
    id: String,
}

impl Container {
    /// Starts `image` with its `port` published on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// If the engine refuses.
    #[track_caller]
    pub fn start(image: &str, port: u16) -> Self {
        let publish = format!("127.0.0.1::{port}");
        Self {
            id: docker(["run", "--detach", "--publish", &publish, image]),
        }
    }

    /// Runs `docker container inspect` with `format`.
    pub fn inspect(&self, format: &str) -> String {
        docker(["container", "inspect", "--format", format, &self.id])
    }

    /// Returns the user and group of its processes, as the host sees them.
    pub fn users(&self) -> Vec<String> {
        let listed = docker(["top", &self.id, "-o", "pid,uid,gid"]);
        let columns = |line: &str| {
            line.split_whitespace()
                .skip(1)
                .collect::<Vec<_>>()
                .join(":")
        };
        listed.lines().skip(1).map(columns).collect()
    }

    /// Returns the body of the response to `GET path`. Waits up to `patience` for the service to start.
    ///
    /// # Panics
    /// If there is no response with status 200 by then.
    #[track_caller]
    pub fn get(&self, port: u16, path: &str, patience: Duration) -> String {
        let address = docker(["port", &self.id, &format!("{port}/tcp")]);
        let end = Instant::now() + patience;
        loop {
            match get(&address, path) {
                Ok(answer) if answer.starts_with("HTTP/1.1 200") => {
                    return answer
                        .split_once("\r\n\r\n")
                        .map(|(_, body)| body.to_owned())
                        .unwrap_or_default();
                }
                answer if Instant::now() > end => {
                    let log = Ran::of(Command::new("docker").args(["logs", &self.id]));
                    panic!("no good answer to GET {path} from {address}: {answer:?}\n{log}");
                }
                _ => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["rm", "--force", "--volumes", &self.id])
            .output();
    }
}

fn get(address: &str, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
