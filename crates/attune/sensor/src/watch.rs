use std::time::{Duration, Instant};

use attune_common::{Event, Shutdown, packs::Sensor};
use attune_process::{Command, Error, Line, LineProcess, Stream};
use serde_json::{Map, Value};
use tokio::sync::mpsc::Sender;

use crate::backoff::Backoff;

/// The maximum length of an event. Longer lines are dropped.
const LINE_BYTES: usize = 64 * 1024;

/// The time that a sensor has to exit. Docker kills the container 10 seconds after SIGTERM.
const GRACE: Duration = Duration::from_secs(3);

/// Runs a sensor repeatedly until `stop`.
pub(crate) async fn keep_running(
    sensor: Sensor,
    first_pause: Duration,
    events: Sender<Event>,
    stop: Shutdown,
) {
    let name = sensor.reference.as_str();
    let mut backoff = Backoff::new(first_pause);
    while !stop.is_triggered() {
        let start = Instant::now();
        let ended = run(&sensor, &events, &stop).await;
        if stop.is_triggered() {
            break;
        }
        let pause = backoff.after(start.elapsed());
        let reason = ended.unwrap_or_else(|error| with_cause(&error));
        tracing::warn!(sensor = name, reason, ?pause, "ended; starting again");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.wait() => {}
        }
    }
    tracing::info!(sensor = name, "stopped");
}

/// Runs a sensor once, and returns how it ended.
async fn run(sensor: &Sensor, events: &Sender<Event>, stop: &Shutdown) -> Result<String, Error> {
    let mut command = Command::new(&sensor.entry_point);
    if let Some(folder) = sensor.entry_point.parent() {
        command = command.dir(folder);
    }
    for (key, value) in &sensor.environment {
        command = command.env(key, value);
    }
    let mut process = LineProcess::start(&command, LINE_BYTES)?;
    tracing::info!(sensor = sensor.reference, "started");
    let pass_on = async {
        while let Some(line) = process.next().await {
            if let Some(event) = event(&sensor.reference, &line)
                && events.send(event).await.is_err()
            {
                return;
            }
        }
    };
    tokio::select! {
        () = pass_on => {}
        () = stop.wait() => {}
    }
    Ok(process.stop(GRACE).await?.to_string())
}

fn event(sensor: &str, line: &Line) -> Option<Event> {
    if line.stream == Stream::Err {
        tracing::info!(sensor, "{}", line.text);
        return None;
    }
    if line.cut {
        tracing::warn!(sensor, "a line is longer than {LINE_BYTES} bytes; dropped");
        return None;
    }
    match serde_json::from_str::<Map<String, Value>>(&line.text) {
        Ok(payload) => Some(Event::now(sensor, "sensor", payload.into())),
        Err(error) => {
            tracing::warn!(sensor, %error, "a line is no JSON object; dropped");
            None
        }
    }
}

fn with_cause(error: &Error) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path};

    use tempfile::TempDir;
    use tokio::{sync::mpsc, time::timeout};

    use super::*;

    fn sensor(dir: &Path, script: &str) -> Sensor {
        let entry_point = dir.join("sensor.sh");
        fs::write(&entry_point, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&entry_point, fs::Permissions::from_mode(0o755)).unwrap();
        Sensor {
            reference: "demo.watch".into(),
            description: String::new(),
            entry_point,
            environment: BTreeMap::from([("N".into(), "7".into())]),
        }
    }

    #[tokio::test]
    async fn objects_become_events_and_an_ended_sensor_starts_again() {
        let dir = TempDir::new().unwrap();
        let sensor = sensor(
            dir.path(),
            "echo noise; echo [1]; echo note >&2; echo \"{\\\"n\\\": $N}\"",
        );
        let (sender, mut events) = mpsc::channel(4);
        let stop = Shutdown::default();
        let pause = Duration::from_millis(10);
        let task = tokio::spawn(keep_running(sensor, pause, sender, stop.clone()));
        for _ in 0..3 {
            let event = timeout(Duration::from_secs(10), events.recv()).await;
            let event = event.unwrap().unwrap();
            assert_eq!(event.kind, "demo.watch");
            assert_eq!(event.payload, serde_json::json!({"n": 7}));
        }
        stop.trigger();
        drop(events);
        timeout(Duration::from_secs(10), task)
            .await
            .unwrap()
            .unwrap();
    }

    #[tokio::test]
    async fn a_stop_ends_a_sensor_that_runs_and_a_full_queue_does_not_hinder_it() {
        let dir = TempDir::new().unwrap();
        let sensor = sensor(dir.path(), "while :; do echo '{}'; done");
        let (sender, events) = mpsc::channel(1);
        let stop = Shutdown::default();
        let pause = Duration::from_millis(10);
        let task = tokio::spawn(keep_running(sensor, pause, sender, stop.clone()));
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop.trigger();
        timeout(Duration::from_secs(10), task)
            .await
            .unwrap()
            .unwrap();
        drop(events);
    }
}
