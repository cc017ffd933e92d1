//! Counted attempts, by keyed hash of whom they were made on.

use std::time::Duration;

use db::Pool;

use crate::tokens::model::Hash;

/// The window that an attempt fell into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Attempts in it, this one included.
    pub attempts: u32,
    pub seconds_left: u32,
}

/// The window under way, where it has this many attempts already.
pub async fn full(
    pool: &Pool,
    identifier: &Hash,
    window: Duration,
    limit: u32,
) -> Result<Option<Window>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        SELECT attempts,
            ceil(extract(epoch FROM window_started_at + make_interval(secs => $2) - now()))::int AS "seconds_left!"
        FROM attempts
        WHERE identifier_hash = $1 AND attempts >= $3 AND window_started_at > now() - make_interval(secs => $2)
        "#,
        identifier.as_slice(),
        window.as_secs_f64(),
        i32::try_from(limit).unwrap_or(i32::MAX),
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Window {
        attempts: row.attempts.max(0).cast_unsigned().saturating_add(1),
        seconds_left: row.seconds_left.max(0).cast_unsigned(),
    }))
}

/// Counts one attempt, in a window that begins with the first.
pub async fn count(
    pool: &Pool,
    identifier: &Hash,
    window: Duration,
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
        window.as_secs_f64(),
    )
    .fetch_one(pool)
    .await?;
    Ok(Window {
        attempts: row.attempts.max(0).cast_unsigned(),
        seconds_left: row.seconds_left.max(0).cast_unsigned(),
    })
}

/// Counts one attempt less.
pub async fn take_back(pool: &Pool, identifier: &Hash) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE attempts SET attempts = attempts - 1 WHERE identifier_hash = $1 AND attempts > 0",
        identifier.as_slice(),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Takes away up to `batch` windows that have ended.
pub async fn sweep(pool: &Pool, window: Duration, batch: i64) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "
        DELETE FROM attempts WHERE identifier_hash IN (
            SELECT identifier_hash FROM attempts WHERE window_started_at < now() - make_interval(secs => $1)
            ORDER BY window_started_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        ",
        window.as_secs_f64(),
        batch,
    )
    .execute(pool)
    .await?;
    Ok(swept.rows_affected())
}
