//! The types that services exchange as JSON. Unknown fields are ignored on purpose, since services are updated one at
//! a time.

use std::{
    fmt,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Returns the milliseconds since 1970-01-01 UTC, the unit of every `*_ms` field in these types.
pub fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Creates a new id. Later ids sort after earlier ones (UUID version 7).
            pub fn fresh() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

id!(
    /// The id of an execution.
    ExecutionId
);
id!(
    /// The id of an event. The sender chooses it, so sending an event twice stores it once.
    EventId
);

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// All values, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the word used in JSON, YAML and the database.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    other => Err(format!(
                        "\"{other}\" is not one of {}",
                        [$($word),+].join(", ")
                    )),
                }
            }
        }
    };
}

words!(
    /// The interpreter of an action's entry point.
    Runner {
        /// `bash`, or `sh` if there is no bash.
        Shell = "shell",
        /// `python3`.
        Python = "python",
        /// `node`.
        Node = "node",
    }
);

words!(
    /// The status of an execution. `Queued` → `Claimed` → `Running` → one of the last three; an expired lease leads
    /// back to `Queued`.
    ExecutionStatus {
        /// It waits for a worker.
        Queued = "queued",
        /// It was handed to a worker that has not started it yet.
        Claimed = "claimed",
        /// A worker runs it.
        Running = "running",
        /// The action exited with 0.
        Succeeded = "succeeded",
        /// The action could not run, exited with another code, or lost its worker too many times.
        Failed = "failed",
        /// The action exceeded its time limit and was killed.
        TimedOut = "timed_out",
    }
);

impl ExecutionStatus {
    /// Returns whether the status can no longer change.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::TimedOut)
    }
}

/// A request for an execution: `POST /executions`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewExecution {
    /// The action's ref, such as `core.echo`.
    pub action: String,
    /// Values by parameter name. Missing ones use the action's defaults.
    #[serde(default)]
    pub parameters: Map<String, Value>,
}

/// One run of an action, from request to result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// The execution's id.
    pub id: ExecutionId,
    /// The action's ref.
    pub action: String,
    /// The interpreter that the action's entry point needs.
    pub runner: Runner,
    /// The parameters, including defaults.
    pub parameters: Map<String, Value>,
    /// The current status.
    pub status: ExecutionStatus,
    /// The number of times that it was handed to a worker. Together with the id it identifies a lease: a worker that
    /// sends an older number is answered with 409.
    pub attempt: u32,
    /// The worker that holds the lease, or held it last.
    pub worker: Option<String>,
    /// The action's exit code; `None` if it is unfinished or was killed by a signal.
    pub exit_code: Option<i32>,
    /// Standard output, truncated at the worker's limit.
    pub stdout: String,
    /// Standard error, truncated at the worker's limit.
    pub stderr: String,
    /// Standard output parsed as JSON, if it is valid JSON.
    pub result: Option<Value>,
    /// A description of the failure, if the exit code does not explain it.
    pub error: Option<String>,
    /// The time of the request.
    pub created_ms: i64,
    /// The time when the last attempt started running.
    pub started_ms: Option<i64>,
    /// The time when it reached a final status.
    pub finished_ms: Option<i64>,
}

/// The executor's request to the api for one queued execution: `POST /internal/claim`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// The worker that will run it.
    pub worker: String,
    /// The runners whose executions the worker takes.
    pub runners: Vec<Runner>,
    /// The time for which the worker may be silent before the execution is queued again.
    pub lease_ms: u64,
}

/// A worker's request to the executor: `POST /work/next`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkRequest {
    /// The worker's name, unique among running workers.
    pub worker: String,
    /// The worker's runners.
    pub runners: Vec<Runner>,
}

/// An execution handed to a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Work {
    /// The execution to run.
    pub execution: Execution,
    /// The duration of the lease. It must be renewed well before.
    pub lease_ms: u64,
}

/// Proof that the sender still holds an execution. It is the body of start, renew and release.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// [`Execution::attempt`] of the execution as it was handed out.
    pub attempt: u32,
}

/// The result of an attempt: `POST /internal/executions/{id}/complete`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Completion {
    /// [`Execution::attempt`] of the execution as it was handed out.
    pub attempt: u32,
    /// A final status.
    pub status: ExecutionStatus,
    /// See [`Execution::exit_code`].
    pub exit_code: Option<i32>,
    /// See [`Execution::stdout`].
    pub stdout: String,
    /// See [`Execution::stderr`].
    pub stderr: String,
    /// See [`Execution::result`].
    pub result: Option<Value>,
    /// See [`Execution::error`].
    pub error: Option<String>,
}

/// An event: a line of a sensor, or a change of an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The event's id, chosen by the sender.
    pub id: EventId,
    /// The kind of event: a sensor's ref such as `core.timer`, or `execution.<status>`.
    pub kind: String,
    /// The service that sent it.
    pub source: String,
    /// The data of the event.
    pub payload: Value,
    /// The time of the event.
    pub created_ms: i64,
}

impl Event {
    /// Creates an event with the current time and a new id.
    pub fn now(kind: impl Into<String>, source: impl Into<String>, payload: Value) -> Self {
        Self {
            id: EventId::fresh(),
            kind: kind.into(),
            source: source.into(),
            payload,
            created_ms: now_ms(),
        }
    }

    /// Creates the event for the change of an execution to `status`.
    pub fn of_execution(execution: &Execution, status: ExecutionStatus, source: &str) -> Self {
        let payload = serde_json::json!({
            "id": execution.id,
            "action": execution.action,
            "attempt": execution.attempt,
            "status": status,
        });
        Self::now(format!("execution.{status}"), source, payload)
    }
}

/// The body of every response that is not 2xx.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The error and its remedy.
    pub error: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for status in ExecutionStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
            assert_eq!(
                serde_json::to_value(status).unwrap(),
                Value::from(status.as_str())
            );
        }
        assert_eq!(
            "ruby".parse::<Runner>().unwrap_err(),
            "\"ruby\" is not one of shell, python, node"
        );
    }

    #[test]
    fn ids_sort_by_age() {
        let ids: Vec<_> = (0..100).map(|_| EventId::fresh()).collect();
        assert!(ids.is_sorted());
    }
}
