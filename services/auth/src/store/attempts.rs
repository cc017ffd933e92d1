//! Counted attempts, by keyed hash of whom they were made on.

use sqlx::PgPool;

use crate::secret::Hash;

/// The window that an attempt fell into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Attempts in it, this one included.
    pub attempts: u32,
    pub seconds_left: u32,
}

/// Counts one attempt, in a window that begins with the first.
pub async fn count(
    pool: &PgPool,
    identifier: &Hash,
    window_seconds: u32,
) -> Result<Window, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        INSERT INTO attempts AS known (identifier_hash, window_started_at, attempts) VALUES ($1, now(), 1)
        ON CONFLICT (identifier_hash) DO UPDATE SET
            attempts = CASE WHEN known.window_started_at > now() - make_interval(secs => $2)
                THEN least(known.attempts, 1000000) + 1 ELSE 1 END,
            window_started_at = CASE WHEN known.window_started_at > now() - make_interval(secs => $2)
                THEN known.window_started_at ELSE now() END
        RETURNING attempts,
            ceil(extract(epoch FROM window_started_at + make_interval(secs => $2) - now()))::int AS "seconds_left!"
        "#,
        identifier.as_slice(),
        f64::from(window_seconds),
    )
    .fetch_one(pool)
    .await?;
    Ok(Window {
        attempts: row.attempts.max(0).cast_unsigned(),
        seconds_left: row.seconds_left.max(0).cast_unsigned(),
    })
}

/// Counts one attempt less.
pub async fn take_back(pool: &PgPool, identifier: &Hash) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE attempts SET attempts = attempts - 1 WHERE identifier_hash = $1 AND attempts > 0",
        identifier.as_slice(),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Takes away up to `batch` windows that have ended.
pub async fn sweep(pool: &PgPool, window_seconds: u32, batch: i64) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "
        DELETE FROM attempts WHERE identifier_hash IN (
            SELECT identifier_hash FROM attempts WHERE window_started_at < now() - make_interval(secs => $1)
            ORDER BY window_started_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        ",
        f64::from(window_seconds),
        batch,
    )
    .execute(pool)
    .await?;
    Ok(swept.rows_affected())
}
