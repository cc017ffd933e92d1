//! What a user who is logged in presents again before the second factor changes or the account is deleted: a stolen access
//! token must not suffice. The attempts are limited per account, apart from logins, so that the holder of such a token locks
//! no one out.

use web::limit::{ClientAddress, Meter};

use super::{check, model::SecondFactor};
use crate::{
    accounts::{
        find_password_hash,
        model::{PresentedPassword, UserId},
        passwords::PasswordsError,
    },
    app::App,
    limits::{LimitError, account, take_back},
    tokens::{model::Hash, secret::Attempted},
};

#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("wrong password")]
    WrongPassword,
    #[error("wrong code, or one that was used already")]
    WrongCode,
    #[error("wrong recovery code, or one that was used already")]
    WrongRecoveryCode,
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    Password(#[from] PasswordsError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// An attempt, counted as a failure until it succeeds.
pub(super) struct Attempt<'a> {
    app: &'a App,
    counted: Hash,
}

impl<'a> Attempt<'a> {
    pub(super) async fn begin(
        app: &'a App,
        user: UserId,
        meter: &Meter,
    ) -> Result<Self, LimitError> {
        let counted = app.server_key.attempted(Attempted::Proof(user));
        account::count(&app.pool, &counted, app.account_limits.failures(), meter).await?;
        Ok(Self { app, counted })
    }

    /// It was no failure.
    pub(super) async fn forgive(self) -> Result<(), sqlx::Error> {
        take_back(&self.app.pool, &self.counted).await
    }
}

/// Checks the password and, if one is given, the second factor.
pub(crate) async fn prove(
    app: &App,
    user: UserId,
    password: PresentedPassword,
    factor: Option<&SecondFactor>,
    address: ClientAddress,
    meter: &Meter,
) -> Result<(), ProofError> {
    // A session is from an earlier login, so it is counted with the logins of known devices.
    app.address_counters.known_devices.count(address, meter)?;
    let place = app.passwords.place()?;
    let attempt = Attempt::begin(app, user, meter).await?;
    let hash = find_password_hash(&app.pool, user).await?;
    match app.passwords.verify(place, password, hash).await {
        Ok(true) => {}
        Ok(false) => return Err(ProofError::WrongPassword),
        Err(error) => {
            // The password was not verified, so this is not a failed attempt.
            attempt.forgive().await?;
            return Err(error.into());
        }
    }
    if let Some(factor) = factor
        && !check::accepts(app, user, factor).await?
    {
        return Err(match factor {
            SecondFactor::Code(_) => ProofError::WrongCode,
            SecondFactor::RecoveryCode(_) => ProofError::WrongRecoveryCode,
        });
    }
    Ok(attempt.forgive().await?)
}
