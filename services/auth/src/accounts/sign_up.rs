//! Making an account for oneself, which logs in as well.

use access::Role;
use clap::ValueEnum;
use web::limit::{ClientAddress, Meter};

use super::{
    model::{
        AccountNames, Email, FullName, GuessablePassword, Password, SessionId, UserId, Username,
    },
    passwords::PasswordsError,
    postgres::{self as users, AccountError, NewUser},
};
use crate::{
    app::App,
    limits::{LimitError, account, take_back},
    sessions::{
        self,
        device::Device,
        model::NewSession,
        session::{Tokens, access_token},
    },
    tokens::secret::{Attempted, RefreshToken},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VendorSignup {
    Open,
    Closed,
}

pub struct Registration {
    pub email: Email,
    pub password: Password,
    pub full_name: FullName,
    pub username: Option<Username>,
    pub role: Role,
}

#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    #[error("registration with the role admin is not allowed")]
    Admin,
    #[error("registration with the role vendor is not allowed in this shop")]
    VendorsClosed,
    #[error(transparent)]
    GuessablePassword(#[from] GuessablePassword),
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    Password(#[from] PasswordsError),
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("cannot sign the access token")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

pub async fn sign_up(
    app: &App,
    registration: Registration,
    address: ClientAddress,
    meter: &Meter,
) -> Result<Tokens, SignUpError> {
    match (registration.role, app.vendor_signup) {
        (Role::Customer, _) | (Role::Vendor, VendorSignup::Open) => {}
        (Role::Vendor, VendorSignup::Closed) => return Err(SignUpError::VendorsClosed),
        (Role::Admin, _) => return Err(SignUpError::Admin),
    }
    let names = AccountNames {
        email: &registration.email,
        username: registration.username.as_ref(),
        full_name: &registration.full_name,
    };
    registration.password.check(names)?;
    let registered = app.address_counters.registrations.count(address, meter);
    registered.map_err(LimitError::from)?;
    let place = app.passwords.place()?;
    let counted = app
        .server_key
        .attempted(Attempted::SignUp(&registration.email));
    account::count(&app.pool, &counted, app.account_limits.failures(), meter).await?;

    let password_hash = match app.passwords.hash(place, registration.password).await {
        Ok(hash) => hash,
        Err(error) => {
            take_back(&app.pool, &counted).await?;
            return Err(error.into());
        }
    };
    let user = NewUser {
        id: UserId(app.ids.uuid()),
        password_hash,
        email: registration.email,
        username: registration.username,
        full_name: registration.full_name,
        role: registration.role,
    };
    let refresh = RefreshToken::random();
    let session = NewSession {
        id: SessionId(app.ids.uuid()),
        user: user.id,
        token_hash: refresh.hash(),
    };
    let mut transaction = app.pool.begin().await?;
    let made = users::insert(&mut transaction, &user).await;
    let user = made.map_err(AccountError::from)?;
    sessions::begin(&mut transaction, &session).await?;
    transaction.commit().await?;
    Ok(Tokens {
        access: access_token(app, session.id, &user)?,
        refresh,
        device: Some(Device::after_log_in(None, &user)),
        user,
    })
}
