use std::collections::BTreeMap;

use attune_common::{
    Event, Shutdown,
    packs::{self, Packs, Sensor},
};
use tokio::{sync::mpsc::Sender, task::JoinHandle};

use crate::{Config, watch};

/// Keeps the running sensors the same as those on the packs mount.
pub(crate) async fn run(config: &Config, events: Sender<Event>, shutdown: &Shutdown) {
    let mut host = Host {
        config,
        events,
        running: BTreeMap::new(),
    };
    let mut last = Packs::default();
    let mut timer = tokio::time::interval(config.rescan);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = timer.tick() => {}
            () = shutdown.wait() => break,
        }
        let dir = config.packs.clone();
        let Ok(packs) = tokio::task::spawn_blocking(move || packs::load(&dir)).await else {
            continue;
        };
        if packs == last {
            continue;
        }
        packs.warn();
        host.adopt(packs.sensors()).await;
        last = packs;
    }
    host.adopt([]).await;
}

struct Host<'a> {
    config: &'a Config,
    events: Sender<Event>,
    running: BTreeMap<String, Running>,
}

struct Running {
    sensor: Sensor,
    stop: Shutdown,
    task: JoinHandle<()>,
}

impl Host<'_> {
    /// Stops sensors that changed or were removed, all at once, and starts new ones.
    async fn adopt<'s>(&mut self, wanted: impl IntoIterator<Item = &'s Sensor>) {
        let wanted: Vec<_> = wanted.into_iter().collect();
        let gone = |_: &String, running: &mut Running| !wanted.contains(&&running.sensor);
        let ending: Vec<_> = self.running.extract_if(.., gone).collect();
        for (_, running) in &ending {
            running.stop.trigger();
        }
        for (reference, running) in ending {
            if let Err(error) = running.task.await {
                tracing::error!(%error, sensor = reference, "the supervisor failed");
            }
        }
        for sensor in wanted {
            if !self.running.contains_key(&sensor.reference) {
                let stop = Shutdown::default();
                let task = tokio::spawn(watch::keep_running(
                    sensor.clone(),
                    self.config.restart,
                    self.events.clone(),
                    stop.clone(),
                ));
                let sensor = sensor.clone();
                let running = Running { sensor, stop, task };
                self.running
                    .insert(running.sensor.reference.clone(), running);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

    use tempfile::TempDir;
    use tokio::{sync::mpsc, time::timeout};

    use super::*;

    #[tokio::test]
    async fn a_sensor_starts_once_its_program_is_there_and_stops_once_it_is_gone() {
        let root = TempDir::new().unwrap();
        let sensors = root.path().join("demo/sensors");
        fs::create_dir_all(&sensors).unwrap();
        let manifest = "ref: demo\nname: Demo\nversion: 1.0.0\n";
        fs::write(sensors.join("../pack.yaml"), manifest).unwrap();
        let yaml = "ref: demo.beat\nentry_point: beat\n";
        fs::write(sensors.join("beat.yaml"), yaml).unwrap();
        let config = Config {
            api: String::new(),
            notifier: None,
            packs: root.path().into(),
            rescan: Duration::from_millis(20),
            restart: Duration::from_millis(20),
        };
        let (sender, mut events) = mpsc::channel(1);
        let shutdown = Shutdown::default();
        let stop = shutdown.clone();
        let host = tokio::spawn(async move { run(&config, sender, &stop).await });
        let quiet = timeout(Duration::from_millis(200), events.recv()).await;
        assert!(quiet.is_err(), "nothing to run yet");

        let script = "#!/bin/sh\nwhile sleep 0.02; do echo '{}'; done\n";
        let unfinished = sensors.join(".beat");
        fs::write(&unfinished, script).unwrap();
        fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o755)).unwrap();
        fs::rename(&unfinished, sensors.join("beat")).unwrap();
        let event = timeout(Duration::from_secs(10), events.recv()).await;
        assert_eq!(event.unwrap().unwrap().kind, "demo.beat");

        fs::remove_file(sensors.join("beat.yaml")).unwrap();
        let silent = timeout(Duration::from_secs(10), async {
            while let Ok(Some(_)) = timeout(Duration::from_millis(500), events.recv()).await {}
        });
        silent.await.expect("it stops");
        shutdown.trigger();
        timeout(Duration::from_secs(10), host)
            .await
            .unwrap()
            .unwrap();
    }
}
