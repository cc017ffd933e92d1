//! What the audit of stock reads, chunk by chunk, and what is kept of it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use postgres::Pool;
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions, types::Json};
use tokio::time::timeout;
use uuid::Uuid;

use crate::audit::{AuditResult, Checked, Finding, FindingKind};

/// For a chunk; a hot SKU may have a million lines.
const CHUNK_TIMEOUT: Duration = Duration::from_mins(5);

/// A connection that audits, alone in its shop: it holds the lock of audits for as long as it lives.
#[derive(Debug)]
pub struct Session {
    connection: PgConnection,
    started_at: DateTime<Utc>,
}

/// Not for longer than a chunk may take, whatever the server does.
async fn in_time<T>(chunk: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    timeout(CHUNK_TIMEOUT, chunk)
        .await
        .map_err(|elapsed| sqlx::Error::Io(elapsed.into()))?
}

impl Session {
    /// None: another one is under way.
    pub async fn begin(options: &PgConnectOptions) -> Result<Option<Self>, sqlx::Error> {
        // It reads on beside the shop: not with all processors, and not for ever.
        let options = options.clone().disable_statement_logging();
        let options = options.application_name("product audit").options([
            ("statement_timeout", "290s"),
            ("lock_timeout", "60s"),
            ("max_parallel_workers_per_gather", "0"),
            // By index, or each chunk of SKUs would read all lines.
            ("enable_seqscan", "off"),
            ("default_transaction_read_only", "on"),
            ("jit", "off"),
        ]);
        let mut connection = in_time(options.connect()).await?;
        let locked = sqlx::query!(
            r#"SELECT pg_try_advisory_lock(hashtextextended('product.audit', 0)) AS "alone!", now() AS "now!""#
        );
        let locked = in_time(locked.fetch_one(&mut connection)).await?;
        Ok(locked.alone.then_some(Self {
            connection,
            started_at: locked.now,
        }))
    }

    pub fn started_at(&self) -> DateTime<Utc> {
        self.started_at
    }

    pub async fn end(self) -> Result<(), sqlx::Error> {
        in_time(self.connection.close()).await
    }

    /// The SKU with which a chunk behind `after` ends; None: fewer are left.
    pub async fn sku_after(
        &mut self,
        after: &str,
        chunk: i64,
    ) -> Result<Option<String>, sqlx::Error> {
        let query = sqlx::query_scalar!(
            "SELECT sku FROM (SELECT DISTINCT sku FROM stock WHERE sku > $1 ORDER BY sku LIMIT $2::bigint) chunk
             ORDER BY sku OFFSET $2::bigint - 1",
            after,
            chunk,
        );
        in_time(query.fetch_optional(&mut self.connection)).await
    }

    pub async fn skus(
        &mut self,
        after: &str,
        upto: Option<&str>,
    ) -> Result<Vec<Finding>, sqlx::Error> {
        let query = sqlx::query_file_as!(Finding, "audit/skus.sql", after, upto);
        in_time(query.fetch_all(&mut self.connection)).await
    }

    /// The order with which a chunk behind `after` ends; None: fewer are left.
    pub async fn order_after(
        &mut self,
        after: Uuid,
        chunk: i64,
    ) -> Result<Option<Uuid>, sqlx::Error> {
        let query = sqlx::query_scalar!(
            "SELECT order_id FROM holds WHERE order_id > $1 ORDER BY order_id OFFSET $2::bigint - 1 LIMIT 1",
            after,
            chunk,
        );
        in_time(query.fetch_optional(&mut self.connection)).await
    }

    pub async fn orders(
        &mut self,
        after: Uuid,
        upto: Option<Uuid>,
    ) -> Result<Vec<Finding>, sqlx::Error> {
        let query = sqlx::query_file_as!(Finding, "audit/orders.sql", after, upto as _);
        in_time(query.fetch_all(&mut self.connection)).await
    }

    pub async fn shortfalls(&mut self, grace: Duration) -> Result<Vec<Finding>, sqlx::Error> {
        let query = sqlx::query_file_as!(Finding, "audit/shortfalls.sql", grace.as_secs_f64());
        in_time(query.fetch_all(&mut self.connection)).await
    }

    pub async fn checked(&mut self) -> Result<Checked, sqlx::Error> {
        let query = sqlx::query_as!(
            Checked,
            r#"SELECT (SELECT count(*) FROM stock) AS "shelves!", (SELECT count(*) FROM holds) AS "holds!",
                   (SELECT count(*) FROM hold_lines) AS "lines!", (SELECT count(*) FROM movements) AS "movements!""#
        );
        in_time(query.fetch_one(&mut self.connection)).await
    }
}

/// Keeps a result, and takes away those of a month ago.
pub async fn keep(
    pool: &Pool,
    id: Uuid,
    started_at: DateTime<Utc>,
    finding_count: i64,
    kinds: &[&FindingKind],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO stock_audits (id, started_at, finished_at, finding_count, findings)
         VALUES ($1, $2, now(), $3, $4)",
        id,
        started_at,
        finding_count,
        Json(kinds) as _,
    )
    .execute(pool)
    .await?;
    sqlx::query!("DELETE FROM stock_audits WHERE finished_at < now() - interval '30 days'")
        .execute(pool)
        .await?;
    Ok(())
}

/// The newest result.
pub async fn latest(pool: &Pool) -> Result<Option<AuditResult>, sqlx::Error> {
    sqlx::query_as!(
        AuditResultRow,
        r#"SELECT id, started_at, finished_at, finding_count, findings AS "kinds: _" FROM stock_audits
           ORDER BY finished_at DESC, id DESC LIMIT 1"#
    )
    .fetch_optional(pool)
    .await
    .map(|row| row.map(AuditResult::from))
}

struct AuditResultRow {
    id: Uuid,
    started_at: DateTime<Utc>,
    finished_at: DateTime<Utc>,
    finding_count: i64,
    kinds: Json<Vec<FindingKind>>,
}

impl From<AuditResultRow> for AuditResult {
    fn from(row: AuditResultRow) -> Self {
        Self {
            id: row.id,
            started_at: row.started_at,
            finished_at: row.finished_at,
            finding_count: row.finding_count,
            kinds: row.kinds.0,
        }
    }
}

/// Whether the newest result is older than this, by the database's clock.
pub async fn is_due(pool: &Pool, interval: Duration) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT NOT EXISTS (
               SELECT FROM stock_audits WHERE finished_at > now() - make_interval(secs => $1)
           ) AS "due!""#,
        interval.as_secs_f64(),
    )
    .fetch_one(pool)
    .await
}

/// Whether somebody holds the lock of audits.
pub async fn is_running(pool: &Pool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                   AND (classid::bigint << 32 | objid::bigint) = hashtextextended('product.audit', 0)
           ) AS "running!""#
    )
    .fetch_one(pool)
    .await
}
