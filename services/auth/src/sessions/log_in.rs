//! Logging in. Every failure takes the same steps and gets the same answer: no client learns whether an account exists.

use web::limit::{ClientAddress, Meter};

use super::{
    device::Device,
    model::NewSession,
    postgres as sessions,
    session::{Tokens, access_token},
};
use crate::{
    accounts::{
        find_for_log_in,
        model::{Identifier, PresentedPassword, SessionId, Status},
        passwords::PasswordsError,
    },
    app::App,
    limits::{LimitError, account, take_back},
    tokens::secret::{Attempted, RefreshToken},
};

pub struct Credentials {
    pub identifier: Identifier,
    pub password: PresentedPassword,
}

#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    #[error("no such account, wrong password, or suspended account")]
    Refused,
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    Password(#[from] PasswordsError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("cannot sign the access token")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

pub async fn log_in(
    app: &App,
    Credentials {
        identifier,
        password,
    }: Credentials,
    device: Option<Device>,
    address: ClientAddress,
    meter: &Meter,
) -> Result<Tokens, LogInError> {
    // First of all, so that a flood costs no statement.
    let counters = &app.address_counters;
    let of_address = match device {
        Some(_) => &counters.known_devices,
        None => &counters.log_ins,
    };
    of_address.count(address, meter).map_err(LimitError::from)?;
    let place = app.passwords.place()?;

    let account = find_for_log_in(&app.pool, &identifier).await?;
    let presented = device;
    let device = presented.filter(|device| {
        account
            .as_ref()
            .is_some_and(|account| device.is_known_to(&account.user))
    });
    if presented.is_some() && device.is_none() {
        let counted = counters.log_ins.count(address, meter);
        counted.map_err(LimitError::from)?;
    }
    // Counted before the password is looked at, so that tries at the same time do not pass the limit together.
    let attempted = match (&device, &account) {
        (Some(device), _) => Attempted::KnownDevice(&device.id),
        (None, Some(account)) => Attempted::LogIn(account.user.id),
        (None, None) => Attempted::UnknownLogIn(&identifier),
    };
    let counted = app.server_key.attempted(attempted);
    account::count(&app.pool, &counted, app.account_limits.failures(), meter).await?;

    let (user, hash) = account.map_or((None, None), |account| {
        (Some(account.user), Some(account.password_hash))
    });
    let fits = match app.passwords.verify(place, password, hash).await {
        Ok(fits) => fits,
        Err(error) => {
            // The password was not checked: that is no failed attempt.
            take_back(&app.pool, &counted).await?;
            return Err(error.into());
        }
    };
    let user = user
        .filter(|user| fits && user.status == Status::Active)
        .ok_or(LogInError::Refused)?;

    let refresh = RefreshToken::random();
    let session = NewSession {
        id: SessionId(app.ids.uuid()),
        user: user.id,
        token_hash: refresh.hash(),
    };
    sessions::start(&app.pool, &session, &counted).await?;
    Ok(Tokens {
        access: access_token(app, session.id, &user)?,
        refresh,
        device: Some(Device::after_log_in(device, &user)),
        user,
    })
}
