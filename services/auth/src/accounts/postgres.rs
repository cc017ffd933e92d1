//! Accounts. The database decides who is unique.

use access::Role;
use db::{Connection, Pool};
use sqlx::PgExecutor;

use crate::accounts::model::{Email, FullName, Identifier, StoredUser, User, UserId, Username};

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
    /// A user who is no administrator has the address.
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
    user: &NewUser,
) -> Result<User, sqlx::Error> {
    let row = sqlx::query_as!(
        StoredUser,
        r#"
        INSERT INTO users (id, email, username, full_name, roles, password_hash) VALUES ($1, $2, $3, $4, $5, $6)
        RETURNING id, email, username, full_name, roles, status, version, token_epoch, created_at
        "#,
        user.id.0,
        user.email.as_str(),
        user.username.as_ref().map(Username::as_str),
        user.full_name.as_str(),
        &[user.role.into_str().to_owned()],
        user.password_hash,
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

/// Makes this administrator when there is none.
pub async fn insert_first_admin(
    pool: &Pool,
    user: &NewUser,
) -> Result<FirstAdminOutcome, sqlx::Error> {
    let mut transaction = pool.begin().await?;
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", FIRST_ADMIN_LOCK)
        .execute(&mut *transaction)
        .await?;
    // A statement after the lock: it sees what the previous holder has done.
    if an_admin_exists(&mut *transaction).await? {
        return Ok(FirstAdminOutcome::Present);
    }
    match insert(&mut transaction, user).await {
        Ok(made) => {
            transaction.commit().await?;
            Ok(FirstAdminOutcome::Made(made.id))
        }
        Err(error) if db::constraint(&error) == Some("users_email_key") => {
            Ok(FirstAdminOutcome::EmailTaken)
        }
        Err(error) => Err(error),
    }
}

/// The account that a login may be for. One statement, whatever is asked for.
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
        let user = StoredUser {
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
            user: user.try_into().map_err(sqlx::Error::Decode)?,
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
    let user = row.ok_or(AccountError::Stale)?.try_into();
    Ok(user.map_err(sqlx::Error::Decode)?)
}
