//! The first administrator of a shop, made from settings when there is none. Replicas may all try at once.

use std::{io::ErrorKind, path::PathBuf, time::Duration};

use tokio::sync::watch;
use tracing::{info, warn};
use web::server::stopped;

use super::{
    model::{
        AccountNames, Email, EmailError, FullName, GuessablePassword, Password, PasswordError,
        UserId,
    },
    passwords::PasswordsError,
    postgres::{self as users, FirstAdminOutcome, NewUser},
};
use crate::app::App;

const RETRY: Duration = Duration::from_secs(2);
const NAME: &str = "Administrator";

#[derive(clap::Args)]
pub struct FirstAdminSettings {
    /// The e-mail address of the administrator that is made when there is none.
    #[arg(long, env = "ADMIN_EMAIL", requires = "password")]
    pub admin_email: Option<String>,
    /// That administrator's password.
    #[arg(
        long,
        env = "ADMIN_PASSWORD",
        hide_env_values = true,
        group = "password"
    )]
    pub admin_password: Option<String>,
    /// A file that holds the password instead; counts before the other. Without the file no administrator is made.
    #[arg(long, env = "ADMIN_PASSWORD_FILE", group = "password")]
    pub admin_password_file: Option<PathBuf>,
}

pub struct FirstAdmin {
    email: Email,
    password: Password,
    full_name: FullName,
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
        Ok(Some(FirstAdmin {
            email: email.parse()?,
            password: password.try_into()?,
            full_name: FullName::stored(NAME.to_owned()),
        }))
    }
}

/// A line break at the end is the editor's, not the password's.
fn read(path: PathBuf) -> Result<Option<String>, FirstAdminError> {
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned())),
        // The password is an initial one: an administrator who has set another may delete it.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            warn!(path = %path.display(), "no password is configured for the first administrator; none is created");
            Ok(None)
        }
        Err(source) => Err(FirstAdminError::PasswordFile { path, source }),
    }
}

/// Makes the administrator unless there is one. Hashes only when there is something to do.
pub async fn ensure(app: &App, admin: &FirstAdmin) -> Result<FirstAdminOutcome, FirstAdminError> {
    if users::an_admin_exists(&app.pool).await? {
        return Ok(FirstAdminOutcome::Present);
    }
    // Not when the settings are read: a shop that has its administrator goes on with what is there.
    admin.password.check(AccountNames {
        email: &admin.email,
        username: None,
        full_name: &admin.full_name,
    })?;
    let place = app.passwords.place()?;
    let password_hash = app.passwords.hash(place, admin.password.clone()).await?;
    let user = NewUser {
        id: UserId(app.ids.uuid()),
        email: admin.email.clone(),
        username: None,
        full_name: admin.full_name.clone(),
        role: access::Role::Admin,
        password_hash,
    };
    Ok(users::insert_first_admin(&app.pool, &user).await?)
}

/// Tries until it is done or `stop`: the database may come later than this process.
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
