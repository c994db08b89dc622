//! The core pack's timer: prints `{"tick": n, "interval_ms": m}` every interval, until standard
//! input closes or a signal ends it. SIGTERM needs no handler, as there is nothing to clean up.

mod interval;

use std::{
    io::{self, Read, Write},
    process::ExitCode,
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::Instant,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments == ["--version"] {
        println!("attune-core-timer-sensor {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let variable = std::env::var(interval::VARIABLE).ok();
    let interval = match interval::read(&arguments, variable.as_deref()) {
        Ok(interval) => interval,
        Err(message) => {
            eprintln!("attune-core-timer-sensor: {message}");
            return ExitCode::from(2);
        }
    };
    let (closed, input) = channel::<()>();
    thread::spawn(move || drain(closed));
    let start = Instant::now();
    for tick in 1u32.. {
        // Counted from the start, so that the time for printing does not accumulate.
        let due = start + interval * tick;
        let pause = due.saturating_duration_since(Instant::now());
        if input.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
            break;
        }
        let line = serde_json::json!({
            "tick": tick,
            "interval_ms": u64::try_from(interval.as_millis()).unwrap_or(u64::MAX),
        });
        let mut out = io::stdout().lock();
        if writeln!(out, "{line}").and_then(|()| out.flush()).is_err() {
            // The reader has closed the pipe.
            break;
        }
    }
    ExitCode::SUCCESS
}

/// Reads standard input to its end. Dropping `closed` then wakes the timer.
fn drain(closed: Sender<()>) {
    let mut buffer = [0; 256];
    while let Ok(1..) = io::stdin().read(&mut buffer) {}
    drop(closed);
}
