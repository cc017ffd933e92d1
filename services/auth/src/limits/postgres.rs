//! Counted attempts, by a keyed hash of the account, address or device.

use std::time::Duration;

use db::{Connection, Pool};

use crate::tokens::model::Hash;

/// The window of an attempt.
pub struct Window {
    /// The attempts in the window, this one included.
    pub attempts: i32,
    pub seconds_left: i32,
}

/// The current window with this attempt, which is not counted, if the window has `limit` attempts already.
pub async fn full(
    pool: &Pool,
    identifier: &Hash,
    window: Duration,
    limit: u32,
) -> Result<Option<Window>, sqlx::Error> {
    let full = sqlx::query_as!(
        Window,
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
    Ok(full.map(|window| Window {
        attempts: window.attempts.saturating_add(1),
        ..window
    }))
}

/// Counts one attempt in a window that begins with the first attempt.
pub async fn count(
    pool: &Pool,
    identifier: &Hash,
    window: Duration,
) -> Result<Window, sqlx::Error> {
    sqlx::query_as!(
        Window,
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
    .await
}

/// Subtracts one attempt.
pub async fn take_back(pool: &Pool, identifier: &Hash) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE attempts SET attempts = attempts - 1 WHERE identifier_hash = $1 AND attempts > 0",
        identifier.as_slice(),
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Deletes all counted attempts, in the transaction of what makes them irrelevant.
pub async fn forget(connection: &mut Connection, identifier: &Hash) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM attempts WHERE identifier_hash = $1",
        identifier.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes up to `batch` windows that have ended.
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
