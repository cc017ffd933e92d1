//! Second factors in the database. Its triggers tell the user's row, and raise the epoch, when one begins or ceases to count
//! (`migrations/0013_mfa.sql`). A transaction that adds, confirms or deletes one locks the user's row first,
//! since a trigger changes that row.

use db::{Connection, Pool};

use crate::{accounts::model::UserId, mfa::model::StoredFactor, tokens::model::Hash};

pub async fn find(pool: &Pool, user: UserId) -> Result<Option<StoredFactor>, sqlx::Error> {
    sqlx::query_as!(
        StoredFactor,
        r#"
        SELECT secret AS sealed, confirmed_at IS NOT NULL AS "confirmed!", last_step
        FROM totp_factors WHERE user_id = $1
        "#,
        user.0,
    )
    .fetch_optional(pool)
    .await
}

/// Stores a factor that does not count yet, in place of an earlier one of this kind. False: a confirmed one exists.
pub async fn begin(
    connection: &mut Connection,
    user: UserId,
    sealed: &[u8],
) -> Result<bool, sqlx::Error> {
    let begun = sqlx::query!(
        "
        INSERT INTO totp_factors AS known (user_id, secret) VALUES ($1, $2)
        ON CONFLICT (user_id) DO UPDATE SET secret = EXCLUDED.secret, created_at = now()
        WHERE known.confirmed_at IS NULL
        ",
        user.0,
        sealed,
    )
    .execute(connection)
    .await?;
    Ok(begun.rows_affected() == 1)
}

/// Makes a factor count whose code was checked against this secret. False: it was replaced, confirmed or deleted since.
pub async fn confirm(
    connection: &mut Connection,
    user: UserId,
    sealed: &[u8],
    step: i64,
) -> Result<bool, sqlx::Error> {
    let confirmed = sqlx::query!(
        "
        UPDATE totp_factors SET confirmed_at = now(), last_step = $3
        WHERE user_id = $1 AND secret = $2 AND confirmed_at IS NULL
        ",
        user.0,
        sealed,
        step,
    )
    .execute(connection)
    .await?;
    Ok(confirmed.rows_affected() == 1)
}

/// Uses up a step and all before it. False: it was used already.
pub async fn use_step(pool: &Pool, user: UserId, step: i64) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query!(
        "
        UPDATE totp_factors SET last_step = $2
        WHERE user_id = $1 AND confirmed_at IS NOT NULL AND last_step < $2
        ",
        user.0,
        step,
    )
    .execute(pool)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Uses up a recovery code. False: there is no such code, or it was used already.
pub async fn use_recovery_code(
    connection: &mut Connection,
    user: UserId,
    code: &Hash,
) -> Result<bool, sqlx::Error> {
    let updated = sqlx::query!(
        "UPDATE recovery_codes SET used_at = now() WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL",
        user.0,
        code.as_slice(),
    )
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

pub async fn recovery_codes_left(pool: &Pool, user: UserId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "left!" FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL"#,
        user.0,
    )
    .fetch_one(pool)
    .await
}

/// Replaces all recovery codes. False: the user has no confirmed factor.
pub async fn replace_recovery_codes(
    connection: &mut Connection,
    user: UserId,
    codes: &[Hash],
) -> Result<bool, sqlx::Error> {
    // The row of the factor is the lock: of two sets that are made at the same time, one remains.
    let locked = sqlx::query_scalar!(
        "SELECT user_id FROM totp_factors WHERE user_id = $1 AND confirmed_at IS NOT NULL FOR NO KEY UPDATE",
        user.0,
    )
    .fetch_optional(&mut *connection)
    .await?;
    if locked.is_none() {
        return Ok(false);
    }
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user.0)
        .execute(&mut *connection)
        .await?;
    let codes: Vec<Vec<u8>> = codes.iter().map(|code| code.to_vec()).collect();
    sqlx::query!(
        "INSERT INTO recovery_codes (user_id, code_hash) SELECT $1, unnest($2::bytea[])",
        user.0,
        &codes,
    )
    .execute(connection)
    .await?;
    Ok(true)
}

/// Deletes the factor of a user, confirmed or not, and its recovery codes. False: there was no confirmed one.
pub async fn delete(connection: &mut Connection, user: UserId) -> Result<bool, sqlx::Error> {
    let confirmed = sqlx::query_scalar!(
        r#"DELETE FROM totp_factors WHERE user_id = $1 RETURNING confirmed_at IS NOT NULL AS "confirmed!""#,
        user.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(confirmed.unwrap_or(false))
}
