//! The reader of a message confirms an e-mail address, or one side of its change.

use super::{model::Confirmation, postgres};
use crate::{
    accounts::AccountError,
    app::App,
    events::{self, EventType, publish},
    tokens::secret::AccountToken,
};

#[derive(Debug, thiserror::Error)]
pub enum ConfirmEmailError {
    #[error("the token is not valid or has expired")]
    InvalidToken,
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

pub async fn confirm_email(app: &App, token: &str) -> Result<Confirmation, ConfirmEmailError> {
    let token = AccountToken::parse(token).ok_or(ConfirmEmailError::InvalidToken)?;
    let token = token.hash();
    let mut transaction = app.pool.begin().await?;
    let locked = postgres::lock_by_token(&mut transaction, &token).await?;
    let locked = locked.ok_or(ConfirmEmailError::InvalidToken)?;
    let confirmation = locked
        .confirm(&token)
        .ok_or(ConfirmEmailError::InvalidToken)?;
    let user = locked.user.id;
    match &confirmation {
        Confirmation::Verified(_) => {
            postgres::verify_email(&mut transaction, user).await?;
            postgres::delete_token(&mut transaction, &token).await?;
        }
        Confirmation::Waiting(_) => postgres::confirm(&mut transaction, &token).await?,
        Confirmation::Changed(to) => {
            // The constraint decides whether the address is free. If it is not, the token stays as it was.
            let changed = postgres::change_email(&mut transaction, user, to).await;
            changed.map_err(AccountError::from)?;
            // None of them may count after this, above all no password reset that was sent to the old address.
            postgres::delete_tokens(&mut transaction, user).await?;
            let event = events::event(app, EventType::EmailChanged, user);
            publish(&mut transaction, &event).await?;
        }
    }
    transaction.commit().await?;
    Ok(confirmation)
}
