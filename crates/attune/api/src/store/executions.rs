use attune_common::{Execution, ExecutionId, ExecutionStatus, Runner, now_ms};
use serde_json::{Map, Value};
use sqlx::{Row, query, sqlite::SqliteRow};

use super::{Store, StoreError, json, word};

impl Store {
    /// Queues a new execution.
    pub async fn enqueue(
        &self,
        action: &str,
        runner: Runner,
        parameters: Map<String, Value>,
    ) -> Result<Execution, StoreError> {
        let row = query(
            "INSERT INTO executions (id, action, runner, parameters, status, created_ms)
             VALUES (?1, ?2, ?3, ?4, 'queued', ?5) RETURNING *",
        )
        .bind(ExecutionId::fresh().to_string())
        .bind(action)
        .bind(runner.as_str())
        .bind(Value::from(parameters).to_string())
        .bind(now_ms())
        .fetch_one(&self.0)
        .await?;
        execution(&row)
    }

    /// Returns an execution by its id.
    pub async fn execution(&self, id: ExecutionId) -> Result<Option<Execution>, StoreError> {
        let row = query("SELECT * FROM executions WHERE id = ?1")
            .bind(id.to_string())
            .fetch_optional(&self.0)
            .await?;
        row.as_ref().map(execution).transpose()
    }

    /// Returns the latest executions, newest first.
    pub async fn executions(
        &self,
        status: Option<ExecutionStatus>,
        limit: u32,
    ) -> Result<Vec<Execution>, StoreError> {
        let rows = query(
            "SELECT * FROM executions WHERE ?1 IS NULL OR status = ?1 ORDER BY id DESC LIMIT ?2",
        )
        .bind(status.map(ExecutionStatus::as_str))
        .bind(limit)
        .fetch_all(&self.0)
        .await?;
        rows.iter().map(execution).collect()
    }
}

pub(super) fn execution(row: &SqliteRow) -> Result<Execution, StoreError> {
    Ok(Execution {
        id: word(row, "id")?,
        action: row.try_get("action")?,
        runner: word(row, "runner")?,
        parameters: json(row, "parameters")?.unwrap_or_default(),
        status: word(row, "status")?,
        attempt: row.try_get("attempt")?,
        worker: row.try_get("worker")?,
        exit_code: row.try_get("exit_code")?,
        stdout: row.try_get("stdout")?,
        stderr: row.try_get("stderr")?,
        result: json(row, "result")?,
        error: row.try_get("error")?,
        created_ms: row.try_get("created_ms")?,
        started_ms: row.try_get("started_ms")?,
        finished_ms: row.try_get("finished_ms")?,
    })
}
