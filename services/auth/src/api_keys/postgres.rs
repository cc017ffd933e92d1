//! API keys. The secret of a key is stored as a hash, and its access tokens are revoked by triggers
//! (`migrations/0012_api_keys.sql`).

use access::Permissions;
use chrono::{DateTime, Utc};
use db::{Connection, Pool};
use uuid::Uuid;
use web::list::{Paging, Total};

use crate::{
    accounts::model::UserId,
    api_keys::model::{ApiKey, ApiKeyId, Held, NewApiKey, PresentedKey},
    infrastructure::postgres::users::{query_users, read_user},
    tokens::model::Hash,
};

/// Days for which a key that has ended is kept for its owner to see.
const KEPT_DAYS: i32 = 90;

struct StoredKey {
    id: Uuid,
    user_id: Uuid,
    name: String,
    hint: String,
    permissions: Vec<String>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    ended: bool,
}

impl From<StoredKey> for ApiKey {
    fn from(row: StoredKey) -> Self {
        Self {
            id: ApiKeyId(row.id),
            owner: UserId(row.user_id),
            name: row.name,
            hint: row.hint,
            permissions: row.permissions,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
            ended: row.ended,
        }
    }
}

/// The keys of a user, none of whose keys is created by another transaction until this one ends.
pub(super) async fn lock_held(
    connection: &mut Connection,
    owner: UserId,
) -> Result<Held, sqlx::Error> {
    sqlx::query!("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", owner.0)
        .execute(&mut *connection)
        .await?;
    // A statement after the lock sees what the previous holder of the lock committed.
    sqlx::query_as!(
        Held,
        r#"
        SELECT count(*) FILTER (WHERE ends_at > now()) AS "live!", count(*) FILTER (WHERE ends_at <= now()) AS "ended!"
        FROM api_keys WHERE user_id = $1
        "#,
        owner.0,
    )
    .fetch_one(connection)
    .await
}

/// Deletes so many keys of a user, those that ended first.
pub(super) async fn delete_ended(
    connection: &mut Connection,
    owner: UserId,
    number: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        DELETE FROM api_keys WHERE id IN (
            SELECT id FROM api_keys WHERE user_id = $1 AND ends_at <= now() ORDER BY ends_at LIMIT $2)
        ",
        owner.0,
        number,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn insert(
    connection: &mut Connection,
    key: &NewApiKey,
) -> Result<ApiKey, sqlx::Error> {
    let permissions = key.permissions.grants().map(|grant| grant.to_string());
    let permissions: Vec<_> = permissions.collect();
    let row = sqlx::query_as!(
        StoredKey,
        r#"
        INSERT INTO api_keys (id, user_id, name, secret_hash, hint, permissions, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        RETURNING id, user_id, name, hint, permissions, created_at, expires_at, last_used_at, revoked_at,
            ends_at <= now() AS "ended!"
        "#,
        key.id.0,
        key.owner.0,
        key.name.as_str(),
        key.secret_hash.as_slice(),
        key.hint,
        &permissions,
        key.expires_at,
    )
    .fetch_one(connection)
    .await?;
    Ok(row.into())
}

/// The rows of one page of the keys of all users, newest first.
pub(crate) async fn rows(
    pool: &Pool,
    paging: &Paging<ApiKeyId>,
) -> Result<Vec<ApiKey>, sqlx::Error> {
    let rows = sqlx::query_as!(
        StoredKey,
        r#"
        SELECT id, user_id, name, hint, permissions, created_at, expires_at, last_used_at, revoked_at,
            ends_at <= now() AS "ended!"
        FROM api_keys WHERE id < $1 ORDER BY id DESC LIMIT $2 OFFSET $3
        "#,
        before(paging),
        paging.fetch(),
        paging.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

/// The same of one user.
pub(crate) async fn rows_of(
    pool: &Pool,
    owner: UserId,
    paging: &Paging<ApiKeyId>,
) -> Result<Vec<ApiKey>, sqlx::Error> {
    let rows = sqlx::query_as!(
        StoredKey,
        r#"
        SELECT id, user_id, name, hint, permissions, created_at, expires_at, last_used_at, revoked_at,
            ends_at <= now() AS "ended!"
        FROM api_keys WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3 OFFSET $4
        "#,
        owner.0,
        before(paging),
        paging.fetch(),
        paging.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

/// The first page begins after the last id that is possible.
fn before(paging: &Paging<ApiKeyId>) -> Uuid {
    paging.after().map_or(Uuid::max(), |id| id.0)
}

pub(crate) async fn total(pool: &Pool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM api_keys LIMIT $1) counted"#,
        Total::COUNT_TO,
    )
    .fetch_one(pool)
    .await
}

pub(crate) async fn total_of(pool: &Pool, owner: UserId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM api_keys WHERE user_id = $1 LIMIT $2) counted"#,
        owner.0,
        Total::COUNT_TO,
    )
    .fetch_one(pool)
    .await
}

/// Locks a key of this user, or of any (`None`). Its owner, and whether it was revoked.
pub(super) async fn lock(
    connection: &mut Connection,
    id: ApiKeyId,
    owner: Option<UserId>,
) -> Result<Option<(UserId, bool)>, sqlx::Error> {
    let row = sqlx::query!(
        r#"
        SELECT user_id, revoked_at IS NOT NULL AS "revoked!" FROM api_keys
        WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2) FOR NO KEY UPDATE
        "#,
        id.0,
        owner.map(|owner| owner.0),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (UserId(row.user_id), row.revoked)))
}

