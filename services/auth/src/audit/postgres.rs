//! The audit log in the database, which refuses to rewrite it (`migrations/0005_audit_log.sql`).

use db::Connection;

use crate::audit::model::Entry;

/// Appends an entry in the transaction of the change.
pub async fn append(connection: &mut Connection, entry: &Entry) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO audit_log (id, actor_id, session_id, action, target, data) VALUES ($1, $2, $3, $4, $5, $6)",
        entry.id.0,
        entry.actor.0,
        entry.session.0,
        entry.action.into_str(),
        entry.target,
        entry.data,
    )
    .execute(connection)
    .await?;
    Ok(())
}
