//! Registration: a new account, and the first session of its user.

use access::Role;
use clap::ValueEnum;
use web::limit::{ClientAddress, Meter};

use super::{
    model::{GuessablePassword, NewUser, Password, Status, UserId},
    passwords::PasswordsError,
    postgres::{self as users, AccountError},
};
use crate::{
    app::App,
    credentials::send_verification,
    events::{self, EventType, publish},
    limits::{LimitError, account, take_back},
    sessions::{
        self,
        device::Device,
        model::Client,
        session::{Tokens, new_session},
    },
    tokens::secret::Attempted,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VendorSignup {
    /// Any user may register as a vendor.
    Open,
    /// Vendors who register wait for an administrator who activates the account.
    Approval,
    /// Only administrators create vendors.
    Closed,
}

impl VendorSignup {
    /// The status of a new account with this role.
    fn admit(self, role: Role) -> Result<Status, SignUpError> {
        match (role, self) {
            (Role::Customer, _) | (Role::Vendor, Self::Open) => Ok(Status::Active),
            (Role::Vendor, Self::Approval) => Ok(Status::Pending),
            (Role::Vendor, Self::Closed) => Err(SignUpError::VendorsClosed),
            (Role::Admin, _) => Err(SignUpError::Admin),
        }
    }
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
    user: NewUser,
    password: Password,
    client: Client,
    address: ClientAddress,
    meter: &Meter,
) -> Result<Tokens, SignUpError> {
    let status = app.vendor_signup.admit(user.role)?;
    password.check(&user)?;
    app.address_counters.registrations.count(address, meter)?;
    let place = app.passwords.place()?;
    let counted = app.server_key.attempted(Attempted::SignUp(&user.email));
    account::count(&app.pool, &counted, app.account_limits.failures(), meter).await?;

    let password_hash = match app.passwords.hash(place, password).await {
        Ok(hash) => hash,
        Err(error) => {
            take_back(&app.pool, &counted).await?;
            return Err(error.into());
        }
    };
    let id = UserId(app.ids.uuid());
    let mut transaction = app.pool.begin().await?;
    let created = users::insert(&mut transaction, id, &user, status, &password_hash).await;
    let user = created.map_err(AccountError::from)?;
    let (session, refresh) = new_session(app, &user, client);
    sessions::begin(&mut transaction, &session).await?;
    let event = events::event(app, EventType::UserRegistered, user.id);
    publish(&mut transaction, &event).await?;
    send_verification(app, &mut transaction, &user).await?;
    transaction.commit().await?;
    let device = Some(Device::after_log_in(None, &user));
    Ok(Tokens::try_new(app, session.id, refresh, device, user)?)
}
