//! Making an account for oneself, which logs in as well.

use web::{
    Problem,
    limit::{ClientAddress, Meter},
    token::Role,
};

use super::{
    model::{
        AccountNames, Email, FullName, GuessablePassword, Password, SessionId, UserId, Username,
    },
    passwords::PasswordsError,
    postgres::users::{self, InsertError, NewUser},
};
use crate::{
    app::App,
    config::VendorSignup,
    limits::{LimitError, account, postgres::attempts},
    sessions::{
        device::Device,
        postgres::sessions::NewSession,
        session::{Tokens, access_token},
    },
    tokens::secret::{Attempted, RefreshToken},
};

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
    Insert(#[from] InsertError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("cannot sign the access token")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Admin => {
                Self::forbidden("Registration with the role admin is not allowed.")
            }
            SignUpError::VendorsClosed => {
                Self::forbidden("This shop does not allow registration with the role vendor.")
            }
            SignUpError::GuessablePassword(error) => {
                Self::invalid_field("/password", error.code(), error.to_string())
            }
            SignUpError::Limit(error) => error.into(),
            SignUpError::Password(error) => error.into(),
            SignUpError::Insert(error) => error.into(),
            SignUpError::Database(error) => postgres::problem(&error),
            SignUpError::Signing(error) => Self::internal(&error),
        }
    }
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
    let registered = app.address_counters.count_registration(address, meter);
    registered.map_err(LimitError::from)?;
    let place = app.passwords.place()?;
    let counted = app
        .server_key
        .attempted(Attempted::SignUp(&registration.email));
    account::count(&app.pool, &counted, app.account_limits.failures(), meter).await?;

    let password_hash = match app.passwords.hash(place, registration.password).await {
        Ok(hash) => hash,
        Err(error) => {
            attempts::take_back(&app.pool, &counted).await?;
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
    let user = users::insert_with_session(&app.pool, &user, &session).await?;
    Ok(Tokens {
        access: access_token(app, session.id, &user)?,
        refresh,
        device: Some(Device::after_log_in(None, &user)),
        user,
    })
}
