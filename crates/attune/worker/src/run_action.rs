use std::time::Duration;

use attune_common::{
    Completion, Execution, ExecutionStatus,
    packs::{self, Action},
};
use attune_process::{Captured, Command, End, Limits};
use serde_json::Value;

use crate::Config;

/// The time that an action has to exit after its timeout.
const GRACE: Duration = Duration::from_secs(2);

/// Runs an execution's action to completion. Dropping the future kills it.
pub(crate) async fn run_action(config: &Config, execution: &Execution) -> Completion {
    let run = async {
        let action = find(config, &execution.action).await?;
        let command = command(config, execution, &action)?;
        let input = Value::from(execution.parameters.clone()).to_string();
        let limits = Limits {
            timeout: Duration::from_secs(action.timeout_seconds.into()),
            grace: GRACE,
            output_bytes: config.output_bytes,
        };
        let captured = attune_process::run(&command, input.into_bytes(), limits).await;
        let captured = captured.map_err(|error| {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            format!("{error}: {}", cause.unwrap_or_default())
        })?;
        Ok((captured, action.timeout_seconds))
    };
    match run.await {
        Ok((captured, timeout)) => completion(execution.attempt, captured, timeout),
        Err(message) => Completion {
            attempt: execution.attempt,
            status: ExecutionStatus::Failed,
            exit_code: None,
            stdout: String::new(),
            stderr: String::new(),
            result: None,
            error: Some(message),
        },
    }
}

/// Finds the action in the current state of the packs.
async fn find(config: &Config, reference: &str) -> Result<Action, String> {
    let dir = config.packs.clone();
    let packs = tokio::task::spawn_blocking(move || packs::load(&dir))
        .await
        .map_err(|error| format!("the packs cannot be read: {error}"))?;
    packs.action(reference).cloned().ok_or_else(|| {
        format!(
            "this worker's packs in {} have no usable action \"{reference}\"",
            config.packs.display()
        )
    })
}

fn command(config: &Config, execution: &Execution, action: &Action) -> Result<Command, String> {
    let runner = action.runner;
    let interpreter = config
        .interpreters
        .get(runner)
        .ok_or_else(|| format!("this worker has no {runner}; the action's runner changed"))?;
    let mut command = Command::new(interpreter)
        .arg(&action.entry_point)
        .env("ATTUNE_ACTION", &execution.action)
        .env("ATTUNE_EXECUTION_ID", execution.id.to_string());
    if let Some(folder) = action.entry_point.parent() {
        command = command.dir(folder);
    }
    for (name, value) in &execution.parameters {
        let key = format!("ATTUNE_ACTION_PARAM_{}", name.to_ascii_uppercase());
        command = match value {
            Value::String(text) => command.env(key, text),
            other => command.env(key, other.to_string()),
        };
    }
    Ok(command)
}

fn completion(attempt: u32, captured: Captured, timeout_seconds: u32) -> Completion {
    let (status, exit_code, error) = match captured.end {
        End::Exited(0) => (ExecutionStatus::Succeeded, Some(0), None),
        End::Exited(code) => (ExecutionStatus::Failed, Some(code), None),
        End::Killed => {
            let error = "the action was killed by a signal; is the worker short of memory?";
            (ExecutionStatus::Failed, None, Some(error.to_owned()))
        }
        End::TimedOut => {
            let error = format!("the action ran longer than {timeout_seconds} s and was killed");
            (ExecutionStatus::TimedOut, None, Some(error))
        }
    };
    let result = if captured.stdout_cut {
        None
    } else {
        serde_json::from_str(&captured.stdout).ok()
    };
    Completion {
        attempt,
        status,
        exit_code,
        stdout: captured.stdout,
        stderr: captured.stderr,
        result,
        error,
    }
}
