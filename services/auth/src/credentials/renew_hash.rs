//! Hashes follow the parameters of the day: one that was made with others is renewed at the next login, when the password is
//! known.

use tracing::warn;

use super::postgres;
use crate::{
    accounts::{
        model::{PresentedPassword, UserId},
        passwords::PasswordsError,
    },
    app::App,
};

/// An outdated hash, and the password that a login presented for it.
pub(crate) struct Renewal {
    hash: String,
    password: PresentedPassword,
}

#[derive(Debug, thiserror::Error)]
enum RenewalError {
    #[error(transparent)]
    Password(#[from] PasswordsError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Renewal {
    /// `None` if the hash has the parameters of the day.
    pub(crate) fn of(app: &App, hash: Option<&str>, password: &PresentedPassword) -> Option<Self> {
        let hash = hash.filter(|hash| app.passwords.is_outdated(hash))?;
        Some(Self {
            hash: hash.to_owned(),
            password: password.clone(),
        })
    }

    /// Renews the hash of a user whose password was verified. A login does not fail or wait because of it: while all threads
    /// are busy, the hash stays as it is until a later login.
    pub(crate) async fn run(self, app: &App, user: UserId) {
        if let Err(error) = self.try_run(app, user).await {
            warn!(
                user.id = %user,
                error = &error as &dyn std::error::Error,
                "cannot renew a password hash"
            );
        }
    }

    async fn try_run(self, app: &App, user: UserId) -> Result<(), RenewalError> {
        if let Some(renewed) = app.passwords.hash_if_idle(self.password).await? {
            postgres::renew_hash(&app.pool, user, &self.hash, &renewed).await?;
        }
        Ok(())
    }
}
