//! Erasures in the database.

use chrono::{DateTime, Utc};
use db::{Connection, Pool};
use uuid::Uuid;

use crate::{
    accounts::model::UserId,
    erasures::model::{Erasure, MAX_BATCH, Next, Service},
};

/// Days for which a completed erasure is kept as a proof.
const KEPT_DAYS: i32 = 30;

/// An erasure that no other report changes until the end of the transaction, and the time of that transaction.
pub struct Locked {
    pub user: UserId,
    pub erasure: Erasure,
    pub now: DateTime<Utc>,
}

/// Asks services to forget a user, from the end of this transaction on.
pub async fn request(
    connection: &mut Connection,
    user: UserId,
    services: &[Service],
) -> Result<(), sqlx::Error> {
    let names: Vec<String> = services
        .iter()
        .map(|service| service.into_str().to_owned())
        .collect();
    sqlx::query!(
        "INSERT INTO erasures (user_id, service) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING",
        user.0,
        &names,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Users whom the service should forget now, those who have been due for longest first.
pub async fn due(pool: &Pool, service: Service) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "
        SELECT user_id FROM erasures WHERE service = $1 AND due_at <= now() AND completed_at IS NULL
        ORDER BY due_at, user_id LIMIT $2
        ",
        service.into_str(),
        i64::try_from(MAX_BATCH).unwrap_or(i64::MAX),
    )
    .fetch_all(pool)
    .await
}

/// Locks those of these erasures that are not completed, in one order, so that two reports cannot deadlock.
pub async fn lock(
    connection: &mut Connection,
    service: Service,
    users: &[Uuid],
) -> Result<Vec<Locked>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"
        SELECT user_id, requested_at, now() AS "now!" FROM erasures
        WHERE service = $1 AND user_id = ANY ($2) AND completed_at IS NULL
        ORDER BY user_id FOR NO KEY UPDATE
        "#,
        service.into_str(),
        users,
    )
    .fetch_all(connection)
    .await?;
    let locked = rows.into_iter().map(|row| Locked {
        user: UserId(row.user_id),
        erasure: Erasure {
            requested_at: row.requested_at,
        },
        now: row.now,
    });
    Ok(locked.collect())
}

/// Writes what follows from a report of locked erasures.
pub async fn update(
    connection: &mut Connection,
    service: Service,
    next: &[(UserId, Next)],
) -> Result<(), sqlx::Error> {
    let users: Vec<_> = next.iter().map(|(user, _)| user.0).collect();
    let due: Vec<_> = next
        .iter()
        .map(|(_, next)| match next {
            Next::Completed => None,
            Next::Due(at) => Some(*at),
        })
        .collect();
    sqlx::query!(
        "
        UPDATE erasures SET
            due_at = coalesce(next.due_at, erasures.due_at),
            completed_at = CASE WHEN next.due_at IS NULL THEN now() END
        FROM unnest($2::uuid[], $3::timestamptz[]) AS next (user_id, due_at)
        WHERE erasures.user_id = next.user_id AND service = $1
        ",
        service.into_str(),
        &users,
        &due as &[Option<DateTime<Utc>>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The number of erasures that are not completed, and the age of the oldest in seconds.
pub async fn backlog(pool: &Pool, service: Service) -> Result<(i64, f64), sqlx::Error> {
    let row = sqlx::query!(
        r#"
        SELECT count(*) AS "count!",
            coalesce(extract(epoch FROM now() - min(requested_at)), 0)::float8 AS "oldest_seconds!"
        FROM erasures WHERE service = $1 AND completed_at IS NULL
        "#,
        service.into_str(),
    )
    .fetch_one(pool)
    .await?;
    Ok((row.count, row.oldest_seconds))
}

/// Deletes up to `batch` erasures that were completed long ago.
pub async fn sweep(pool: &Pool, batch: i64) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query!(
        "
        DELETE FROM erasures WHERE (user_id, service) IN (
            SELECT user_id, service FROM erasures WHERE completed_at < now() - make_interval(days => $1)
            ORDER BY completed_at LIMIT $2 FOR UPDATE SKIP LOCKED)
        ",
        KEPT_DAYS,
        batch,
    )
    .execute(pool)
    .await?;
    Ok(swept.rows_affected())
}
