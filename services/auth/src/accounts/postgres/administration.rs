//! Accounts as administrators read and change them.

use db::Connection;
use sqlx::PgExecutor;

use crate::{
    accounts::model::{Anonymous, Status, User, UserId},
    infrastructure::postgres::users::{query_users, read_user},
};

pub async fn find(db: impl PgExecutor<'_>, id: UserId) -> Result<Option<User>, sqlx::Error> {
    let row = query_users!(["SELECT "], ["FROM users WHERE id = $1"], id.0);
    let row = row.fetch_optional(db).await?;
    row.map(|row| read_user!(row)).transpose()
}

/// The account, which no other transaction changes until the end of this one.
pub async fn lock(connection: &mut Connection, id: UserId) -> Result<Option<User>, sqlx::Error> {
    let row = query_users!(
        ["SELECT "],
        ["FROM users WHERE id = $1 FOR NO KEY UPDATE"],
        id.0
    );
    let row = row.fetch_optional(connection).await?;
    row.map(|row| read_user!(row)).transpose()
}

/// The same for an account that is not deleted: what is written under this lock is personal, and may not be written any more
/// once the person is forgotten.
pub async fn lock_undeleted(
    connection: &mut Connection,
    id: UserId,
) -> Result<Option<User>, sqlx::Error> {
    let user = lock(connection, id).await?;
    Ok(user.filter(|user| user.status.not_deleted().is_ok()))
}

/// Sets the status of a locked account. A trigger raises its epoch (`migrations/0004_revocations.sql`).
pub async fn set_status(
    connection: &mut Connection,
    id: UserId,
    status: Status,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE users SET status = $2, updated_at = now() WHERE id = $1",
        id.0,
        status.into_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Replaces what a locked account has of a person, and its password by one that does not exist. A trigger raises its epoch.
pub async fn anonymize(
    connection: &mut Connection,
    id: UserId,
    status: Status,
    anonymous: &Anonymous,
    password_hash: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        UPDATE users SET
            status = $2, email = $3, email_verified_at = NULL, username = NULL, full_name = $4, roles = $5,
            password_hash = $6, version = version + 1, updated_at = now()
        WHERE id = $1
        ",
        id.0,
        status.into_str(),
        anonymous.email.as_str(),
        anonymous.full_name.as_str(),
        &[anonymous.role.into_str().to_owned()],
        password_hash,
    )
    .execute(connection)
    .await?;
    Ok(())
}
