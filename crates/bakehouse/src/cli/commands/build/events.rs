//! `build --progress json`: one line of JSON for each completed step, and one for the end.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde::Serialize;

use super::account::Account;
use super::table::Row;
use crate::cli::out::{err, outln};
use crate::engine::progress::ended;
use crate::problem::Problems;

/// The version of all lines.
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Event<'a> {
    /// A step ended.
    Step {
        version: u32,
        stage: &'a str,
        instruction: &'a str,
        cached: bool,
        seconds: f64,
        error: Option<&'a str>,
    },
    /// The build failed. The error is on standard error, too.
    Failed {
        version: u32,
        problems: Vec<Failure<'a>>,
    },
    /// The build succeeded.
    Done {
        version: u32,
        services: &'a [Row<'a>],
        #[serde(flatten)]
        account: &'a Account,
    },
}

#[derive(Serialize)]
struct Failure<'a> {
    code: &'a str,
    message: &'a str,
}

/// Turns buildx's progress into events.
pub struct Events<'a> {
    /// The stages of the Dockerfile.
    own: &'a BTreeSet<String>,
    seen: RefCell<Seen>,
}

#[derive(Default)]
struct Seen {
    /// The last line, until its end arrives.
    line: Vec<u8>,
    /// Digests of reported steps: BuildKit reports a shared step once to each client.
    steps: BTreeSet<String>,
}

impl<'a> Events<'a> {
    /// Collects the events of `own` stages and of BuildKit itself. A step that is shared with another build may have
    /// the name that the other build gave it.
    pub fn of(own: &'a BTreeSet<String>) -> Self {
        Self {
            own,
            seen: RefCell::default(),
        }
    }

    /// Reads the next piece of buildx's output.
    pub fn hear(&self, bytes: &[u8]) {
        let mut seen = self.seen.borrow_mut();
        seen.line.extend_from_slice(bytes);
        while let Some(end) = seen.line.iter().position(|byte| *byte == b'\n') {
            let rest = seen.line.split_off(end + 1);
            let line = std::mem::replace(&mut seen.line, rest);
            let line = String::from_utf8_lossy(&line);
            if !line.starts_with('{') {
                err!("{line}");
                continue;
            }
            for step in ended(&line) {
                let is_own = step.stage.is_empty() || self.own.contains(&step.stage);
                if is_own && seen.steps.insert(step.digest.clone()) {
                    print(&Event::Step {
                        version: VERSION,
                        stage: &step.stage,
                        instruction: &step.instruction,
                        cached: !step.executed,
                        seconds: step.took.as_secs_f64(),
                        error: step.error.as_deref().filter(|error| !error.is_empty()),
                    });
                }
            }
        }
    }
}

pub fn done(rows: &[Row<'_>], account: &Account) {
    print(&Event::Done {
        version: VERSION,
        services: rows,
        account,
    });
}

pub fn failed(problems: &Problems) {
    let failure = |problem| {
        let problem: &crate::problem::Problem = problem;
        Failure {
            code: problem.code.as_str(),
            message: &problem.message,
        }
    };
    print(&Event::Failed {
        version: VERSION,
        problems: problems.0.iter().map(failure).collect(),
    });
}

fn print(event: &Event<'_>) {
    let line = serde_json::to_string(event).expect("strings, numbers and lists are JSON");
    outln!("{line}");
}
