//! What the tables of this service keep about a person, read in one snapshot. No statement reads a secret or its hash.

use db::Connection;

use crate::{
    accounts::model::{SessionId, UserId},
    api_keys::model::ApiKeyId,
    audit::model::EntryId,
    events::model::EventId,
    export::model::{ApiKeyRecord, AuditRecord, EventRecord, Newest, SessionRecord, StoredEntry},
};

/// Makes all statements of a transaction see the database at one time; before any other statement.
pub async fn take_snapshot(connection: &mut Connection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn sessions(
    connection: &mut Connection,
    user: UserId,
) -> Result<Newest<SessionRecord>, sqlx::Error> {
    let rows = sqlx::query!(
        "
        SELECT id, created_at, last_used_at, expires_at, ended_at, end_reason, device_name, address::text AS address
        FROM sessions WHERE user_id = $1 ORDER BY id DESC LIMIT $2
        ",
        user.0,
        Newest::<SessionRecord>::FETCH,
    )
    .fetch_all(connection)
    .await?;
    let records = rows.into_iter().map(|row| SessionRecord {
        id: SessionId(row.id),
        created_at: row.created_at,
        last_used_at: row.last_used_at,
        expires_at: row.expires_at,
        ended_at: row.ended_at,
        end_reason: row.end_reason,
        device: row.device_name,
        address: row.address,
    });
    Ok(Newest::of(records.collect()))
}

pub async fn api_keys(
    connection: &mut Connection,
    user: UserId,
) -> Result<Newest<ApiKeyRecord>, sqlx::Error> {
    let rows = sqlx::query!(
        "
        SELECT id, name, permissions, created_at, expires_at, last_used_at, revoked_at
        FROM api_keys WHERE user_id = $1 ORDER BY id DESC LIMIT $2
        ",
        user.0,
        Newest::<ApiKeyRecord>::FETCH,
    )
    .fetch_all(connection)
    .await?;
    let records = rows.into_iter().map(|row| ApiKeyRecord {
        id: ApiKeyId(row.id),
        name: row.name,
        permissions: row.permissions,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
    });
    Ok(Newest::of(records.collect()))
}

/// Each half is read by its own index, and no further than the limit.
pub async fn audit_log(
    connection: &mut Connection,
    user: UserId,
) -> Result<Newest<AuditRecord>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        SELECT id AS "id!", occurred_at AS "occurred_at!", actor_id AS "actor_id!", action AS "action!",
            target AS "target!", data AS "data!"
        FROM (
            (SELECT id, occurred_at, actor_id, action, target, data FROM audit_log
                WHERE actor_id = $1 ORDER BY id DESC LIMIT $3)
            UNION
            (SELECT id, occurred_at, actor_id, action, target, data FROM audit_log
                WHERE target = $2 ORDER BY id DESC LIMIT $3)
        ) AS concerning
        ORDER BY id DESC LIMIT $3
        "#,
        user.0,
        user.to_string(),
        Newest::<AuditRecord>::FETCH,
    )
    .fetch_all(connection)
    .await?;
    let records = rows.into_iter().map(|row| {
        let entry = StoredEntry {
            id: EntryId(row.id),
            occurred_at: row.occurred_at,
            actor: UserId(row.actor_id),
            action: row.action,
            target: row.target,
            data: row.data,
        };
        AuditRecord::of(user, entry)
    });
    Ok(Newest::of(records.collect()))
}

pub async fn events(
    connection: &mut Connection,
    user: UserId,
) -> Result<Newest<EventRecord>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT id, occurred_at, event_type FROM events WHERE user_id = $1 ORDER BY id DESC LIMIT $2",
        user.0,
        Newest::<EventRecord>::FETCH,
    )
    .fetch_all(connection)
    .await?;
    let records = rows.into_iter().map(|row| EventRecord {
        id: EventId(row.id),
        occurred_at: row.occurred_at,
        event_type: row.event_type,
    });
    Ok(Newest::of(records.collect()))
}
