//! The audit log in the database, which refuses to rewrite it (`migrations/0005_audit_log.sql`).

use std::ops::Range;

use chrono::{DateTime, Utc};
use db::{Connection, Pool};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    accounts::model::{SessionId, UserId},
    audit::model::{ActionName, Entry, EntryId, PastEntry, ReceivedEntry, Service},
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

/// Appends entries of another service, each once. They are in order of their ids, so that the same entries sent twice at once
/// wait for each other and cannot deadlock.
pub async fn append_received(
    pool: &Pool,
    service: Service,
    entries: &[ReceivedEntry],
) -> Result<(), sqlx::Error> {
    let entries = || entries.iter().map(ReceivedEntry::get);
    let ids: Vec<_> = entries().map(|entry| entry.id).collect();
    let times: Vec<_> = entries().map(|entry| entry.occurred_at).collect();
    let actors: Vec<_> = entries().map(|entry| entry.actor).collect();
    let sessions: Vec<_> = entries().map(|entry| entry.session).collect();
    let actions: Vec<_> = entries().map(|entry| entry.action.as_str()).collect();
    let targets: Vec<_> = entries().map(|entry| entry.target.as_str()).collect();
    let data: Vec<_> = entries().map(|entry| &entry.data).collect();
    sqlx::query!(
        "
        INSERT INTO audit_log (id, service, occurred_at, actor_id, session_id, action, target, data)
        SELECT id, $1, occurred_at, actor_id, session_id, action, target, data
        FROM unnest($2::uuid[], $3::timestamptz[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::jsonb[])
             AS new (id, occurred_at, actor_id, session_id, action, target, data)
        ORDER BY id
        ON CONFLICT (id) DO NOTHING
        ",
        service.into_str(),
        &ids,
        &times,
        &actors,
        &sessions,
        &actions as &[&str],
        &targets as &[&str],
        &data as &[&Value],
    )
    .execute(pool)
    .await?;
    Ok(())
}

struct EntryRow {
    id: Uuid,
    service: String,
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
            service: row.service,
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
            "SELECT id, service, occurred_at, actor_id, session_id, action, target, data FROM audit_log WHERE " + $rest,
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
    action: &ActionName,
    ids: &Range<Uuid>,
    count: i64,
) -> Result<Vec<PastEntry>, sqlx::Error> {
    entries!(
        pool,
        "(action, id) >= ($1, $2) AND (action, id) < ($1, $3) ORDER BY action DESC, id DESC LIMIT $4",
        action.as_str(),
        ids.start,
        ids.end,
        count
    )
}

pub async fn of_service(
    pool: &Pool,
    service: Service,
    ids: &Range<Uuid>,
    count: i64,
) -> Result<Vec<PastEntry>, sqlx::Error> {
    entries!(
        pool,
        "(service, id) >= ($1, $2) AND (service, id) < ($1, $3) ORDER BY service DESC, id DESC LIMIT $4",
        service.into_str(),
        ids.start,
        ids.end,
        count
    )
}
