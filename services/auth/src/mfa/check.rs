//! Whether a presented second factor is accepted. What is accepted is used up, whatever the request does with it afterwards.

use tracing::warn;

use super::{
    model::{SecondFactor, StoredFactor, TotpCode},
    postgres as factors, sealing,
};
use crate::{
    accounts::model::UserId,
    app::App,
    events::{self, EventType},
};

/// Checks a code or a recovery code of a user with a confirmed factor, and uses it up.
pub(crate) async fn accepts(
    app: &App,
    user: UserId,
    presented: &SecondFactor,
) -> Result<bool, sqlx::Error> {
    match presented {
        SecondFactor::Code(code) => {
            let factor = factors::find(&app.pool, user).await?;
            let factor = factor.filter(|factor| factor.confirmed);
            match factor.and_then(|factor| accepted_step(app, user, &factor, code)) {
                Some(step) => factors::use_step(&app.pool, user, step).await,
                None => Ok(false),
            }
        }
        SecondFactor::RecoveryCode(code) => {
            let mut transaction = app.pool.begin().await?;
            let hash = code.hash(user);
            if !factors::use_recovery_code(&mut transaction, user, &hash).await? {
                return Ok(false);
            }
            // The owner is told: these codes are used rarely, and one more may be in the hands of a thief.
            let event = events::event(app, EventType::RecoveryCodeUsed, user);
            events::publish(&mut transaction, &event).await?;
            transaction.commit().await?;
            Ok(true)
        }
    }
}

/// The step that a code is accepted for by this factor.
pub(super) fn accepted_step(
    app: &App,
    user: UserId,
    factor: &StoredFactor,
    code: &TotpCode,
) -> Option<i64> {
    let Some(secret) = sealing::open(&app.server_key, user, &factor.sealed) else {
        // The user can still log in with a recovery code and enroll again.
        warn!(user.id = %user, "cannot decrypt the secret of a second factor; was the server's key replaced?");
        return None;
    };
    secret.accepted_step(code, app.clock.now(), factor.last_step)
}
