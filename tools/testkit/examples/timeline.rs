//! Runs a bake and prints each step on a line of time, beside the time that Cargo took in it:
//! `timeline docker buildx bake api`.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use bakehouse::engine::progress::{Progress, Step};

const USAGE: &str = "usage: timeline docker buildx bake [ARGUMENT…]";

/// The width of the line of time, in characters.
const WIDTH: f64 = 50.0;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some((program, arguments)) = words.split_first() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let began = now();
    let child = Command::new(program)
        .args(arguments)
        .args(["--progress", "rawjson"])
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            eprintln!("{program} cannot be run: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut progress = Progress::default();
    let said = child.stderr.take().expect("it is piped");
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        progress.add(&(line + "\n"));
    }
    let succeeded = child.wait().is_ok_and(|status| status.success());
    let rows = rows(&progress.steps(), began, now());
    print(&rows);
    if succeeded {
        return ExitCode::SUCCESS;
    }
    eprint!("{}", progress.rest);
    ExitCode::FAILURE
}

/// A row of the table; times in seconds since the command was started.
struct Row {
    name: String,
    start: f64,
    end: f64,
    /// The time that Cargo reports, in steps that run it.
    cargo: Option<f64>,
}

/// Returns the steps that were carried out, in the order of their start, with the time before and after them.
fn rows(steps: &[Step], began: f64, ended: f64) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for step in steps.iter().filter(|step| step.executed) {
        let times = step.spans.iter().map(|span| {
            let seconds = |micros: i64| micros as f64 / 1e6 - began;
            let (start, end) = (span.start.as_microsecond(), span.end.as_microsecond());
            (seconds(start), seconds(end))
        });
        let Some((start, end)) = times.reduce(|one, two| (one.0.min(two.0), one.1.max(two.1)))
        else {
            continue;
        };
        let stage = if step.stage.is_empty() {
            "-"
        } else {
            &step.stage
        };
        let instruction: String = step.instruction.chars().take(32).collect();
        rows.push(Row {
            name: format!("{stage} {instruction}"),
            start,
            end,
            cargo: step.cargo().map(|took| took.as_secs_f64()),
        });
    }
    rows.sort_by(|one, two| one.start.total_cmp(&two.start));
    let first = rows.first().map_or(ended - began, |row| row.start);
    let last = rows.iter().map(|row| row.end).fold(first, f64::max);
    rows.insert(0, outside("until the first step", 0.0, first));
    rows.push(outside("after the last step", last, ended - began));
    rows
}

fn outside(name: &str, start: f64, end: f64) -> Row {
    Row {
        name: name.to_owned(),
        start,
        end,
        cargo: None,
    }
}

fn print(rows: &[Row]) {
    let end = rows.iter().map(|row| row.end).fold(0.1, f64::max);
    println!("  start   took  cargo");
    for row in rows {
        let column = |seconds: f64| (seconds.max(0.0) / end * WIDTH) as usize;
        let (from, to) = (column(row.start), column(row.end));
        let bar = format!("{}{}", " ".repeat(from), "█".repeat((to - from).max(1)));
        let cargo = row.cargo.map(|seconds| format!("{seconds:.2}"));
        println!(
            "{:7.2} {:6.2} {:>6}  {:42} {bar}",
            row.start,
            row.end - row.start,
            cargo.unwrap_or_default(),
            row.name,
        );
    }
}

/// Returns the time of day, as the engine's reports have it.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs_f64()
}
