//! The audit log in the database, which refuses to rewrite it (`migrations/0005_audit_log.sql`).

use std::ops::Range;

use chrono::{DateTime, Utc};
use db::{Connection, Pool};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    accounts::model::{SessionId, UserId},
    audit::model::{Action, Entry, EntryId, PastEntry},
};

/// Appends an entry in the transaction of the change.
pub async fn append(connection: &mut Connection, entry: &Entry) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO audit_log (id, actor_id, session_id, action, target, data) VALUES ($1, $2, $3, $4, $5, $6)",
        entry.id.0,
        entry.actor.0,
        entry.session.0,
        entry.action.into_str(),
        entry.target,
        entry.data,
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct EntryRow {
    id: Uuid,
    occurred_at: DateTime<Utc>,
    actor_id: Uuid,
    session_id: Uuid,
    action: String,
    target: String,
    data: Value,
}

impl From<EntryRow> for PastEntry {
    fn from(row: EntryRow) -> Self {
        Self {
            id: EntryId(row.id),
            occurred_at: row.occurred_at,
            actor: UserId(row.actor_id),
            session: SessionId(row.session_id),
            action: row.action,
            target: row.target,
            data: row.data,
        }
    }
}

/// The entries that are next in a list, newest first. A filter is compared together with the id, as in lists of users.
macro_rules! entries {
    ($pool:expr, $rest:literal, $($argument:expr),+) => {
        sqlx::query_as!(
            EntryRow,
            "SELECT id, occurred_at, actor_id, session_id, action, target, data FROM audit_log WHERE " + $rest,
            $($argument),+
        )
        .fetch_all($pool)
        .await
        .map(|rows| rows.into_iter().map(PastEntry::from).collect())
    };
}

pub async fn all(
    pool: &Pool,
    ids: &Range<Uuid>,
    count: i64,
) -> Result<Vec<PastEntry>, sqlx::Error> {
    entries!(
        pool,
        "id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        ids.start,
        ids.end,
        count
    )
}

pub async fn with_target(
    pool: &Pool,
    target: &str,
    ids: &Range<Uuid>,
    count: i64,
) -> Result<Vec<PastEntry>, sqlx::Error> {
    entries!(
        pool,
        "(target, id) >= ($1, $2) AND (target, id) < ($1, $3) ORDER BY target DESC, id DESC LIMIT $4",
        target,
        ids.start,
        ids.end,
        count
    )
}

pub async fn of_actor(
    pool: &Pool,
    actor: UserId,
    ids: &Range<Uuid>,
    count: i64,
) -> Result<Vec<PastEntry>, sqlx::Error> {
    entries!(
        pool,
        "(actor_id, id) >= ($1, $2) AND (actor_id, id) < ($1, $3) ORDER BY actor_id DESC, id DESC LIMIT $4",
        actor.0,
        ids.start,
        ids.end,
        count
    )
}

pub async fn with_action(
    pool: &Pool,
    action: Action,
    ids: &Range<Uuid>,
    count: i64,
) -> Result<Vec<PastEntry>, sqlx::Error> {
    entries!(
        pool,
        "(action, id) >= ($1, $2) AND (action, id) < ($1, $3) ORDER BY action DESC, id DESC LIMIT $4",
        action.into_str(),
        ids.start,
        ids.end,
        count
    )
}
