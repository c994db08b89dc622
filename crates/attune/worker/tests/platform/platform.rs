use std::{
    collections::HashSet,
    net::SocketAddr,
    num::NonZeroU16,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use attune_client::{Api, Retry};
use attune_common::{Execution, ExecutionId, Shutdown};
use attune_worker::Interpreters;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};

/// Far longer than any step takes, for slow machines.
const PATIENCE: Duration = Duration::from_secs(60);

/// All services but the worker, each on a free port.
pub struct Platform {
    pub dir: TempDir,
    pub api: Api,
    api_address: SocketAddr,
    executor: SocketAddr,
    notifier: SocketAddr,
    shutdown: Shutdown,
    tasks: Vec<JoinHandle<()>>,
}

/// A running worker.
pub struct Worker {
    shutdown: Shutdown,
    task: JoinHandle<()>,
}

/// The events that the notifier streams, as they arrive.
pub struct Stream(Arc<Mutex<HashSet<String>>>);

impl Platform {
    pub async fn start() -> Self {
        let dir = TempDir::new().unwrap();
        let packs = dir.path().join("packs");
        let prepare = packs.clone();
        tokio::task::spawn_blocking(move || super::packs::prepare(&prepare))
            .await
            .unwrap();
        let (api_listener, api_address) = listener().await;
        let (executor_listener, executor) = listener().await;
        let (notifier_listener, notifier) = listener().await;
        let shutdown = Shutdown::default();
        let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../common/migrations");

        let api = attune_api::Config {
            listen: api_address,
            database: dir.path().join("data/attune.db"),
            migrations: PathBuf::from(migrations),
            packs: packs.clone(),
            keep_events: PATIENCE * 100,
        };
        let work = attune_executor::Config {
            listen: executor,
            api: url(api_address),
            notifier: Some(url(notifier)),
            lease: Duration::from_millis(1500),
            poll: Duration::from_millis(50),
            wait: Duration::from_secs(1),
        };
        let news = attune_notifier::Config {
            listen: notifier,
            backlog: 64,
        };
        let sensors = attune_sensor::Config {
            api: url(api_address),
            notifier: Some(url(notifier)),
            packs,
            rescan: Duration::from_secs(1),
            restart: Duration::from_millis(100),
        };
        let stop = || shutdown.clone();
        let (s1, s2, s3, s4) = (stop(), stop(), stop(), stop());
        let tasks = vec![
            tokio::spawn(async move { attune_api::run(&api, api_listener, &s1).await.unwrap() }),
            tokio::spawn(async move {
                attune_executor::run(&work, executor_listener, &s2)
                    .await
                    .unwrap();
            }),
            tokio::spawn(async move {
                attune_notifier::run(&news, notifier_listener, &s3)
                    .await
                    .unwrap();
            }),
            tokio::spawn(async move { attune_sensor::run(&sensors, &s4).await }),
        ];
        Self {
            api: Api::new(&url(api_address), Retry::default()),
            dir,
            api_address,
            executor,
            notifier,
            shutdown,
            tasks,
        }
    }

    pub fn worker(&self, name: &str) -> Worker {
        let path = std::env::var_os("PATH").unwrap();
        let config = attune_worker::Config {
            api: url(self.api_address),
            executor: url(self.executor),
            notifier: Some(url(self.notifier)),
            packs: self.dir.path().join("packs"),
            interpreters: Interpreters::on_path(&path),
            name: name.into(),
            slots: NonZeroU16::new(2).unwrap(),
            output_bytes: 10_000,
            drain: Duration::from_millis(100),
        };
        let shutdown = Shutdown::default();
        let stop = shutdown.clone();
        let task = tokio::spawn(async move { attune_worker::run(&config, &stop).await });
        Worker { shutdown, task }
    }

    /// Waits until an execution satisfies `wanted`.
    pub async fn reaches(&self, id: ExecutionId, wanted: impl Fn(&Execution) -> bool) -> Execution {
        let mut last = None;
        let reached = timeout(PATIENCE, async {
            loop {
                let execution = self.api.execution(id).await.unwrap();
                if wanted(&execution) {
                    return execution;
                }
                last = Some(execution);
                sleep(Duration::from_millis(50)).await;
            }
        });
        let reached = reached.await;
        reached.unwrap_or_else(|_| panic!("still {last:?}"))
    }

    pub async fn finished(&self, id: ExecutionId) -> Execution {
        self.reaches(id, |e| e.status.is_final()).await
    }

    /// Waits until the api has an event of this kind.
    pub async fn kept_event(&self, kind: &str) {
        let path = format!("/events?kind={kind}&limit=1");
        let kept = timeout(PATIENCE, async {
            while !get(self.api_address, &path).await.contains(kind) {
                sleep(Duration::from_millis(50)).await;
            }
        });
        kept.await.expect("the api has the event");
    }

    /// Starts to listen to the notifier.
    pub async fn stream(&self) -> Stream {
        let mut stream = TcpStream::connect(self.notifier).await.unwrap();
        let request = b"GET /events/stream HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.unwrap();
        let seen = Arc::new(Mutex::new(HashSet::new()));
        let shared = Arc::clone(&seen);
        let mut lines = BufReader::new(stream).lines();
        // The response head arrives once the notifier has subscribed.
        lines.next_line().await.unwrap();
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                if let Some(name) = line.strip_prefix("event:") {
                    shared.lock().unwrap().insert(name.trim().to_owned());
                }
            }
        });
        Stream(seen)
    }

    pub async fn stop(self) {
        self.shutdown.trigger();
        for task in self.tasks {
            timeout(PATIENCE, task).await.expect("it stops").unwrap();
        }
    }
}

impl Worker {
    pub async fn stop(self) {
        self.shutdown.trigger();
        let stopped = timeout(PATIENCE, self.task).await;
        stopped.expect("the worker stops").unwrap();
    }

    /// Ends it without notifying anyone.
    pub fn die(self) {
        self.task.abort();
    }
}

impl Stream {
    /// Waits for an event of this name.
    pub async fn saw(&self, name: &str) {
        let saw = timeout(PATIENCE, async {
            while !self.0.lock().unwrap().contains(name) {
                sleep(Duration::from_millis(50)).await;
            }
        });
        saw.await
            .unwrap_or_else(|_| panic!("no {name} on the stream"));
    }
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    body.to_owned()
}
