//! The types services exchange as JSON. Unknown fields are ignored on purpose: services are updated
//! one at a time.

use std::{
    fmt,
    str::FromStr,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// Milliseconds since 1970-01-01 UTC, the unit of every `*_ms` instant in these types.
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
            /// A fresh id; later ids sort after earlier ones (UUID version 7).
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
    /// Names one execution.
    ExecutionId
);
id!(
    /// Names one event. The sender chooses it, so sending an event twice stores it once.
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
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word used in JSON, YAML and the database.
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
    /// What interprets an action's entry point.
    Runner {
        /// `bash`, or `sh` where there is no bash.
        Shell = "shell",
        /// `python3`.
        Python = "python",
        /// `node`.
        Node = "node",
    }
);

words!(
    /// Where an execution stands. `Queued` → `Claimed` → `Running` → one of the last three; an
    /// expired lease leads back to `Queued`.
    ExecutionStatus {
        /// Waits for a worker.
        Queued = "queued",
        /// Handed to a worker that has not started it yet.
        Claimed = "claimed",
        /// A worker runs it.
        Running = "running",
        /// The action exited with 0.
        Succeeded = "succeeded",
        /// The action could not run, exited with another code, or lost its worker too often.
        Failed = "failed",
        /// The action ran longer than it may and was killed.
        TimedOut = "timed_out",
    }
);

impl ExecutionStatus {
    /// Whether nothing will change any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::TimedOut)
    }
}

/// What a caller asks for: `POST /executions`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NewExecution {
    /// The action's ref, such as `core.echo`.
    pub action: String,
    /// Values by parameter name; missing ones take the action's defaults.
    #[serde(default)]
    pub parameters: Map<String, Value>,
}

/// One run of an action, from request to result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Its id.
    pub id: ExecutionId,
    /// The action's ref.
    pub action: String,
    /// What the action's entry point needs.
    pub runner: Runner,
    /// The parameters, defaults included.
    pub parameters: Map<String, Value>,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// How often it was handed to a worker. Together with the id it names one lease: a worker that
    /// comes back with an older number is told 409.
    pub attempt: u32,
    /// Who holds or held the lease.
    pub worker: Option<String>,
    /// The action's exit code; none while unfinished or when killed by a signal.
    pub exit_code: Option<i32>,
    /// Standard output, cut at the worker's limit.
    pub stdout: String,
    /// Standard error, cut at the worker's limit.
    pub stderr: String,
    /// Standard output as JSON, where it is JSON.
    pub result: Option<Value>,
    /// Why it failed, in words, where the exit code does not say.
    pub error: Option<String>,
    /// When it was asked for.
    pub created_ms: i64,
    /// When the last attempt started running.
    pub started_ms: Option<i64>,
    /// When it reached a final status.
    pub finished_ms: Option<i64>,
}

/// The executor's request to the api for one queued execution: `POST /internal/claim`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claim {
    /// Who will run it.
    pub worker: String,
    /// Only executions of these runners.
    pub runners: Vec<Runner>,
    /// How long the worker may stay silent before the execution is queued again.
    pub lease_ms: u64,
}

/// A worker's request to the executor: `POST /work/next`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorkRequest {
    /// A name for the worker, unique among those running.
    pub worker: String,
    /// The runners it has.
    pub runners: Vec<Runner>,
}

/// An execution handed to a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Work {
    /// What to run.
    pub execution: Execution,
    /// Renew the lease well within this time.
    pub lease_ms: u64,
}

/// Proof that the sender still holds an execution; the body of start, renew and release.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Lease {
    /// [`Execution::attempt`] as it was handed out.
    pub attempt: u32,
}

/// How an attempt ended: `POST /internal/executions/{id}/complete`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Completion {
    /// [`Execution::attempt`] as it was handed out.
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

/// Something that happened: a sensor's line, or a change of an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its id, chosen by the sender.
    pub id: EventId,
    /// What happened: a sensor's ref such as `core.timer`, or `execution.<status>`.
    pub kind: String,
    /// The service that sent it.
    pub source: String,
    /// What the sender has to say about it.
    pub payload: Value,
    /// When it happened.
    pub created_ms: i64,
}

impl Event {
    /// An event of now, with a fresh id.
    pub fn now(kind: impl Into<String>, source: impl Into<String>, payload: Value) -> Self {
        Self {
            id: EventId::fresh(),
            kind: kind.into(),
            source: source.into(),
            payload,
            created_ms: now_ms(),
        }
    }

    /// The event that tells of an execution's change to `status`.
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

/// The body of every answer that is not 2xx.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What went wrong and what to do about it.
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
