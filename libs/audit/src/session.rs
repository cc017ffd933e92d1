//! The connection that an audit reads over.

use std::time::Duration;

use chrono::{DateTime, Utc};
use db::Pool;
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tokio::time::timeout;

/// For a chunk; a hot SKU may have a million lines.
const CHUNK_TIMEOUT: Duration = Duration::from_mins(5);

/// The connection of the only audit of a shop: it holds the lock of audits for as long as it lives.
#[derive(Debug)]
pub struct Session {
    connection: PgConnection,
    started_at: DateTime<Utc>,
}

/// Limited to the time of a chunk, whatever the server does.
pub async fn in_time<T>(
    chunk: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    timeout(CHUNK_TIMEOUT, chunk)
        .await
        .map_err(|elapsed| sqlx::Error::Io(elapsed.into()))?
}

impl Session {
    /// `None`: another one is running.
    pub(crate) async fn begin(
        options: &PgConnectOptions,
        lock: &str,
    ) -> Result<Option<Self>, sqlx::Error> {
        // The shop works meanwhile: an audit does not use all processors, and its statements have limits.
        let options = options.clone().disable_statement_logging().options([
            ("statement_timeout", "290s"),
            ("lock_timeout", "60s"),
            ("max_parallel_workers_per_gather", "0"),
            // By index: otherwise each chunk would read the whole table.
            ("enable_seqscan", "off"),
            ("default_transaction_read_only", "on"),
            ("jit", "off"),
        ]);
        let mut connection = in_time(options.connect()).await?;
        let locked = sqlx::query_as("SELECT pg_try_advisory_lock(hashtextextended($1, 0)), now()")
            .bind(lock)
            .fetch_one(&mut connection);
        let (alone, started_at): (bool, DateTime<Utc>) = in_time(locked).await?;
        Ok(alone.then_some(Self {
            connection,
            started_at,
        }))
    }

    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    pub(crate) fn started_at(&self) -> DateTime<Utc> {
        self.started_at
    }

    pub(crate) async fn end(self) -> Result<(), sqlx::Error> {
        in_time(self.connection.close()).await
    }
}

/// Whether the lock of audits is held.
pub(crate) async fn is_running(pool: &Pool, lock: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND (classid::bigint << 32 | objid::bigint) = hashtextextended($1, 0)
         )",
    )
    .bind(lock)
    .fetch_one(pool)
    .await
}
