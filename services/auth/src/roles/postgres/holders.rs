//! Who holds which role: `users.roles`, which a trigger copies to `user_roles`.

use db::{Connection, Pool};
use sqlx::PgExecutor;
use web::list::Paging;

use super::roles::query_roles;
use crate::{
    accounts::model::UserId,
    roles::model::{Definition, HeldRoles, MOST_HOLDERS, RoleName},
};

/// The rows of one page of a user's roles, by name. `None`: no such user.
pub async fn held_by(
    pool: &Pool,
    user: UserId,
    paging: &Paging<String>,
) -> Result<Option<Vec<Definition>>, sqlx::Error> {
    let rows = query_roles!(
        "SELECT",
        "FROM user_roles JOIN roles ON roles.name = role
         WHERE user_id = $1 AND role > $2 ORDER BY role LIMIT $3 OFFSET $4",
        user.0,
        paging.after().map_or("", String::as_str),
        paging.fetch(),
        paging.offset(),
    )
    .fetch_all(pool)
    .await?;
    // A user has at least one role, so only an empty page leaves a question.
    if rows.is_empty() && total_of(pool, user).await? == 0 {
        return Ok(None);
    }
    Ok(Some(rows.into_iter().map(Definition::from).collect()))
}

/// How many roles a user has.
pub async fn total_of(db: impl PgExecutor<'_>, user: UserId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM user_roles WHERE user_id = $1"#,
        user.0,
    )
    .fetch_one(db)
    .await
}

/// How many users have a role, counted up to the most of a custom one.
pub async fn count(connection: &mut Connection, role: &RoleName) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM user_roles WHERE role = $1 LIMIT $2) counted"#,
        role.as_str(),
        MOST_HOLDERS,
    )
    .fetch_one(connection)
    .await
}

/// Writes a user's roles. A trigger ends older tokens (`migrations/0004_revocations.sql`).
pub async fn update(
    connection: &mut Connection,
    user: UserId,
    HeldRoles(roles): &HeldRoles,
) -> Result<(), sqlx::Error> {
    let roles: Vec<String> = roles.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "UPDATE users SET roles = $2, updated_at = now() WHERE id = $1",
        user.0,
        roles.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends the tokens of all holders of a role, which are locked in one order, so that two changes cannot deadlock.
pub async fn end_tokens(connection: &mut Connection, role: &RoleName) -> Result<u64, sqlx::Error> {
    let ended = sqlx::query!(
        "
        WITH holders AS (
            SELECT users.id FROM user_roles JOIN users ON users.id = user_id
            WHERE role = $1 ORDER BY users.id FOR NO KEY UPDATE OF users),
        raised AS (
            UPDATE users SET token_epoch = token_epoch + 1 FROM holders WHERE users.id = holders.id
            RETURNING users.id, token_epoch)
        INSERT INTO revocations (user_id, epoch) SELECT id, token_epoch FROM raised
        ",
        role.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(ended.rows_affected())
}
