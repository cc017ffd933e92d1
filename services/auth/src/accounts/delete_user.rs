//! Deleting a user: the person is forgotten, and the account stays as an id that orders, events and the audit log name
//! (ORDERS 28). Other services are asked to forget the person, too.

use db::Connection;
use serde_json::json;
use web::limit::{ClientAddress, Meter};

use super::{
    actor::{Actor, Outranked},
    model::{Anonymous, PresentedPassword, User, UserId},
    postgres as users,
};
use crate::{
    addresses, api_keys,
    app::App,
    audit::{self, Action},
    credentials, erasures,
    erasures::model::Service,
    events::{self, EventType},
    mfa::{self, model::SecondFactor, proof::ProofError},
    roles::{KeepAdminError, keep_an_admin},
    sessions::{self, model::EndReason},
    settings,
};

#[derive(Debug, thiserror::Error)]
pub enum DeleteUserError {
    #[error("no such account")]
    NotFound,
    #[error("the account is the caller's own, whose deletion needs the password")]
    OwnAccount,
    #[error(transparent)]
    Outranked(#[from] Outranked),
    #[error(transparent)]
    Admin(#[from] KeepAdminError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum DeleteOwnAccountError {
    #[error("the account has a second factor, and none was presented")]
    SecondFactorMissing,
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("the account has changed since the caller was read")]
    Changed,
    #[error(transparent)]
    Admin(#[from] KeepAdminError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Deletes the account of another user. An account that is deleted is left unchanged.
pub(crate) async fn delete_user(
    app: &App,
    actor: Actor,
    id: UserId,
) -> Result<(), DeleteUserError> {
    if id == actor.id {
        return Err(DeleteUserError::OwnAccount);
    }
    let mut transaction = app.pool.begin().await?;
    let user = users::lock(&mut transaction, id).await?;
    let user = user.ok_or(DeleteUserError::NotFound)?;
    actor.may_change(&user)?;
    keep_an_admin(&mut transaction, id).await?;
    if !forget(app, &mut transaction, &user).await? {
        return Ok(());
    }
    let entry = actor.entry(app, Action::UserDeleted, id, json!({}));
    audit::append(&mut transaction, &entry).await?;
    Ok(transaction.commit().await?)
}

/// Deletes the account of a user who is logged in and presents the password again, and a code if the account has a second
/// factor: a stolen access token must not suffice.
pub(crate) async fn delete_own_account(
    app: &App,
    user: &User,
    password: PresentedPassword,
    factor: Option<&SecondFactor>,
    address: ClientAddress,
    meter: &Meter,
) -> Result<(), DeleteOwnAccountError> {
    let factor = match (user.mfa_enabled, factor) {
        (true, None) => return Err(DeleteOwnAccountError::SecondFactorMissing),
        (true, factor) => factor,
        (false, _) => None,
    };
    mfa::prove(app, user.id, password, factor, address, meter).await?;
    let mut transaction = app.pool.begin().await?;
    let locked = users::lock(&mut transaction, user.id).await?;
    // The password or the second factor may be another since they were verified.
    let locked = locked.filter(|locked| locked.token_epoch == user.token_epoch);
    let locked = locked.ok_or(DeleteOwnAccountError::Changed)?;
    keep_an_admin(&mut transaction, user.id).await?;
    forget(app, &mut transaction, &locked).await?;
    Ok(transaction.commit().await?)
}

/// Removes what this service has of the person of a locked account, and asks the other services to do the same. Every write
/// of personal data waits for the lock of the account and finds it deleted. False: nothing is left to remove.
async fn forget(app: &App, connection: &mut Connection, user: &User) -> Result<bool, sqlx::Error> {
    let Some(status) = user.status.deleted() else {
        return Ok(false);
    };
    let id = user.id;
    let anonymous = Anonymous::new(app.ids.uuid());
    let unknown = app.passwords.unknown_hash();
    users::anonymize(connection, id, status, &anonymous, unknown).await?;
    sessions::end_all(connection, id, None, EndReason::Revoked).await?;
    sessions::erase(connection, id).await?;
    api_keys::erase(connection, id).await?;
    credentials::delete_tokens(connection, id).await?;
    mfa::erase(connection, id).await?;
    addresses::erase(connection, id).await?;
    settings::erase(connection, id).await?;
    erasures::request(connection, id, &Service::ALL).await?;
    let event = events::event(app, EventType::UserDeleted, id);
    events::publish(connection, &event).await?;
    Ok(true)
}
