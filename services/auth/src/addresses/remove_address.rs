//! Removing an address from a user's book. If it was a default, there is none afterwards.

use web::conditional::{ETag, IfMatch};

use super::{model::AddressId, postgres as addresses};
use crate::{
    accounts::{self, model::UserId},
    app::App,
};

#[derive(Debug, thiserror::Error)]
pub enum RemoveAddressError {
    #[error("the user has no such address")]
    Unknown,
    #[error("the address has changed since it was read")]
    Stale,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

pub async fn remove_address(
    app: &App,
    user: UserId,
    id: AddressId,
    if_match: &IfMatch,
) -> Result<(), RemoveAddressError> {
    let mut transaction = app.pool.begin().await?;
    accounts::lock(&mut transaction, user).await?;
    let address = addresses::find(&mut *transaction, user, id).await?;
    let address = address.ok_or(RemoveAddressError::Unknown)?;
    if if_match.check(ETag(address.version)).is_err() {
        return Err(RemoveAddressError::Stale);
    }
    addresses::delete(&mut transaction, id).await?;
    Ok(transaction.commit().await?)
}
