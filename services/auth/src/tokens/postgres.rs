//! Which access tokens were revoked: what the database knows of one, and the feed of all. The feed's rows are written by triggers, in the transaction that ends the session or
//! changes the user (`migrations/0004_revocations.sql`).

use std::time::Duration;

use access::{EndedSession, RaisedEpoch, Revoked};
use chrono::{DateTime, Utc};
use db::Pool;

use crate::{
    accounts::model::{SessionId, UserId},
    tokens::model::{REVOCATION_SECONDS, Standing},
};

/// The time for which a revocation is kept.
const KEPT: Duration = Duration::from_secs(REVOCATION_SECONDS.cast_unsigned());

/// The revocations since a time; `None`: all that can still concern a token.
pub async fn since(pool: &Pool, since: Option<DateTime<Utc>>) -> Result<Revoked, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        SELECT now() AS "as_of!", session_id, user_id, epoch, recorded_at + make_interval(secs => $2) AS until
        FROM (VALUES (1)) AS always
        LEFT JOIN revocations
            ON recorded_at >= coalesce($1::timestamptz, '-infinity') AND recorded_at > now() - make_interval(secs => $2)
        "#,
        since,
        KEPT.as_secs_f64(),
    )
    .fetch_all(pool)
    .await?;
    let mut revoked = Revoked {
        as_of: rows.first().ok_or(sqlx::Error::RowNotFound)?.as_of,
        sessions: Vec::new(),
        users: Vec::new(),
    };
    for row in rows {
        let Some(until) = row.until else { continue };
        if let Some(id) = row.session_id {
            revoked.sessions.push(EndedSession { id, until });
        }
        if let (Some(id), Some(epoch)) = (row.user_id, row.epoch) {
            revoked.users.push(RaisedEpoch { id, epoch, until });
        }
    }
    Ok(revoked)
}

/// What is known of this session or API key of a user; a user who does not exist has no live one.
pub async fn standing(
    pool: &Pool,
    session: SessionId,
    user: UserId,
) -> Result<Standing, sqlx::Error> {
    let known = sqlx::query_as!(
        Standing,
        r#"
        SELECT token_epoch AS epoch, status = 'active' AND (
            EXISTS (SELECT FROM sessions WHERE id = $1 AND user_id = $2 AND ended_at IS NULL)
            OR EXISTS (SELECT FROM api_keys WHERE id = $1 AND user_id = $2 AND ends_at > now())) AS "live!"
        FROM users WHERE id = $2
        "#,
        session.0,
        user.0,
    )
    .fetch_optional(pool)
    .await?;
    Ok(known.unwrap_or(Standing {
        live: false,
        epoch: 0,
    }))
}

/// Deletes up to `batch` revocations that can no longer concern a token.
pub async fn sweep(pool: &Pool, batch: i64) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "
        DELETE FROM revocations WHERE id IN (
            SELECT id FROM revocations WHERE recorded_at < now() - make_interval(secs => $2)
            ORDER BY recorded_at LIMIT $1 FOR UPDATE SKIP LOCKED)
        ",
        batch,
        KEPT.as_secs_f64(),
    )
    .execute(pool)
    .await?;
    Ok(swept.rows_affected())
}
