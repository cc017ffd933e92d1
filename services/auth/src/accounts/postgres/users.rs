//! Accounts. The database decides who is unique.

use chrono::{DateTime, Utc};
use postgres::{Connection, Pool};
use uuid::Uuid;
use web::{Problem, token::Role};

use crate::{
    accounts::model::{Email, FullName, Identifier, User, UserId, Username},
    sessions::postgres::sessions::{self, NewSession},
};

/// Replicas that make the first administrator take turns.
const FIRST_ADMIN_LOCK: i64 = 0x6175_7468_0000_0001;

pub struct NewUser {
    pub id: UserId,
    pub email: Email,
    pub username: Option<Username>,
    pub full_name: FullName,
    pub role: Role,
    pub password_hash: String,
}

/// An account with what its password must fit.
pub struct Account {
    pub user: User,
    pub password_hash: String,
}

/// What a client changes of its own account; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    pub full_name: Option<FullName>,
    /// `Some(None)` takes the username away.
    pub username: Option<Option<Username>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstAdminOutcome {
    Made(UserId),
    /// There is an administrator already.
    Present,
    /// Somebody who is no administrator has the address.
    EmailTaken,
}

#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    #[error("an account with this e-mail address exists")]
    EmailTaken,
    #[error("the username is taken")]
    UsernameTaken,
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
}

#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    #[error("the username is taken")]
    UsernameTaken,
    #[error("the account has changed since it was read")]
    Stale,
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for InsertError {
    fn from(error: sqlx::Error) -> Self {
        match postgres::constraint(&error) {
            Some("users_email_key") => Self::EmailTaken,
            Some("users_username_key") => Self::UsernameTaken,
            Some(_) | None => Self::Database(error),
        }
    }
}

impl From<sqlx::Error> for UpdateError {
    fn from(error: sqlx::Error) -> Self {
        match postgres::constraint(&error) {
            Some("users_username_key") => Self::UsernameTaken,
            Some(_) | None => Self::Database(error),
        }
    }
}

impl From<InsertError> for Problem {
    fn from(error: InsertError) -> Self {
        match error {
            InsertError::EmailTaken => Self::conflict(
                "account_exists",
                "An account with this e-mail address exists. Log in, or use another address.",
            ),
            InsertError::UsernameTaken => username_taken(),
            InsertError::Database(error) => error.into(),
        }
    }
}

impl From<UpdateError> for Problem {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::UsernameTaken => username_taken(),
            UpdateError::Stale => web::conditional::IfMatch::stale(),
            UpdateError::Database(error) => error.into(),
        }
    }
}

fn username_taken() -> Problem {
    Problem::conflict("username_taken", "This username is taken; choose another.")
}

/// A row of `users` without its password.
pub(crate) struct UserRow {
    pub(crate) id: Uuid,
    pub(crate) email: String,
    pub(crate) username: Option<String>,
    pub(crate) full_name: String,
    pub(crate) roles: Vec<String>,
    pub(crate) status: String,
    pub(crate) version: i64,
    pub(crate) token_epoch: i64,
    pub(crate) created_at: DateTime<Utc>,
}

impl TryFrom<UserRow> for User {
    type Error = sqlx::Error;

    fn try_from(row: UserRow) -> Result<Self, sqlx::Error> {
        fn decoded<T, E: std::error::Error + Send + Sync + 'static>(
            parsed: Result<T, E>,
        ) -> Result<T, sqlx::Error> {
            parsed.map_err(|error| sqlx::Error::Decode(Box::new(error)))
        }
        Ok(Self {
            id: UserId(row.id),
            email: decoded(row.email.parse())?,
            username: decoded(row.username.map(Username::stored).transpose())?,
            full_name: FullName::stored(row.full_name),
            roles: decoded(row.roles.iter().map(|role| role.parse()).collect())?,
            status: decoded(row.status.parse())?,
            version: row.version,
            token_epoch: row.token_epoch,
            created_at: row.created_at,
        })
    }
}

