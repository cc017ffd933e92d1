//! Adding an address to a user's book.

use super::{
    model::{Address, AddressId, Book, BookFull, Defaults, PostalAddress},
    postgres as addresses,
};
use crate::{
    accounts::{
        self,
        model::{Status, UserId},
    },
    app::App,
};

#[derive(Debug, thiserror::Error)]
pub enum AddAddressError {
    #[error(transparent)]
    Full(#[from] BookFull),
    #[error("the account is not active any more")]
    Inactive,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

pub async fn add_address(
    app: &App,
    user: UserId,
    postal: &PostalAddress,
    wanted: Defaults,
) -> Result<Address, AddAddressError> {
    let id = AddressId(app.ids.uuid());
    let mut transaction = app.pool.begin().await?;
    // Nothing personal may be written once the account is deleted.
    let owner = accounts::lock(&mut transaction, user).await?;
    if owner.is_none_or(|owner| owner.status != Status::Active) {
        return Err(AddAddressError::Inactive);
    }
    let book = Book {
        addresses: addresses::count(&mut *transaction, user).await?,
    };
    let defaults = book.admit(wanted)?;
    addresses::release_defaults(&mut transaction, user, id, defaults).await?;
    let address = addresses::insert(&mut transaction, user, id, postal, defaults).await?;
    transaction.commit().await?;
    Ok(address)
}
