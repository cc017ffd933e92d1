//! Enrollment of an app: a secret is made and shown once. It does not count before it is confirmed with a code.

use web::limit::{ClientAddress, Meter};

use super::{
    model::TotpSecret,
    postgres as factors,
    proof::{self, ProofError},
    sealing::{self, SealError},
};
use crate::{
    accounts::{
        self,
        model::{PresentedPassword, User},
    },
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
    #[error("the account was deleted meanwhile")]
    Deleted,
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
    let mut transaction = app.pool.begin().await?;
    // A factor is changed under the lock of the account.
    let locked = accounts::lock_undeleted(&mut transaction, user.id).await?;
    locked.ok_or(EnrollError::Deleted)?;
    if !factors::begin(&mut transaction, user.id, &sealed).await? {
        return Err(EnrollError::AlreadyEnabled);
    }
    transaction.commit().await?;
    Ok(secret)
}