pub(super) async fn revoke(connection: &mut Connection, id: ApiKeyId) -> Result<(), sqlx::Error> {
    sqlx::query!("UPDATE api_keys SET revoked_at = now() WHERE id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// The key with this secret, and its owner.
pub(super) async fn presented(
    pool: &Pool,
    secret: &Hash,
) -> Result<Option<PresentedKey>, sqlx::Error> {
    let row = query_users!(
        [r#"
        SELECT api_keys.id AS key_id, api_keys.permissions AS key_permissions, expires_at, ends_at <= now() AS "ended!",
            last_used_at IS NULL OR last_used_at < now() - interval '1 minute' AS "use_is_due!",
        "#],
        ["FROM api_keys JOIN users ON users.id = user_id WHERE secret_hash = $1"],
        secret.as_slice(),
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let permissions = row.key_permissions.iter().map(String::as_str);
    Ok(Some(PresentedKey {
        id: ApiKeyId(row.key_id),
        permissions: Permissions::known(permissions),
        expires_at: row.expires_at,
        ended: row.ended,
        use_is_due: row.use_is_due,
        owner: read_user!(row)?,
    }))
}

/// Records that a key was used; of concurrent uses only one writes.
pub(super) async fn record_use(pool: &Pool, id: ApiKeyId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        UPDATE api_keys SET last_used_at = now()
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
        ",
        id.0,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Revokes all keys of a user whose row is locked, so that none is created in between.
pub async fn revoke_all(connection: &mut Connection, owner: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE api_keys SET revoked_at = now() WHERE user_id = $1 AND ends_at > now()",
        owner.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes the keys of a user who is to be forgotten: owners choose their names. A trigger revokes their access tokens.
pub async fn erase(connection: &mut Connection, owner: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM api_keys WHERE user_id = $1", owner.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes up to `batch` keys that ended long ago.
pub async fn sweep(pool: &Pool, batch: i64) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "
        DELETE FROM api_keys WHERE id IN (
            SELECT id FROM api_keys WHERE ends_at < now() - make_interval(days => $1)
            ORDER BY ends_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        ",
        KEPT_DAYS,
        batch,
    )
    .execute(pool)
    .await?;
    Ok(swept.rows_affected())
}
