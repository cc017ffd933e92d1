//! Confirmation of an app by one of its codes. From then on logins need a code; tokens and other sessions of before end.

use web::limit::Meter;

use super::{
    check::accepted_step,
    model::{RecoveryCode, StoredFactor, TotpCode},
    postgres as factors,
    proof::{Attempt, ProofError},
};
use crate::{
    accounts::{
        self,
        model::{SessionId, UserId},
    },
    app::App,
    events::{self, EventType},
    sessions::{self, model::EndReason},
};

#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    #[error("no enrollment has begun")]
    NotBegun,
    #[error("the account has a second factor")]
    AlreadyEnabled,
    #[error("the enrollment was replaced meanwhile")]
    Replaced,
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// The recovery codes of the factor, which are not shown again.
pub async fn confirm(
    app: &App,
    user: UserId,
    session: SessionId,
    code: &TotpCode,
    meter: &Meter,
) -> Result<[RecoveryCode; RecoveryCode::COUNT], ConfirmError> {
    let attempt = Attempt::begin(app, user, meter).await;
    let attempt = attempt.map_err(ProofError::from)?;
    let factor = match factors::find(&app.pool, user).await? {
        None => return Err(ConfirmError::NotBegun),
        Some(StoredFactor {
            confirmed: true, ..
        }) => return Err(ConfirmError::AlreadyEnabled),
        Some(factor) => factor,
    };
    let step = accepted_step(app, user, &factor, code).ok_or(ProofError::WrongCode)?;

    let codes = RecoveryCode::random_set();
    let hashes = codes.each_ref().map(|code| code.hash(user));
    let mut transaction = app.pool.begin().await?;
    accounts::lock(&mut transaction, user).await?;
    if !factors::confirm(&mut transaction, user, &factor.sealed, step).await? {
        return Err(ConfirmError::Replaced);
    }
    factors::replace_recovery_codes(&mut transaction, user, &hashes).await?;
    // The others began without the factor. The user's row is locked: none begins in between.
    sessions::end_all(&mut transaction, user, Some(session), EndReason::Revoked).await?;
    let event = events::event(app, EventType::MfaEnabled, user);
    events::publish(&mut transaction, &event).await?;
    transaction.commit().await?;
    attempt.forgive().await?;
    Ok(codes)
}
