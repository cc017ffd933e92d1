//! Accounts. The database decides which are unique.

mod administration;
mod listing;

use db::{Connection, Pool};
use sqlx::PgExecutor;

pub use self::{
    administration::{anonymize, find, lock, lock_undeleted, set_status},
    listing::{all, search_prefix, terms, with_ids, with_role, with_status},
};
use crate::{
    accounts::model::{FullName, Identifier, NewUser, Status, User, UserId, Username},
    infrastructure::postgres::users::{query_users, read_user},
};

/// The advisory lock under which replicas create the first administrator, one at a time.
const FIRST_ADMIN_LOCK: i64 = 0x6175_7468_0000_0001;

/// A client's change of its own account; `None` keeps a value.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    pub full_name: Option<FullName>,
    /// `Some(None)` removes the username.
    pub username: Option<Option<Username>>,
}

impl ProfileChange {
    /// The names of the fields whose values would be others.
    pub fn changed_fields(&self, user: &User) -> Vec<&'static str> {
        let full_name = self.full_name.as_ref();
        let full_name = full_name.is_some_and(|name| *name != user.full_name);
        let username = self.username.as_ref();
        let username = username.is_some_and(|name| *name != user.username);
        let fields = [("full_name", full_name), ("username", username)];
        let changed = fields.into_iter().filter(|(_, changed)| *changed);
        changed.map(|(field, _)| field).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstAdminOutcome {
    Made(UserId),
    /// An administrator exists already.
    Present,
    /// The address belongs to a user who is not an administrator.
    EmailTaken,
}

/// Why an account was not written.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("an account with this e-mail address exists")]
    EmailTaken,
    #[error("the username is taken")]
    UsernameTaken,
    #[error("the account has changed since it was read")]
    Stale,
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
}

impl From<sqlx::Error> for AccountError {
    fn from(error: sqlx::Error) -> Self {
        match db::constraint(&error) {
            Some("users_email_key") => Self::EmailTaken,
            Some("users_username_key") => Self::UsernameTaken,
            Some(_) | None => Self::Database(error),
        }
    }
}

pub(crate) async fn insert(
    connection: &mut Connection,
    id: UserId,
    user: &NewUser,
    status: Status,
    password_hash: &str,
) -> Result<User, sqlx::Error> {
    let row = query_users!(
        ["
        INSERT INTO users (id, email, username, full_name, roles, status, password_hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        RETURNING "],
        [""],
        id.0,
        user.email.as_str(),
        user.username.as_ref().map(Username::as_str),
        user.full_name.as_str(),
        &[user.role.into_str().to_owned()],
        status.into_str(),
        password_hash,
    )
    .fetch_one(connection)
    .await?;
    read_user!(row)
}

pub async fn an_admin_exists(db: impl PgExecutor<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM users WHERE 'admin' = ANY (roles)) AS "exists!""#
    )
    .fetch_one(db)
    .await
}

/// Creates this administrator if there is none.
pub async fn insert_first_admin(
    pool: &Pool,
    id: UserId,
    user: &NewUser,
    password_hash: &str,
) -> Result<FirstAdminOutcome, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", FIRST_ADMIN_LOCK)
        .execute(&mut *transaction)
        .await?;
    // A statement after the lock sees what the previous holder of the lock committed.
    if an_admin_exists(&mut *transaction).await? {
        return Ok(FirstAdminOutcome::Present);
    }
    match insert(&mut transaction, id, user, Status::Active, password_hash).await {
        Ok(_) => {
            transaction.commit().await?;
            Ok(FirstAdminOutcome::Made(id))
        }
        Err(error) if db::constraint(&error) == Some("users_email_key") => {
            Ok(FirstAdminOutcome::EmailTaken)
        }
        Err(error) => Err(error),
    }
}

/// The account that a login may be for, and the hash of its password. It is one statement for either kind of identifier.
pub async fn find_for_log_in(
    pool: &Pool,
    identifier: &Identifier,
) -> Result<Option<(User, String)>, sqlx::Error> {
    let (name, is_email) = (identifier.as_str(), identifier.is_email());
    let row = query_users!(
        ["SELECT "],
        [", password_hash FROM users WHERE email = $1 OR username = $2"],
        is_email.then_some(name),
        (!is_email).then_some(name),
    )
    .fetch_optional(pool)
    .await?;
    let Some(mut row) = row else { return Ok(None) };
    let password_hash = std::mem::take(&mut row.password_hash);
    Ok(Some((read_user!(row)?, password_hash)))
}

/// The hash of the password of this user.
pub async fn find_password_hash(pool: &Pool, id: UserId) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar!("SELECT password_hash FROM users WHERE id = $1", id.0)
        .fetch_optional(pool)
        .await
}

/// Changes an account if its version is one of `versions`; `None` changes it regardless of its version. An account that was
/// deleted meanwhile gets no name again.
pub async fn update_profile(
    db: impl PgExecutor<'_>,
    id: UserId,
    change: &ProfileChange,
    versions: Option<&[i64]>,
) -> Result<User, AccountError> {
    let row = query_users!(
        ["
        UPDATE users SET
            full_name = coalesce($2, full_name),
            username = CASE WHEN $3 THEN $4 ELSE username END,
            version = version + 1,
            updated_at = now()
        WHERE id = $1 AND status <> 'deleted' AND ($5::bigint[] IS NULL OR version = ANY ($5))
        RETURNING "],
        [""],
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
    .fetch_optional(db)
    .await?;
    Ok(read_user!(row.ok_or(AccountError::Stale)?)?)
}
