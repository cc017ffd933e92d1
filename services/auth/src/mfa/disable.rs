//! Removal of the second factor, by the password and a code: of the app, or a recovery code if the app is lost.

use web::limit::{ClientAddress, Meter};

use super::{
    model::SecondFactor,
    postgres as factors,
    proof::{self, ProofError},
};
use crate::{
    accounts::{
        self,
        model::{PresentedPassword, User},
    },
    app::App,
    events::{self, EventType},
};

#[derive(Debug, thiserror::Error)]
pub enum DisableError {
    #[error("the account has no second factor")]
    NotEnabled,
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

pub async fn disable(
    app: &App,
    user: &User,
    password: PresentedPassword,
    factor: &SecondFactor,
    address: ClientAddress,
    meter: &Meter,
) -> Result<(), DisableError> {
    if !user.mfa_enabled {
        return Err(DisableError::NotEnabled);
    }
    proof::prove(app, user.id, password, Some(factor), address, meter).await?;
    let mut transaction = app.pool.begin().await?;
    accounts::lock(&mut transaction, user.id).await?;
    if !factors::delete(&mut transaction, user.id).await? {
        return Err(DisableError::NotEnabled);
    }
    let event = events::event(app, EventType::MfaDisabled, user.id);
    events::publish(&mut transaction, &event).await?;
    Ok(transaction.commit().await?)
}
