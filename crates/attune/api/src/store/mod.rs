//! The database. Each change is one statement, so SQLite's write lock makes it atomic.

mod events;
mod executions;
mod queue;

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    Row, SqlitePool,
    migrate::{MigrateError, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow},
};
use thiserror::Error;

pub(crate) use queue::Change;

/// The reasons why the database cannot be used.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The folder of the database file cannot be created.
    #[error("cannot create the folder of the database {}; set ATTUNE_DATABASE", path.display())]
    Folder {
        /// The database file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file cannot be opened or created.
    #[error("cannot open the database {}; set ATTUNE_DATABASE to a writable place", path.display())]
    Open {
        /// The database file.
        path: PathBuf,
        /// SQLite's error.
        source: sqlx::Error,
    },
    /// The migrations are missing, or do not match the database.
    #[error("cannot apply the migrations in {}; see ATTUNE_MIGRATIONS_DIR", path.display())]
    Migrate {
        /// The folder of migrations.
        path: PathBuf,
        /// The underlying error.
        source: MigrateError,
    },
    /// A statement failed.
    #[error("the database failed: {0}")]
    Query(#[from] sqlx::Error),
    /// A stored value is not one that this version stores.
    #[error("column {column} of the database holds an unknown value: {reason}")]
    Value {
        /// The column.
        column: &'static str,
        /// The reason why its value is invalid.
        reason: String,
    },
}

/// The store of executions and events.
#[derive(Clone, Debug)]
pub(crate) struct Store(SqlitePool);

impl Store {
    /// Opens and migrates the database. Creates it and its folder if missing.
    pub async fn open(database: &Path, migrations: &Path) -> Result<Self, StoreError> {
        if let Some(folder) = database.parent() {
            std::fs::create_dir_all(folder).map_err(|source| StoreError::Folder {
                path: database.into(),
                source,
            })?;
        }
        let options = SqliteConnectOptions::new()
            .filename(database)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .connect_with(options)
            .await
            .map_err(|source| StoreError::Open {
                path: database.into(),
                source,
            })?;
        let failed = |source| StoreError::Migrate {
            path: migrations.into(),
            source,
        };
        let migrator = Migrator::new(migrations).await.map_err(failed)?;
        migrator.run(&pool).await.map_err(failed)?;
        Ok(Self(pool))
    }

    /// Finishes pending writes and closes the file.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

/// Reads a column that contains one of the words of a type.
fn word<T: std::str::FromStr<Err: ToString>>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<T, StoreError> {
    let text: String = row.try_get(column)?;
    text.parse().map_err(|error: T::Err| StoreError::Value {
        column,
        reason: error.to_string(),
    })
}

/// Reads a column that contains JSON.
fn json<T: serde::de::DeserializeOwned>(
    row: &SqliteRow,
    column: &'static str,
) -> Result<Option<T>, StoreError> {
    let text: Option<String> = row.try_get(column)?;
    text.map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|error| StoreError::Value {
            column,
            reason: error.to_string(),
        })
}

#[cfg(test)]
mod tests;
