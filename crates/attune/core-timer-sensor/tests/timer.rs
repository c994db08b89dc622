//! Tests of the timer as its host uses it.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

const TIMER: &str = env!("CARGO_BIN_EXE_attune-core-timer-sensor");

#[test]
fn ticks_until_the_input_closes() {
    let mut timer = Command::new(TIMER)
        .args(["--interval", "20"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(timer.stdout.take().unwrap()).lines();
    for tick in 1..=3 {
        let line = lines.next().unwrap().unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["tick"], tick);
        assert_eq!(value["interval_ms"], 20);
    }
    drop(timer.stdin.take());
    assert!(timer.wait().unwrap().success());
}

#[test]
fn a_wrong_interval_is_refused() {
    let output = Command::new(TIMER)
        .env("ATTUNE_TIMER_INTERVAL_MS", "soon")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("ATTUNE_TIMER_INTERVAL_MS"), "{text}");
}
