//! A user who cannot log in sets another password with the token of a message.

use web::limit::{ClientAddress, Meter};

use super::postgres;
use crate::{
    accounts::{
        model::{GuessablePassword, Password},
        passwords::PasswordsError,
    },
    api_keys,
    app::App,
    events::{self, EventType, publish},
    limits::{LimitError, forget},
    sessions::{self, model::EndReason},
    tokens::secret::{AccountToken, Attempted},
};

#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    #[error("the token is not valid or has expired")]
    InvalidToken,
    #[error(transparent)]
    Guessable(#[from] GuessablePassword),
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    Password(#[from] PasswordsError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Sets the password, and ends all sessions and API keys of the account. A password that is refused leaves the token valid for another.
pub async fn reset_password(
    app: &App,
    token: &str,
    password: Password,
    address: ClientAddress,
    meter: &Meter,
) -> Result<(), ResetPasswordError> {
    app.address_counters.passwords.count(address, meter)?;
    let token = AccountToken::parse(token).ok_or(ResetPasswordError::InvalidToken)?;
    let token = token.hash();
    let mut transaction = app.pool.begin().await?;
    let locked = postgres::lock_by_token(&mut transaction, &token).await?;
    transaction.rollback().await?;
    let locked = locked.filter(|locked| locked.resets_password(&token));
    let user = locked.ok_or(ResetPasswordError::InvalidToken)?.user;
    password.check(&user)?;
    let place = app.passwords.place()?;
    let hash = app.passwords.hash(place, password).await?;

    let mut transaction = app.pool.begin().await?;
    // Of two requests with one token, the later one waits here for the other, whose commit deletes the token.
    let locked = postgres::lock_by_token(&mut transaction, &token).await?;
    if !locked.is_some_and(|locked| locked.resets_password(&token)) {
        return Err(ResetPasswordError::InvalidToken);
    }
    postgres::reset_password(&mut transaction, user.id, &hash).await?;
    postgres::delete_tokens(&mut transaction, user.id).await?;
    sessions::end_all(&mut transaction, user.id, None, EndReason::PasswordChanged).await?;
    // After a theft, a reset is how the owner gets the account back: it ends what the thief may have made.
    api_keys::revoke_all(&mut transaction, user.id).await?;
    // Failures with the forgotten password must not lock the user out of the first login with the new one.
    let failures = app.server_key.attempted(Attempted::LogIn(user.id));
    forget(&mut transaction, &failures).await?;
    let event = events::event(app, EventType::PasswordChanged, user.id);
    publish(&mut transaction, &event).await?;
    Ok(transaction.commit().await?)
}
