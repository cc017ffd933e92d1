//! Giving roles to users and taking them away. Either ends the tokens of the user.

use access::Role;
use serde_json::json;

use super::{
    model::{AssignRefused, Definition, Grantor, HeldRoles, RemoveRefused, RoleName},
    postgres::{
        admins::{KeepAdminError, keep_an_admin},
        holders, roles,
    },
};
use crate::{
    accounts::{
        self,
        actor::{Actor, Outranked},
        model::{DeletedAccount, UserId},
    },
    app::App,
    audit::{self, Action, Entry, model::EntryId},
};

#[derive(Debug, thiserror::Error)]
pub enum AssignRoleError {
    #[error("no such user")]
    NoUser,
    #[error("no such role")]
    NoRole,
    #[error(transparent)]
    Deleted(#[from] DeletedAccount),
    #[error(transparent)]
    Refused(#[from] AssignRefused),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Gives a user a role. Nothing changes if the user has it.
pub async fn assign_role(
    app: &App,
    by: Grantor,
    user: UserId,
    name: &RoleName,
) -> Result<Definition, AssignRoleError> {
    let mut transaction = app.pool.begin().await?;
    // A role is locked before users, as where its permissions change.
    let role = match name.built_in() {
        Some(_) => roles::by_name(&mut *transaction, name).await?,
        None => roles::lock(&mut transaction, name).await?,
    };
    let role = role.ok_or(AssignRoleError::NoRole)?;
    let changed = accounts::lock(&mut transaction, user).await?;
    let changed = changed.ok_or(AssignRoleError::NoUser)?;
    changed.status.not_deleted()?;
    let held = HeldRoles(changed.roles);
    let holders = match name.built_in() {
        Some(_) => 0,
        None => holders::count(&mut transaction, name).await?,
    };
    let Some(assigned) = held.assigned(&role, holders, &by)? else {
        return Ok(role);
    };
    holders::update(&mut transaction, user, &assigned).await?;
    let entry = Entry {
        id: EntryId(app.ids.uuid()),
        actor: by.user,
        session: by.session,
        action: Action::RoleAssigned,
        target: user.to_string(),
        data: json!({ "role": name }),
    };
    audit::append(&mut transaction, &entry).await?;
    transaction.commit().await?;
    Ok(role)
}

#[derive(Debug, thiserror::Error)]
pub enum RemoveRoleError {
    #[error("no such user")]
    NoUser,
    #[error(transparent)]
    Outranked(#[from] Outranked),
    #[error(transparent)]
    Refused(#[from] RemoveRefused),
    #[error(transparent)]
    Admin(#[from] KeepAdminError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Takes a role away from a user.
pub async fn remove_role(
    app: &App,
    by: Actor,
    user: UserId,
    name: &RoleName,
) -> Result<(), RemoveRoleError> {
    let mut transaction = app.pool.begin().await?;
    let changed = accounts::lock(&mut transaction, user).await?;
    let changed = changed.ok_or(RemoveRoleError::NoUser)?;
    by.may_change(&changed)?;
    let left = HeldRoles(changed.roles).without(name)?;
    if name.built_in() == Some(Role::Admin) {
        keep_an_admin(&mut transaction, user).await?;
    }
    holders::update(&mut transaction, user, &left).await?;
    let entry = by.entry(app, Action::RoleRemoved, user, json!({ "role": name }));
    audit::append(&mut transaction, &entry).await?;
    Ok(transaction.commit().await?)
}
