//! Logging in. Every failure takes the same steps and returns the same response: no client learns whether an account exists.

use web::limit::{ClientAddress, Meter};

use super::{
    device::Device,
    model::Client,
    postgres as sessions,
    session::{Tokens, new_session},
};
use crate::{
    accounts::{
        find_for_log_in,
        model::{Identifier, PresentedPassword},
        passwords::PasswordsError,
    },
    app::App,
    credentials::Renewal,
    limits::{LimitError, account, take_back},
    mfa::{self, model::SecondFactor},
    tokens::secret::Attempted,
};

pub struct Credentials {
    pub identifier: Identifier,
    pub password: PresentedPassword,
    pub second_factor: Option<SecondFactor>,
}

#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    #[error("no such account, wrong password, or suspended account")]
    Refused,
    #[error("the account has a second factor, and none was presented")]
    MfaRequired,
    #[error("wrong code or recovery code, or one that was used already")]
    MfaInvalid,
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
        second_factor,
    }: Credentials,
    presented: Option<Device>,
    client: Client,
    address: ClientAddress,
    meter: &Meter,
) -> Result<Tokens, LogInError> {
    // The address is counted first, so that a flood costs no statement.
    let counters = &app.address_counters;
    let of_address = match presented {
        Some(_) => &counters.known_devices,
        None => &counters.log_ins,
    };
    of_address.count(address, meter)?;
    let place = app.passwords.place()?;

    let account = find_for_log_in(&app.pool, &identifier).await?;
    let (user, hash) = account.unzip();
    let device =
        presented.filter(|device| user.as_ref().is_some_and(|user| device.is_known_to(user)));
    if presented.is_some() && device.is_none() {
        counters.log_ins.count(address, meter)?;
    }
    // The attempt is counted before the password is verified, so that concurrent attempts cannot exceed the limit together.
    let attempted = match (&device, &user) {
        (Some(device), _) => Attempted::KnownDevice(&device.id),
        (None, Some(user)) => Attempted::LogIn(user.id),
        (None, None) => Attempted::UnknownLogIn(&identifier),
    };
    let counted = app.server_key.attempted(attempted);
    account::count(&app.pool, &counted, app.account_limits.failures(), meter).await?;

    let renewal = Renewal::of(app, hash.as_deref(), &password);
    let fits = match app.passwords.verify(place, password, hash).await {
        Ok(fits) => fits,
        Err(error) => {
            // The password was not verified, so this is not a failed attempt.
            take_back(&app.pool, &counted).await?;
            return Err(error.into());
        }
    };
    let user = user
        .filter(|user| fits && user.status.may_log_in())
        .ok_or(LogInError::Refused)?;
    // Without the right password a client learns nothing of a second factor. Until it fits, the attempt counts as failed: codes
    // can be guessed only as often as passwords.
    if user.mfa_enabled {
        let presented = second_factor.ok_or(LogInError::MfaRequired)?;
        if !mfa::accepts(app, user.id, &presented).await? {
            return Err(LogInError::MfaInvalid);
        }
    }

    let (session, refresh) = new_session(app, &user, client);
    if !sessions::start(&app.pool, &session, &counted).await? {
        return Err(LogInError::Refused);
    }
    if let Some(renewal) = renewal {
        renewal.run(app, user.id).await;
    }
    let device = Some(Device::after_log_in(device, &user));
    Ok(Tokens::try_new(app, session.id, refresh, device, user)?)
}
