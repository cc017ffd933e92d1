//! New recovery codes in place of all earlier ones, by the password and a code of the app.

use web::limit::{ClientAddress, Meter};

use super::{
    model::{RecoveryCode, SecondFactor, TotpCode},
    postgres as factors,
    proof::{self, ProofError},
};
use crate::{
    accounts::model::{PresentedPassword, User},
    app::App,
};

#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    #[error("the account has no second factor")]
    NotEnabled,
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// The new codes, which are not shown again.
pub async fn renew(
    app: &App,
    user: &User,
    password: PresentedPassword,
    code: TotpCode,
    address: ClientAddress,
    meter: &Meter,
) -> Result<[RecoveryCode; RecoveryCode::COUNT], RenewError> {
    if !user.mfa_enabled {
        return Err(RenewError::NotEnabled);
    }
    let factor = SecondFactor::Code(code);
    proof::prove(app, user.id, password, Some(&factor), address, meter).await?;
    let codes = RecoveryCode::random_set();
    let hashes = codes.each_ref().map(|code| code.hash(user.id));
    let mut transaction = app.pool.begin().await?;
    if !factors::replace_recovery_codes(&mut transaction, user.id, &hashes).await? {
        return Err(RenewError::NotEnabled);
    }
    transaction.commit().await?;
    Ok(codes)
}
