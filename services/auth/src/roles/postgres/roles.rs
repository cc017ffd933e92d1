//! The table of roles. The permissions in it are those of custom roles.

use db::{Connection, Pool};
use sqlx::PgExecutor;
use web::list::{Paging, Total};

use crate::roles::model::{Definition, MOST_CUSTOM_ROLES, RoleChange, RoleDescription, RoleName};

/// The advisory lock under which custom roles are created, one at a time, so that they can be counted.
const CREATE_LOCK: i64 = 0x6175_7468_0000_0002;

/// Roles, given as what stands before and after the columns.
macro_rules! query_roles {
    ($before:tt, $after:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::roles::model::StoredRole,
            $before + " roles.name, roles.description, roles.permissions, roles.version, roles.created_at, roles.updated_at "
            + $after
            $(, $argument)*
        )
    };
}
pub(super) use query_roles;

/// The rows of one page, by name.
pub async fn page(pool: &Pool, paging: &Paging<String>) -> Result<Vec<Definition>, sqlx::Error> {
    let rows = query_roles!(
        "SELECT",
        "FROM roles WHERE name > $1 ORDER BY name LIMIT $2 OFFSET $3",
        paging.after().map_or("", String::as_str),
        paging.fetch(),
        paging.offset(),
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Definition::from).collect())
}

pub async fn total(pool: &Pool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM roles LIMIT $1) counted"#,
        Total::COUNT_TO,
    )
    .fetch_one(pool)
    .await
}

pub async fn by_name(
    db: impl PgExecutor<'_>,
    name: &RoleName,
) -> Result<Option<Definition>, sqlx::Error> {
    let row = query_roles!("SELECT", "FROM roles WHERE name = $1", name.as_str());
    Ok(row.fetch_optional(db).await?.map(Definition::from))
}

/// The same, locked: its permissions do not change and no other user gets it until the transaction ends.
pub async fn lock(
    connection: &mut Connection,
    name: &RoleName,
) -> Result<Option<Definition>, sqlx::Error> {
    let row = query_roles!(
        "SELECT",
        "FROM roles WHERE name = $1 FOR NO KEY UPDATE",
        name.as_str()
    );
    Ok(row.fetch_optional(connection).await?.map(Definition::from))
}

/// Whether the shop has as many custom roles as it may have. Until the transaction ends, no other one creates any.
pub async fn full(connection: &mut Connection) -> Result<bool, sqlx::Error> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", CREATE_LOCK)
        .execute(&mut *connection)
        .await?;
    // A statement after the lock sees what the previous holder of the lock committed.
    sqlx::query_scalar!(
        r#"SELECT count(*) >= $1 AS "full!" FROM roles WHERE NOT built_in"#,
        MOST_CUSTOM_ROLES,
    )
    .fetch_one(connection)
    .await
}

pub async fn insert(
    connection: &mut Connection,
    name: &RoleName,
    description: &RoleDescription,
    permissions: &[String],
) -> Result<Definition, sqlx::Error> {
    let row = query_roles!(
        "INSERT INTO roles (name, description, permissions) VALUES ($1, $2, $3) RETURNING",
        "",
        name.as_str(),
        description.as_str(),
        permissions,
    );
    Ok(row.fetch_one(connection).await?.into())
}

/// Writes a change of a custom role.
pub async fn update(
    connection: &mut Connection,
    name: &RoleName,
    change: &RoleChange,
) -> Result<Definition, sqlx::Error> {
    let permissions = change.permissions.map(super::names);
    let row = query_roles!(
        "UPDATE roles SET description = coalesce($2, description), permissions = coalesce($3, permissions),
             version = version + 1, updated_at = now()
         WHERE name = $1 RETURNING",
        "",
        name.as_str(),
        change.description.as_ref().map(RoleDescription::as_str),
        permissions.as_deref(),
    );
    Ok(row.fetch_one(connection).await?.into())
}

/// Deletes a role; the database refuses one that is in use.
pub async fn delete(connection: &mut Connection, name: &RoleName) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM roles WHERE name = $1", name.as_str())
        .execute(connection)
        .await?;
    Ok(())
}
