//! The first administrator of a shop, created from settings if there is none. All replicas may try at the same time.

use std::{io::ErrorKind, path::PathBuf, time::Duration};

use access::Role;
use tokio::sync::watch;
use tracing::{info, warn};
use web::server::stopped;

use super::{
    model::{EmailError, FullName, GuessablePassword, NewUser, Password, PasswordError, UserId},
    passwords::PasswordsError,
    postgres::{self as users, FirstAdminOutcome},
};
use crate::app::App;

const RETRY: Duration = Duration::from_secs(2);
const NAME: &str = "Administrator";

#[derive(clap::Args)]
pub struct FirstAdminSettings {
    /// E-mail address of the administrator that is created if there is none.
    #[arg(long, env = "ADMIN_EMAIL", requires = "password")]
    pub admin_email: Option<String>,
    /// Password of that administrator.
    #[arg(
        long,
        env = "ADMIN_PASSWORD",
        hide_env_values = true,
        group = "password"
    )]
    pub admin_password: Option<String>,
    /// File with the password, used in place of `ADMIN_PASSWORD`. If the file does not exist, no administrator is created.
    #[arg(long, env = "ADMIN_PASSWORD_FILE", group = "password")]
    pub admin_password_file: Option<PathBuf>,
}

pub struct FirstAdmin {
    user: NewUser,
    password: Password,
}

#[derive(Debug, thiserror::Error)]
pub enum FirstAdminError {
    #[error("invalid ADMIN_EMAIL")]
    Email(#[from] EmailError),
    #[error("invalid ADMIN_PASSWORD")]
    WeakPassword(#[from] PasswordError),
    #[error("cannot read the administrator's password from the file {path}")]
    PasswordFile {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("ADMIN_PASSWORD is easy to guess; set another")]
    GuessablePassword(#[from] GuessablePassword),
    #[error(transparent)]
    Password(#[from] PasswordsError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl FirstAdminSettings {
    /// `Ok(None)`: the settings name no administrator.
    pub fn parse(self) -> Result<Option<FirstAdmin>, FirstAdminError> {
        let password = match self.admin_password_file {
            Some(path) => read(path)?,
            None => self.admin_password,
        };
        let (Some(email), Some(password)) = (self.admin_email, password) else {
            return Ok(None);
        };
        let user = NewUser {
            email: email.parse()?,
            username: None,
            full_name: FullName::stored(NAME.to_owned()),
            role: Role::Admin,
        };
        let password = password.try_into()?;
        Ok(Some(FirstAdmin { user, password }))
    }
}

/// Line breaks at the end of the file do not belong to the password.
fn read(path: PathBuf) -> Result<Option<String>, FirstAdminError> {
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
        // It is an initial password: an administrator who has set another may delete the file.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            warn!(path = %path.display(), "no password is configured for the first administrator; none is created");
            Ok(None)
        }
        Err(source) => Err(FirstAdminError::PasswordFile { path, source }),
    }
}

/// Creates the administrator if there is none. The password is hashed only if it is needed.
pub async fn ensure(app: &App, admin: &FirstAdmin) -> Result<FirstAdminOutcome, FirstAdminError> {
    if users::an_admin_exists(&app.pool).await? {
        return Ok(FirstAdminOutcome::Present);
    }
    // The password is checked here and not when the settings are read: a shop that has an administrator starts with any.
    admin.password.check(&admin.user)?;
    let place = app.passwords.place()?;
    let hash = app.passwords.hash(place, admin.password.clone()).await?;
    let id = UserId(app.ids.uuid());
    Ok(users::insert_first_admin(&app.pool, id, &admin.user, &hash).await?)
}

/// Tries until it succeeds or `stop`: the database may start later than this process.
pub async fn keep_trying(app: App, admin: FirstAdmin, stop: watch::Receiver<bool>) {
    loop {
        match ensure(&app, &admin).await {
            Ok(FirstAdminOutcome::Made(id)) => {
                return info!(user.id = %id, "created the first administrator");
            }
            Ok(FirstAdminOutcome::Present) => return,
            Ok(FirstAdminOutcome::EmailTaken) => {
                return warn!(
                    "there is no administrator, and ADMIN_EMAIL belongs to another user's account"
                );
            }
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "cannot create the first administrator yet"
            ),
        }
        tokio::select! {
            () = stopped(stop.clone()) => return,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}
