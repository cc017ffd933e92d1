//! Changing an address of a user's book. A use that it becomes the default for is taken from the previous default.

use web::conditional::{ETag, IfMatch};

use super::{
    model::{Address, AddressChange, AddressId, Flaws},
    postgres as addresses,
};
use crate::{
    accounts::{self, model::UserId},
    app::App,
};

#[derive(Debug, thiserror::Error)]
pub enum ChangeAddressError {
    #[error("the user has no such address")]
    Unknown,
    #[error("the address has changed since it was read")]
    Stale,
    #[error(transparent)]
    Flaws(#[from] Flaws),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

pub async fn change_address(
    app: &App,
    user: UserId,
    id: AddressId,
    change: AddressChange,
    if_match: &IfMatch,
) -> Result<Address, ChangeAddressError> {
    let mut transaction = app.pool.begin().await?;
    accounts::lock(&mut transaction, user).await?;
    let address = addresses::find(&mut *transaction, user, id).await?;
    let address = address.ok_or(ChangeAddressError::Unknown)?;
    if if_match.check(ETag(address.version)).is_err() {
        return Err(ChangeAddressError::Stale);
    }
    let defaults = change.defaults(address.defaults);
    let postal = address.postal.changed(change.parts)?;
    addresses::release_defaults(&mut transaction, user, id, defaults).await?;
    let address = addresses::update(&mut transaction, id, &postal, defaults).await?;
    transaction.commit().await?;
    Ok(address)
}
