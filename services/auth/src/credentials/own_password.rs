//! A logged-in user presents the password again, for a change that must not be open to the holder of a stolen access token.

use web::limit::{ClientAddress, Meter};

use crate::{
    accounts::{
        find_password_hash,
        model::{PresentedPassword, UserId},
        passwords::PasswordsError,
    },
    app::App,
    limits::{LimitError, account, take_back},
    tokens::secret::Attempted,
};

#[derive(Debug, thiserror::Error)]
pub enum OwnPasswordError {
    #[error("the password is not that of the account")]
    Wrong,
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    Password(#[from] PasswordsError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// The stored hash of a password that is right. Attempts are counted apart from logins, so that a stolen access token locks
/// the user out of nothing else; right ones count too, since each costs a hash and is rare.
pub(super) async fn verify(
    app: &App,
    user: UserId,
    presented: PresentedPassword,
    address: ClientAddress,
    meter: &Meter,
) -> Result<String, OwnPasswordError> {
    app.address_counters.passwords.count(address, meter)?;
    let place = app.passwords.place()?;
    let counted = app.server_key.attempted(Attempted::OwnPassword(user));
    account::count(&app.pool, &counted, app.account_limits.failures(), meter).await?;

    let hash = find_password_hash(&app.pool, user).await?;
    let hash = hash.ok_or(OwnPasswordError::Wrong)?;
    match app
        .passwords
        .verify(place, presented, Some(hash.clone()))
        .await
    {
        Ok(true) => Ok(hash),
        Ok(false) => Err(OwnPasswordError::Wrong),
        Err(error) => {
            // The password was not verified, so this is not an attempt.
            take_back(&app.pool, &counted).await?;
            Err(error.into())
        }
    }
}
