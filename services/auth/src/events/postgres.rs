//! The outbox in the database.

use db::Connection;

use crate::events::model::Event;

/// Writes an event in the transaction of what happened.
pub async fn publish(connection: &mut Connection, event: &Event) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO events (id, event_type, user_id, data) VALUES ($1, $2, $3, $4)",
        event.id.0,
        event.event_type.into_str(),
        event.user.0,
        event.data,
    )
    .execute(connection)
    .await?;
    Ok(())
}
