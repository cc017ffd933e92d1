//! A logged-in user changes the password. All other sessions end, and so does every token that was issued before.

use web::limit::{ClientAddress, Meter};

use super::{
    own_password::{self, OwnPasswordError},
    postgres,
};
use crate::{
    accounts::{
        self,
        model::{GuessablePassword, Password, PresentedPassword, SessionId, User},
        passwords::PasswordsError,
    },
    app::App,
    events::{self, EventType, publish},
    sessions::{self, device::Device, model::EndReason, session::Tokens},
    tokens::secret::RefreshToken,
};

pub struct PasswordChange {
    pub current: PresentedPassword,
    pub new: Password,
}

#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("the new password is the current one")]
    Unchanged,
    #[error(transparent)]
    Guessable(#[from] GuessablePassword),
    #[error(transparent)]
    Current(#[from] OwnPasswordError),
    #[error(transparent)]
    Password(#[from] PasswordsError),
    #[error("the password was changed by another request")]
    Concurrent,
    #[error("the session has ended")]
    SessionEnded,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("cannot sign the access token")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// New tokens of the same session: those from before the change are invalid.
pub async fn change_password(
    app: &App,
    user: &User,
    session: SessionId,
    PasswordChange { current, new }: PasswordChange,
    device: Option<Device>,
    address: ClientAddress,
    meter: &Meter,
) -> Result<Tokens, ChangePasswordError> {
    if new.is_the_same_as(&current) {
        return Err(ChangePasswordError::Unchanged);
    }
    new.check(user)?;
    let known = own_password::verify(app, user.id, current, address, meter).await?;
    let place = app.passwords.place()?;
    let hash = app.passwords.hash(place, new).await?;

    let refresh = RefreshToken::random();
    let mut transaction = app.pool.begin().await?;
    if !postgres::change_password(&mut transaction, user.id, &known, &hash).await? {
        return Err(ChangePasswordError::Concurrent);
    }
    if !sessions::renew(&mut transaction, session, &refresh.hash()).await? {
        return Err(ChangePasswordError::SessionEnded);
    }
    let reason = EndReason::PasswordChanged;
    sessions::end_all(&mut transaction, user.id, Some(session), reason).await?;
    postgres::delete_tokens_of_password(&mut transaction, user.id).await?;
    let event = events::event(app, EventType::PasswordChanged, user.id);
    publish(&mut transaction, &event).await?;
    // A statement after the lock sees what custom roles permit now; a later change of them raises the epoch again.
    let changed = accounts::find(&mut *transaction, user.id).await?;
    let changed = changed.ok_or(ChangePasswordError::SessionEnded)?;
    transaction.commit().await?;

    let device = device.filter(|device| device.is_known_to(user));
    let device = Some(Device::after_log_in(device, &changed));
    Ok(Tokens::try_new(app, session, refresh, device, changed)?)
}
