//! Accounts. The database decides which are unique.

use db::{Connection, Pool};
use sqlx::PgExecutor;

use crate::accounts::model::{FullName, Identifier, NewUser, StoredUser, User, UserId, Username};

/// The advisory lock under which replicas create the first administrator, one at a time.
const FIRST_ADMIN_LOCK: i64 = 0x6175_7468_0000_0001;

/// A client's change of its own account; `None` keeps a value.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    pub full_name: Option<FullName>,
    /// `Some(None)` removes the username.
    pub username: Option<Option<Username>>,
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
    password_hash: &str,
) -> Result<User, sqlx::Error> {
    let row = sqlx::query_as!(
        StoredUser,
        r#"
        INSERT INTO users (id, email, username, full_name, roles, password_hash) VALUES ($1, $2, $3, $4, $5, $6)
        RETURNING id, email, email_verified_at, username, full_name, roles, status, version, token_epoch, created_at
        "#,
        id.0,
        user.email.as_str(),
        user.username.as_ref().map(Username::as_str),
        user.full_name.as_str(),
        &[user.role.into_str().to_owned()],
        password_hash,
    )
    .fetch_one(connection)
    .await?;
    row.try_into().map_err(sqlx::Error::Decode)
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
    match insert(&mut transaction, id, user, password_hash).await {
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
    let row = sqlx::query!(
        "
        SELECT id, email, email_verified_at, username, full_name, roles, status, version, token_epoch, created_at,
            password_hash
        FROM users WHERE email = $1 OR username = $2
        ",
        is_email.then_some(name),
        (!is_email).then_some(name),
    )
    .fetch_optional(pool)
    .await?;
    row.map(|row| {
        let user = StoredUser {
            id: row.id,
            email: row.email,
            email_verified_at: row.email_verified_at,
            username: row.username,
            full_name: row.full_name,
            roles: row.roles,
            status: row.status,
            version: row.version,
            token_epoch: row.token_epoch,
            created_at: row.created_at,
        };
        let user = User::try_from(user).map_err(sqlx::Error::Decode)?;
        Ok((user, row.password_hash))
    })
    .transpose()
}

/// Changes an account if its version is one of `versions`; `None` changes it regardless of its version.
pub async fn update_profile(
    pool: &Pool,
    id: UserId,
    change: &ProfileChange,
    versions: Option<&[i64]>,
) -> Result<User, AccountError> {
    let row = sqlx::query_as!(
        StoredUser,
        r#"
        UPDATE users SET
            full_name = coalesce($2, full_name),
            username = CASE WHEN $3 THEN $4 ELSE username END,
            version = version + 1,
            updated_at = now()
        WHERE id = $1 AND ($5::bigint[] IS NULL OR version = ANY ($5))
        RETURNING id, email, email_verified_at, username, full_name, roles, status, version, token_epoch, created_at
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
    let user = row.ok_or(AccountError::Stale)?.try_into();
    Ok(user.map_err(sqlx::Error::Decode)?)
}
