//! A logged-in user asks for another e-mail address. It is used once the present and the new address have both confirmed it.

use web::limit::{ClientAddress, Meter};

use super::{
    issue::{Message, send},
    model::Purpose,
    own_password::{self, OwnPasswordError},
    postgres,
};
use crate::{
    accounts::model::{Email, PresentedPassword, User},
    app::App,
    limits::{
        LimitError,
        account::{self, MESSAGES},
    },
    tokens::secret::Attempted,
};

#[derive(Debug, thiserror::Error)]
pub enum RequestEmailChangeError {
    #[error("the account has this e-mail address")]
    Unchanged,
    #[error(transparent)]
    Own(#[from] OwnPasswordError),
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error("the account is not in use any more")]
    Gone,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Sends a message to both addresses. Whether the new one belongs to another account is not asked here: only its reader, who
/// confirms the change, learns that.
pub async fn request_email_change(
    app: &App,
    user: &User,
    new_email: &Email,
    password: PresentedPassword,
    address: ClientAddress,
    meter: &Meter,
) -> Result<(), RequestEmailChangeError> {
    if *new_email == user.email {
        return Err(RequestEmailChangeError::Unchanged);
    }
    own_password::verify(app, user.id, password, address, meter).await?;
    for attempted in [
        Attempted::EmailChange(user.id),
        // Many accounts together must not flood one mailbox either.
        Attempted::EmailChangeTo(new_email),
    ] {
        let counted = app.server_key.attempted(attempted);
        account::count(&app.pool, &counted, MESSAGES, meter).await?;
    }

    let mut transaction = app.pool.begin().await?;
    // The lock keeps the two sides of one change together.
    let locked = postgres::lock(&mut transaction, user.id).await?;
    // The rows of the tokens have addresses: none may be written once the account is deleted.
    let locked = locked.filter(|locked| locked.user.status.may_log_in());
    let user = locked.ok_or(RequestEmailChangeError::Gone)?.user;
    for (purpose, to) in [
        (Purpose::EmailChangeOld, &user.email),
        (Purpose::EmailChangeNew, new_email),
    ] {
        let message = Message {
            user: user.id,
            purpose,
            to,
            new_email: Some(new_email),
        };
        send(app, &mut transaction, &message).await?;
    }
    Ok(transaction.commit().await?)
}