/// Makes an account and its first session.
pub async fn insert_with_session(
    pool: &Pool,
    user: &NewUser,
    session: &NewSession,
) -> Result<User, InsertError> {
    let mut transaction = pool.begin().await?;
    let made = insert(&mut transaction, user).await?;
    sessions::insert(&mut transaction, session).await?;
    transaction.commit().await?;
    Ok(made)
}

async fn insert(connection: &mut Connection, user: &NewUser) -> Result<User, sqlx::Error> {
    let row = sqlx::query_as!(
        UserRow,
        r#"
        INSERT INTO users (id, email, username, full_name, roles, password_hash) VALUES ($1, $2, $3, $4, $5, $6)
        RETURNING id, email, username, full_name, roles, status, version, token_epoch, created_at
        "#,
        user.id.0,
        user.email.as_str(),
        user.username.as_ref().map(Username::as_str),
        user.full_name.as_str(),
        &[user.role.as_str().to_owned()],
        user.password_hash,
    )
    .fetch_one(connection)
    .await?;
    row.try_into()
}

pub async fn an_admin_exists(pool: &Pool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM users WHERE 'admin' = ANY (roles)) AS "exists!""#
    )
    .fetch_one(pool)
    .await
}

/// Makes this administrator when there is none.
pub async fn insert_first_admin(
    pool: &Pool,
    user: &NewUser,
) -> Result<FirstAdminOutcome, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", FIRST_ADMIN_LOCK)
        .execute(&mut *transaction)
        .await?;
    // A statement after the lock: it sees what whoever held it has done.
    let present = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM users WHERE 'admin' = ANY (roles)) AS "exists!""#
    )
    .fetch_one(&mut *transaction)
    .await?;
    if present {
        return Ok(FirstAdminOutcome::Present);
    }
    match insert(&mut transaction, user).await {
        Ok(made) => {
            transaction.commit().await?;
            Ok(FirstAdminOutcome::Made(made.id))
        }
        Err(error) if postgres::constraint(&error) == Some("users_email_key") => {
            Ok(FirstAdminOutcome::EmailTaken)
        }
        Err(error) => Err(error),
    }
}

/// The account that somebody may be about to log in to. One statement, whatever is asked for.
pub async fn find_for_log_in(
    pool: &Pool,
    identifier: &Identifier,
) -> Result<Option<Account>, sqlx::Error> {
    let (email, username) = if identifier.is_email() {
        (Some(identifier.as_str()), None)
    } else {
        (None, Some(identifier.as_str()))
    };
    let row = sqlx::query!(
        "
        SELECT id, email, username, full_name, roles, status, version, token_epoch, created_at, password_hash
        FROM users WHERE email = $1 OR username = $2
        ",
        email,
        username,
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        let user = UserRow {
            id: row.id,
            email: row.email,
            username: row.username,
            full_name: row.full_name,
            roles: row.roles,
            status: row.status,
            version: row.version,
            token_epoch: row.token_epoch,
            created_at: row.created_at,
        };
        Ok(Account {
            user: user.try_into()?,
            password_hash: row.password_hash,
        })
    })
    .transpose()
}

/// Changes an account where its version is one of `versions`; `None`: whatever it is.
pub async fn update_profile(
    pool: &Pool,
    id: UserId,
    change: &ProfileChange,
    versions: Option<&[i64]>,
) -> Result<User, UpdateError> {
    let row = sqlx::query_as!(
        UserRow,
        r#"
        UPDATE users SET
            full_name = coalesce($2, full_name),
            username = CASE WHEN $3 THEN $4 ELSE username END,
            version = version + 1,
            updated_at = now()
        WHERE id = $1 AND ($5::bigint[] IS NULL OR version = ANY ($5))
        RETURNING id, email, username, full_name, roles, status, version, token_epoch, created_at
        "#,
        id.0,
        change.full_name.as_ref().map(FullName::as_str),
        change.username.is_some(),
        change
            .username
            .as_ref()
            .and_then(Option::as_ref)
            .map(Username::as_str),
        versions,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.ok_or(UpdateError::Stale)?.try_into()?)
}
