//! Idempotency keys with the responses to their requests.

use db::{Pool, Transaction};
use idempotency::{Answer, Claim, Once};

/// Claims the key, or finds what it stands for.
pub async fn claim(tx: &mut Transaction, once: &Once) -> Result<Claim<Answer>, sqlx::Error> {
    let inserted = sqlx::query!(
        "INSERT INTO idempotency_keys (principal, operation, key, fingerprint) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        once.principal,
        once.operation,
        once.key,
        &once.fingerprint[..],
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 1 {
        return Ok(Claim::Fresh);
    }
    // A statement of its own: the first one may have waited for the response that this one reads.
    let kept = sqlx::query!(
        r#"SELECT fingerprint, status AS "status!", location, etag AS "etag!", body AS "body!" FROM idempotency_keys
           WHERE principal = $1 AND operation = $2 AND key = $3"#,
        once.principal,
        once.operation,
        once.key,
    )
    .fetch_one(&mut **tx)
    .await?;
    if kept.fingerprint != once.fingerprint {
        return Ok(Claim::OfAnotherRequest);
    }
    let answer = Answer::stored(kept.status, kept.location, kept.etag, kept.body);
    let answer = answer.map_err(|error| sqlx::Error::Decode(error.into()))?;
    Ok(Claim::Answered(answer))
}

/// Stores the response for requests with the same key.
pub async fn keep(tx: &mut Transaction, once: &Once, answer: &Answer) -> Result<(), sqlx::Error> {
    let kept = sqlx::query!(
        "UPDATE idempotency_keys SET status = $4, location = $5, etag = $6, body = $7
         WHERE principal = $1 AND operation = $2 AND key = $3",
        once.principal,
        once.operation,
        once.key,
        answer.status.as_u16().cast_signed(),
        answer.location,
        answer.etag.0,
        answer.body,
    )
    .execute(&mut **tx)
    .await?;
    if kept.rows_affected() == 1 {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

/// Deletes up to `most` keys that are older than 24 hours.
pub async fn sweep(pool: &Pool, most: i64) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "DELETE FROM idempotency_keys WHERE (principal, operation, key) IN (
             SELECT principal, operation, key FROM idempotency_keys
             WHERE created_at < now() - interval '24 hours' ORDER BY principal, operation, key
             LIMIT $1 FOR UPDATE SKIP LOCKED
         )",
        most,
    )
    .execute(pool)
    .await?;
    Ok(swept.rows_affected())
}
