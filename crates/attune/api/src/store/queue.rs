use attune_common::{Claim, Completion, Execution, ExecutionId, Lease, now_ms};
use serde_json::Value;
use sqlx::{query, sqlite::SqliteRow};

use super::{Store, StoreError, executions::execution};

/// The number of workers that an execution may lose before it fails.
const MAX_ATTEMPTS: u32 = 3;

/// The outcome of a change that only the holder of a lease may make.
#[derive(Debug, PartialEq)]
pub(crate) enum Change {
    /// The change was made.
    Done(Box<Execution>),
    /// The execution is held by another worker now, or by none.
    Lost,
    /// There is no such execution.
    Unknown,
}

impl Store {
    /// Hands out the oldest queued execution that one of the runners can run.
    pub async fn claim(&self, claim: &Claim) -> Result<Option<Execution>, StoreError> {
        let runners: Vec<_> = claim.runners.iter().map(|r| r.as_str()).collect();
        let lease_ms = i64::try_from(claim.lease_ms).unwrap_or(i64::MAX);
        let row = query(
            "UPDATE executions
             SET status = 'claimed', attempt = attempt + 1, worker = ?1,
                 lease_ms = ?2, lease_expires_ms = ?3
             WHERE id = (SELECT id FROM executions
                         WHERE status = 'queued' AND runner IN (SELECT value FROM json_each(?4))
                         ORDER BY id LIMIT 1)
             RETURNING *",
        )
        .bind(&claim.worker)
        .bind(lease_ms)
        .bind(now_ms().saturating_add(lease_ms))
        .bind(Value::from(runners).to_string())
        .fetch_optional(&self.0)
        .await?;
        row.as_ref().map(execution).transpose()
    }

    /// Queues executions again if their lease expired before `now`, or fails them after too many attempts.
    pub async fn expire(&self, now: i64) -> Result<Vec<Execution>, StoreError> {
        let rows = query(
            "UPDATE executions
             SET status = iif(attempt < ?2, 'queued', 'failed'),
                 error = iif(attempt < ?2, NULL, ?3),
                 finished_ms = iif(attempt < ?2, NULL, ?1),
                 lease_expires_ms = NULL
             WHERE lease_expires_ms <= ?1
             RETURNING *",
        )
        .bind(now)
        .bind(MAX_ATTEMPTS)
        .bind(format!(
            "no worker finished it in {MAX_ATTEMPTS} attempts; see the workers' logs"
        ))
        .fetch_all(&self.0)
        .await?;
        rows.iter().map(execution).collect()
    }

    /// Marks an execution as running.
    pub async fn start(&self, id: ExecutionId, lease: Lease) -> Result<Change, StoreError> {
        let row = query(
            "UPDATE executions
             SET status = 'running', started_ms = ?3, lease_expires_ms = ?3 + lease_ms
             WHERE id = ?1 AND attempt = ?2 AND status IN ('claimed', 'running')
             RETURNING *",
        )
        .bind(id.to_string())
        .bind(lease.attempt)
        .bind(now_ms())
        .fetch_optional(&self.0)
        .await?;
        self.changed(id, row).await
    }

    /// Extends a lease, starting now.
    pub async fn renew(&self, id: ExecutionId, lease: Lease) -> Result<Change, StoreError> {
        let row = query(
            "UPDATE executions SET lease_expires_ms = ?3 + lease_ms
             WHERE id = ?1 AND attempt = ?2 AND status IN ('claimed', 'running')
             RETURNING *",
        )
        .bind(id.to_string())
        .bind(lease.attempt)
        .bind(now_ms())
        .fetch_optional(&self.0)
        .await?;
        self.changed(id, row).await
    }

    /// Queues an unfinished execution again.
    pub async fn release(&self, id: ExecutionId, lease: Lease) -> Result<Change, StoreError> {
        let row = query(
            "UPDATE executions SET status = 'queued', lease_expires_ms = NULL
             WHERE id = ?1 AND attempt = ?2 AND status IN ('claimed', 'running')
             RETURNING *",
        )
        .bind(id.to_string())
        .bind(lease.attempt)
        .fetch_optional(&self.0)
        .await?;
        self.changed(id, row).await
    }

    /// Stores the end of an execution. Repeating it with the same end succeeds, since the first answer may have been
    /// lost.
    pub async fn complete(&self, id: ExecutionId, end: &Completion) -> Result<Change, StoreError> {
        let row = query(
            "UPDATE executions
             SET status = ?3, exit_code = ?4, stdout = ?5, stderr = ?6, result = ?7, error = ?8,
                 finished_ms = ?9, lease_expires_ms = NULL
             WHERE id = ?1 AND attempt = ?2 AND status IN ('claimed', 'running')
             RETURNING *",
        )
        .bind(id.to_string())
        .bind(end.attempt)
        .bind(end.status.as_str())
        .bind(end.exit_code)
        .bind(&end.stdout)
        .bind(&end.stderr)
        .bind(end.result.as_ref().map(Value::to_string))
        .bind(&end.error)
        .bind(now_ms())
        .fetch_optional(&self.0)
        .await?;
        if row.is_none()
            && let Some(known) = self.execution(id).await?
            && (known.attempt, known.status) == (end.attempt, end.status)
        {
            return Ok(Change::Done(Box::new(known)));
        }
        self.changed(id, row).await
    }

    async fn changed(&self, id: ExecutionId, row: Option<SqliteRow>) -> Result<Change, StoreError> {
        match row {
            Some(row) => Ok(Change::Done(Box::new(execution(&row)?))),
            None if self.execution(id).await?.is_some() => Ok(Change::Lost),
            None => Ok(Change::Unknown),
        }
    }
}
