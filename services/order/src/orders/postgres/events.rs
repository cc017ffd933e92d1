//! Events: every transaction that raises an order's version writes the event of that version here, in one statement.

use db::Transaction;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    infrastructure::postgres::{column, touched},
    orders::model::{NewEvent, OrderState},
    values::{Actor, EventType, OrderId},
};

/// The event of one version of an order.
#[derive(Debug)]
pub(crate) struct EventRow {
    order_id: OrderId,
    version: i64,
    event_type: EventType,
    actor: Actor,
    /// An object; what consumers need beside the envelope. Nothing personal but ids.
    data: Value,
}

impl EventRow {
    /// The event by which the order came to this state.
    pub(crate) fn new(order_id: OrderId, state: &OrderState, event: NewEvent) -> Self {
        let mut data = event.details;
        let mut add = |name: &str, value: &str| data.insert(name.to_owned(), value.into());
        add("status", state.status.as_str());
        add("payment_status", state.payment.as_str());
        add("fulfillment_status", state.fulfillment.as_str());
        if let Some(reason) = state.cancel_reason {
            add("cancel_reason", reason.as_str());
        }
        Self {
            order_id,
            version: state.version,
            event_type: event.event_type,
            actor: event.actor,
            data: Value::Object(data),
        }
    }
}

/// Writes events, in key order (ORDERS 8). The transaction holds the locks of their orders.
pub(crate) async fn write(
    transaction: &mut Transaction,
    events: &[EventRow],
) -> Result<(), sqlx::Error> {
    if events.is_empty() {
        return Ok(());
    }
    let ids = column(events, |event| event.order_id.0);
    let versions = column(events, |event| event.version);
    let types = column(events, |event| event.event_type.as_str());
    let actors = column(events, |event| event.actor.as_str());
    let users = column(events, |event| event.actor.user().map(|user| user.0));
    let data = column(events, |event| &event.data);
    let written = sqlx::query!(
        r#"
        INSERT INTO order_events (order_id, version, event_type, actor, actor_id, data)
        SELECT order_id, version, event_type, actor, actor_id, data
        FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::uuid[], $6::jsonb[])
             AS new (order_id, version, event_type, actor, actor_id, data)
        ORDER BY order_id, version
        "#,
        &ids,
        &versions,
        &types as &[&str],
        &actors as &[&str],
        &users as &[Option<Uuid>],
        &data as &[&Value],
    )
    .execute(&mut **transaction)
    .await?;
    touched(written.rows_affected(), events.len())
}
