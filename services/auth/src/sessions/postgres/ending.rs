//! How sessions end. A trigger tells the feed of revocations (`migrations/0004_revocations.sql`).

use db::{Connection, Pool};

use crate::{
    accounts::model::{SessionId, UserId},
    sessions::model::{EndReason, MAX_SESSIONS},
};

/// Ends a session of this user; a session that has ended is left unchanged. False: the user has no such session.
pub async fn end(
    pool: &Pool,
    session: SessionId,
    user: UserId,
    reason: EndReason,
) -> Result<bool, sqlx::Error> {
    // The outer statement sees the row as it was before, and whether it had ended does not matter.
    sqlx::query_scalar!(
        r#"
        WITH ended AS (
            UPDATE sessions SET ended_at = now(), end_reason = $3
            WHERE id = $1 AND user_id = $2 AND ended_at IS NULL)
        SELECT EXISTS (SELECT FROM sessions WHERE id = $1 AND user_id = $2) AS "known!"
        "#,
        session.0,
        user.0,
        reason.into_str(),
    )
    .fetch_one(pool)
    .await
}

/// Ends all sessions of this user, or all but one, and returns their number. A transaction that changes the user's row
/// calls this after that change: a login waits for the lock of that row, so that none begins in between.
pub async fn end_all(
    connection: &mut Connection,
    user: UserId,
    except: Option<SessionId>,
    reason: EndReason,
) -> Result<u64, sqlx::Error> {
    // Locked in one order, so that two who end the same sessions cannot deadlock.
    let ended = sqlx::query!(
        "
        WITH live AS (
            SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $2
            ORDER BY id FOR NO KEY UPDATE)
        UPDATE sessions SET ended_at = now(), end_reason = $3 FROM live WHERE sessions.id = live.id
        ",
        user.0,
        except.map(|session| session.0),
        reason.into_str(),
    )
    .execute(connection)
    .await?;
    Ok(ended.rows_affected())
}

/// Removes what the sessions of a user who is to be forgotten have of a person: which devices were used, where and when.
pub async fn erase(connection: &mut Connection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        WITH known AS (SELECT id FROM sessions WHERE user_id = $1 ORDER BY id FOR NO KEY UPDATE)
        UPDATE sessions SET device_name = NULL, address = NULL, last_used_at = NULL FROM known WHERE sessions.id = known.id
        ",
        user.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the oldest live sessions beyond the most that a user may have: one, unless the user had more before there was a
/// limit. Then each login ends some of them.
pub(super) async fn end_oldest(
    connection: &mut Connection,
    user: UserId,
) -> Result<u64, sqlx::Error> {
    let ended = sqlx::query!(
        "
        WITH oldest AS (
            SELECT id FROM sessions
            WHERE ended_at IS NULL AND id IN (
                SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > now()
                ORDER BY id DESC OFFSET $2 LIMIT $2)
            ORDER BY id FOR NO KEY UPDATE)
        UPDATE sessions SET ended_at = now(), end_reason = $3 FROM oldest WHERE sessions.id = oldest.id
        ",
        user.0,
        MAX_SESSIONS,
        EndReason::Revoked.into_str(),
    )
    .execute(connection)
    .await?;
    Ok(ended.rows_affected())
}
