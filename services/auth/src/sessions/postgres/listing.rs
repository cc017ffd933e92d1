//! The live sessions of a user as a list, the newest first: ids are sorted by time.

use db::Pool;
use uuid::Uuid;
use web::list::{Paging, Total};

use crate::{
    accounts::model::{SessionId, UserId},
    sessions::model::LiveSession,
};

/// The rows of one page.
pub async fn list_live(
    pool: &Pool,
    user: UserId,
    paging: &Paging<SessionId>,
) -> Result<Vec<LiveSession>, sqlx::Error> {
    // The release before did not record the last use.
    let rows = sqlx::query!(
        r#"
        SELECT id, device_name, address::text AS network, created_at, expires_at,
            coalesce(last_used_at, created_at) AS "last_used_at!"
        FROM sessions
        WHERE user_id = $1 AND ended_at IS NULL AND expires_at > now() AND id < $2
        ORDER BY id DESC LIMIT $3 OFFSET $4
        "#,
        user.0,
        paging.after().map_or(Uuid::max(), |session| session.0),
        paging.fetch(),
        paging.offset(),
    )
    .fetch_all(pool)
    .await?;
    let sessions = rows.into_iter().map(|row| LiveSession {
        id: SessionId(row.id),
        device_name: row.device_name,
        network: row.network,
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
    });
    Ok(sessions.collect())
}

/// The number of all, counted up to `Total::COUNT_TO`.
pub async fn count_live(pool: &Pool, user: UserId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!" FROM (
            SELECT FROM sessions WHERE user_id = $1 AND ended_at IS NULL AND expires_at > now() LIMIT $2
        ) AS counted
        "#,
        user.0,
        Total::COUNT_TO,
    )
    .fetch_one(pool)
    .await
}
