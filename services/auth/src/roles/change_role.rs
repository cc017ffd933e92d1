//! Creating, changing and deleting custom roles.

use std::time::Duration;

use access::Permissions;
use serde_json::json;
use web::conditional::{ETag, IfMatch};

use super::{
    model::{ChangeRefused, Definition, Grantor, NotHeld, RoleChange, RoleDescription, RoleName},
    postgres::{holders, names, roles},
};
use crate::{
    app::App,
    audit::{self, Action, Entry, model::EntryId},
};

/// A change ends the tokens of up to ten thousand holders.
const CHANGE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum CreateRoleError {
    #[error(transparent)]
    NotHeld(#[from] NotHeld),
    #[error("a role has this name, or registration knows the name as that of a built-in role")]
    NameTaken,
    #[error("the shop has as many custom roles as it may have")]
    TooMany,
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for CreateRoleError {
    fn from(error: sqlx::Error) -> Self {
        match db::constraint(&error) {
            Some("roles_pkey") => Self::NameTaken,
            Some(_) | None => Self::Database(error),
        }
    }
}

pub async fn create_role(
    app: &App,
    by: Grantor,
    name: &RoleName,
    description: &RoleDescription,
    permissions: Permissions,
) -> Result<Definition, CreateRoleError> {
    by.may_define(permissions)?;
    if name.means_built_in() {
        return Err(CreateRoleError::NameTaken);
    }
    let mut transaction = app.pool.begin().await?;
    if roles::full(&mut transaction).await? {
        return Err(CreateRoleError::TooMany);
    }
    let permissions = names(permissions);
    let role = roles::insert(&mut transaction, name, description, &permissions).await?;
    let data = json!({ "permissions": permissions });
    let entry = entry(app, by, Action::RoleCreated, name, data);
    audit::append(&mut transaction, &entry).await?;
    transaction.commit().await?;
    Ok(role)
}

#[derive(Debug, thiserror::Error)]
pub enum UpdateRoleError {
    #[error("no such role")]
    NotFound,
    #[error("the role has changed since it was read")]
    Stale,
    #[error(transparent)]
    Refused(#[from] ChangeRefused),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Changes a role. If what it permits differs afterwards, the tokens of its holders end.
pub async fn update_role(
    app: &App,
    by: Grantor,
    name: &RoleName,
    if_match: &IfMatch,
    change: RoleChange,
) -> Result<Definition, UpdateRoleError> {
    let mut transaction = app.pool.begin_long(CHANGE).await?;
    let role = roles::lock(&mut transaction, name).await?;
    let role = role.ok_or(UpdateRoleError::NotFound)?;
    if_match
        .check(ETag(role.version))
        .map_err(|_| UpdateRoleError::Stale)?;
    let Some(change) = role.difference(change, &by)? else {
        return Ok(role);
    };
    let changed = roles::update(&mut transaction, name, &change).await?;
    let mut data = json!({ "description": change.description.is_some() });
    if let Some(permissions) = change.permissions {
        holders::end_tokens(&mut transaction, name).await?;
        data["permissions"] =
            json!({ "before": names(role.permissions), "after": names(permissions) });
    }
    let entry = entry(app, by, Action::RoleUpdated, name, data);
    audit::append(&mut transaction, &entry).await?;
    transaction.commit().await?;
    Ok(changed)
}

#[derive(Debug, thiserror::Error)]
pub enum DeleteRoleError {
    #[error("no such role")]
    NotFound,
    #[error("built-in roles are not deleted")]
    BuiltIn,
    #[error("users have the role")]
    InUse,
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for DeleteRoleError {
    fn from(error: sqlx::Error) -> Self {
        match db::constraint(&error) {
            Some("user_roles_role_fkey") => Self::InUse,
            Some(_) | None => Self::Database(error),
        }
    }
}

/// Deletes a role that no user has.
pub async fn delete_role(app: &App, by: Grantor, name: &RoleName) -> Result<(), DeleteRoleError> {
    let mut transaction = app.pool.begin().await?;
    let role = roles::lock(&mut transaction, name).await?;
    let role = role.ok_or(DeleteRoleError::NotFound)?;
    if role.is_built_in() {
        return Err(DeleteRoleError::BuiltIn);
    }
    roles::delete(&mut transaction, name).await?;
    let data = json!({ "permissions": names(role.permissions) });
    let entry = entry(app, by, Action::RoleDeleted, name, data);
    audit::append(&mut transaction, &entry).await?;
    Ok(transaction.commit().await?)
}

fn entry(
    app: &App,
    by: Grantor,
    action: Action,
    role: &RoleName,
    data: serde_json::Value,
) -> Entry {
    Entry {
        id: EntryId(app.ids.uuid()),
        actor: by.user,
        session: by.session,
        action,
        target: role.to_string(),
        data,
    }
}
