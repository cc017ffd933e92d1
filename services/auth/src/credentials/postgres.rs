//! Passwords, e-mail addresses and one-time tokens. The row of a user is the lock of the user's tokens.

mod tokens;

use db::{Connection, Pool};

use crate::{
    accounts::model::{Email, User, UserId},
    credentials::model::Locked,
    infrastructure::postgres::users::{query_users, read_user},
    tokens::model::Hash,
};

pub use self::tokens::{
    confirm, delete_token, delete_tokens, delete_tokens_of_password, insert, sweep,
};

/// The account with this e-mail address.
pub async fn find(pool: &Pool, email: &Email) -> Result<Option<User>, sqlx::Error> {
    let row = query_users!(["SELECT "], ["FROM users WHERE email = $1"], email.as_str());
    let row = row.fetch_optional(pool).await?;
    row.map(|row| read_user!(row)).transpose()
}

/// Locks an account and reads its tokens. The lock is a statement of its own, so that the next statement sees what the
/// previous holder of the lock committed.
pub async fn lock(
    connection: &mut Connection,
    user: UserId,
) -> Result<Option<Locked>, sqlx::Error> {
    let row = query_users!(
        ["SELECT "],
        ["FROM users WHERE id = $1 FOR NO KEY UPDATE"],
        user.0,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let user = read_user!(row)?;
    let tokens = tokens::of(connection, user.id).await?;
    Ok(Some(Locked { user, tokens }))
}

/// Locks the account of a token, if there is one.
pub async fn lock_by_token(
    connection: &mut Connection,
    token: &Hash,
) -> Result<Option<Locked>, sqlx::Error> {
    match tokens::owner(connection, token).await? {
        Some(user) => lock(connection, user).await,
        None => Ok(None),
    }
}

/// Replaces a password whose hash is still this one, or returns false; the epoch is raised by a trigger.
pub async fn change_password(
    connection: &mut Connection,
    user: UserId,
    known: &str,
    hash: &str,
) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query!(
        "UPDATE users SET password_hash = $3, updated_at = now() WHERE id = $1 AND password_hash = $2",
        user.0,
        known,
        hash,
    )
    .execute(connection)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Replaces the password of a locked account, whose user has shown that messages to its address reach them.
pub async fn reset_password(
    connection: &mut Connection,
    user: UserId,
    hash: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        UPDATE users SET password_hash = $2, email_verified_at = coalesce(email_verified_at, now()), updated_at = now()
        WHERE id = $1
        ",
        user.0,
        hash,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Replaces the hash of an unchanged password, if it is still this one: tokens and devices keep their validity.
pub async fn renew_hash(
    pool: &Pool,
    user: UserId,
    known: &str,
    hash: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        UPDATE users SET password_hash = $3, hash_renewals = hash_renewals + 1
        WHERE id = $1 AND password_hash = $2
        ",
        user.0,
        known,
        hash,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Records that the user of a locked account reads messages to its address.
pub async fn verify_email(connection: &mut Connection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        UPDATE users SET email_verified_at = coalesce(email_verified_at, now()), updated_at = now() WHERE id = $1
        ",
        user.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Gives a locked account another address, which its user has confirmed.
pub async fn change_email(
    connection: &mut Connection,
    user: UserId,
    email: &Email,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        UPDATE users SET email = $2, email_verified_at = now(), version = version + 1, updated_at = now() WHERE id = $1
        ",
        user.0,
        email.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
