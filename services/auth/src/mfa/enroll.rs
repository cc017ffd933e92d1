//! Enrollment of an app: a secret is made and shown once. It does not count before it is confirmed with a code.

use web::limit::{ClientAddress, Meter};

use super::{
    model::TotpSecret,
    postgres as factors,
    proof::{self, ProofError},
    sealing::{self, SealError},
};
use crate::{
    accounts::model::{PresentedPassword, User},
    app::App,
};

#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    #[error("the account has a second factor")]
    AlreadyEnabled,
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// A new secret of this user, which replaces one that was not confirmed.
pub async fn enroll(
    app: &App,
    user: &User,
    password: PresentedPassword,
    address: ClientAddress,
    meter: &Meter,
) -> Result<TotpSecret, EnrollError> {
    if user.mfa_enabled {
        return Err(EnrollError::AlreadyEnabled);
    }
    proof::prove(app, user.id, password, None, address, meter).await?;
    let secret = TotpSecret::random();
    let sealed = sealing::seal(&app.server_key, user.id, &secret)?;
    if factors::begin(&app.pool, user.id, &sealed).await? {
        Ok(secret)
    } else {
        Err(EnrollError::AlreadyEnabled)
    }
}
