use attune_common::Event;
use sqlx::{Row, query, sqlite::SqliteRow};

use super::{Store, StoreError, json, word};

impl Store {
    /// Stores an event, unless its id is already known.
    pub async fn add_event(&self, event: &Event) -> Result<(), StoreError> {
        query(
            "INSERT OR IGNORE INTO events (id, kind, source, payload, created_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(event.id.to_string())
        .bind(&event.kind)
        .bind(&event.source)
        .bind(event.payload.to_string())
        .bind(event.created_ms)
        .execute(&self.0)
        .await?;
        Ok(())
    }

    /// Returns the latest events, newest first.
    pub async fn events(&self, kind: Option<&str>, limit: u32) -> Result<Vec<Event>, StoreError> {
        let rows =
            query("SELECT * FROM events WHERE ?1 IS NULL OR kind = ?1 ORDER BY id DESC LIMIT ?2")
                .bind(kind)
                .bind(limit)
                .fetch_all(&self.0)
                .await?;
        rows.iter().map(event).collect()
    }

    /// Deletes events older than `before_ms`, and returns their number.
    pub async fn prune_events(&self, before_ms: i64) -> Result<u64, StoreError> {
        let done = query("DELETE FROM events WHERE created_ms < ?1")
            .bind(before_ms)
            .execute(&self.0)
            .await?;
        Ok(done.rows_affected())
    }
}

fn event(row: &SqliteRow) -> Result<Event, StoreError> {
    Ok(Event {
        id: word(row, "id")?,
        kind: row.try_get("kind")?,
        source: row.try_get("source")?,
        payload: json(row, "payload")?.unwrap_or_default(),
        created_ms: row.try_get("created_ms")?,
    })
}
