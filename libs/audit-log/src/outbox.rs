//! Where entries wait: each service has a table of its own.

use std::future::Future;

use sqlx::Error;
use uuid::Uuid;

use crate::Entry;

/// What waits, counted no further than to some ten thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Backlog {
    pub entries: i64,
    pub oldest_seconds: f64,
}

/// The table of a service; [`outbox!`](crate::outbox) implements it.
pub trait Outbox: Sync {
    /// Up to so many entries, the longest due first.
    fn due(&self, count: i64) -> impl Future<Output = Result<Vec<Entry>, Error>> + Send;

    /// Deletes what auth has.
    fn remove(&self, ids: &[Uuid]) -> impl Future<Output = Result<(), Error>> + Send;

    /// Keeps an entry that auth refuses, and makes it due again in an hour, since a later release may accept it.
    fn set_aside(&self, id: Uuid) -> impl Future<Output = Result<(), Error>> + Send;

    fn backlog(&self) -> impl Future<Output = Result<Backlog, Error>> + Send;
}

/// Declares `append` and `PgOutbox` over the table `audit_outbox` of the service, whose build checks the statements.
#[macro_export]
macro_rules! outbox {
    () => {
        /// Appends an entry in the transaction of the change.
        pub async fn append(
            connection: &mut db::Connection,
            entry: &$crate::NewEntry,
        ) -> Result<(), sqlx::Error> {
            sqlx::query!(
                "INSERT INTO audit_outbox (id, actor_id, session_id, action, target, data) VALUES ($1, $2, $3, $4, $5, $6)",
                entry.id,
                entry.actor,
                entry.session,
                entry.action,
                entry.target,
                entry.data,
            )
            .execute(connection)
            .await?;
            Ok(())
        }

        /// What waits for the relay.
        #[derive(Clone, Debug)]
        pub struct PgOutbox(pub db::Pool);

        impl $crate::Outbox for PgOutbox {
            async fn due(&self, count: i64) -> Result<Vec<$crate::Entry>, sqlx::Error> {
                sqlx::query_as!(
                    $crate::Entry,
                    "SELECT id, occurred_at, actor_id AS actor, session_id AS session, action, target, data
                     FROM audit_outbox WHERE due_at <= now() ORDER BY due_at, id LIMIT $1",
                    count,
                )
                .fetch_all(&self.0)
                .await
            }

            async fn remove(&self, ids: &[uuid::Uuid]) -> Result<(), sqlx::Error> {
                // Two relays delete the same rows: in one order, so that they cannot deadlock.
                sqlx::query!(
                    "DELETE FROM audit_outbox WHERE id IN (
                         SELECT id FROM audit_outbox WHERE id = ANY($1) ORDER BY id FOR UPDATE
                     )",
                    ids,
                )
                .execute(&self.0)
                .await?;
                Ok(())
            }

            async fn set_aside(&self, id: uuid::Uuid) -> Result<(), sqlx::Error> {
                sqlx::query!(
                    "UPDATE audit_outbox SET due_at = now() + interval '1 hour' WHERE id = $1",
                    id,
                )
                .execute(&self.0)
                .await?;
                Ok(())
            }

            async fn backlog(&self) -> Result<$crate::Backlog, sqlx::Error> {
                sqlx::query_as!(
                    $crate::Backlog,
                    r#"SELECT
                        (SELECT count(*) FROM (SELECT FROM audit_outbox LIMIT 10000) AS waiting) AS "entries!",
                        coalesce((SELECT extract(epoch FROM now() - occurred_at)::float8
                            FROM audit_outbox ORDER BY id LIMIT 1), 0) AS "oldest_seconds!""#,
                )
                .fetch_one(&self.0)
                .await
            }
        }
    };
}
