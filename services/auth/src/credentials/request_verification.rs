//! A logged-in user asks for another message to verify the e-mail address.

use web::limit::Meter;

use super::send_verification;
use crate::{
    accounts::{self, model::User},
    app::App,
    limits::{
        LimitError,
        account::{self, MESSAGES},
    },
    tokens::secret::Attempted,
};

#[derive(Debug, thiserror::Error)]
pub enum RequestVerificationError {
    #[error("the e-mail address is verified")]
    Verified,
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error("the account is not in use any more")]
    Gone,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

pub async fn request_verification(
    app: &App,
    user: &User,
    meter: &Meter,
) -> Result<(), RequestVerificationError> {
    if user.email_verified {
        return Err(RequestVerificationError::Verified);
    }
    let counted = app
        .server_key
        .attempted(Attempted::EmailVerification(user.id));
    account::count(&app.pool, &counted, MESSAGES, meter).await?;
    let mut transaction = app.pool.begin().await?;
    // The token's row has the address: it must not be written once the account is deleted.
    let locked = accounts::lock(&mut transaction, user.id).await?;
    let user = locked.filter(|locked| locked.status.may_log_in());
    let user = user.ok_or(RequestVerificationError::Gone)?;
    send_verification(app, &mut transaction, &user).await?;
    Ok(transaction.commit().await?)
}
