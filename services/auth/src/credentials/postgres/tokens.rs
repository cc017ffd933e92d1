//! One-time tokens, by their hashes.

use db::{Connection, Pool};
use sqlx::error::BoxDynError;

use crate::{
    accounts::model::{Email, UserId},
    credentials::model::{IssuedToken, NewToken, Purpose},
    tokens::model::Hash,
};

/// Stores a token in place of the user's earlier one of the same purpose.
pub async fn insert(connection: &mut Connection, token: &NewToken<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        INSERT INTO account_tokens (id, user_id, purpose, email, new_email, token_hash, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))
        ON CONFLICT ON CONSTRAINT account_tokens_purpose_key DO UPDATE SET
            id = excluded.id,
            email = excluded.email,
            new_email = excluded.new_email,
            token_hash = excluded.token_hash,
            created_at = excluded.created_at,
            expires_at = excluded.expires_at,
            confirmed_at = NULL
        ",
        token.id.0,
        token.user.0,
        token.purpose.into_str(),
        token.sent_to.as_str(),
        token.new_email.map(Email::as_str),
        token.hash.as_slice(),
        token.purpose.lifetime().as_secs_f64(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub(super) async fn owner(
    connection: &mut Connection,
    token: &Hash,
) -> Result<Option<UserId>, sqlx::Error> {
    let user = sqlx::query_scalar!(
        "SELECT user_id FROM account_tokens WHERE token_hash = $1",
        token.as_slice(),
    );
    Ok(user.fetch_optional(connection).await?.map(UserId))
}

/// The tokens of a locked account.
pub(super) async fn of(
    connection: &mut Connection,
    user: UserId,
) -> Result<Vec<IssuedToken>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        SELECT purpose, token_hash, email, new_email, expires_at > now() AS "live!", confirmed_at IS NOT NULL AS "confirmed!"
        FROM account_tokens WHERE user_id = $1
        "#,
        user.0,
    )
    .fetch_all(connection)
    .await?;
    let tokens = rows.into_iter().map(|row| -> Result<_, BoxDynError> {
        Ok(IssuedToken {
            purpose: row.purpose.parse::<Purpose>()?,
            hash: row.token_hash.as_slice().try_into()?,
            sent_to: row.email.parse()?,
            new_email: row.new_email.map(|email| email.parse()).transpose()?,
            live: row.live,
            confirmed: row.confirmed,
        })
    });
    tokens
        .collect::<Result<_, _>>()
        .map_err(sqlx::Error::Decode)
}

/// Records that one side of a change has confirmed it.
pub async fn confirm(connection: &mut Connection, token: &Hash) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE account_tokens SET confirmed_at = now() WHERE token_hash = $1",
        token.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn delete_token(connection: &mut Connection, token: &Hash) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM account_tokens WHERE token_hash = $1",
        token.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes all tokens of a user, and with them the addresses that they were sent to.
pub async fn delete_tokens(connection: &mut Connection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM account_tokens WHERE user_id = $1", user.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes the tokens that a change of the password ends: what was asked for before, by a user or by an intruder.
pub async fn delete_tokens_of_password(
    connection: &mut Connection,
    user: UserId,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM account_tokens WHERE user_id = $1 AND purpose <> $2",
        user.0,
        Purpose::EmailVerification.into_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Deletes up to `batch` tokens that have expired.
pub async fn sweep(pool: &Pool, batch: i64) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "
        DELETE FROM account_tokens WHERE id IN (
            SELECT id FROM account_tokens WHERE expires_at < now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
        ",
        batch,
    )
    .execute(pool)
    .await?;
    Ok(swept.rows_affected())
}
