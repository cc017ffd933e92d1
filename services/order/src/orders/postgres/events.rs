//! Events: every transaction that raises an order's version writes the event of that version here, in one statement.

use db::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    checkout::model::NewOrder,
    infrastructure::postgres::column,
    orders::model::{NewEvent, OrderState},
    values::{Actor, EventType, OrderId},
};

/// The event of one version of an order.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) order_id: OrderId,
    pub(crate) version: i64,
    pub(crate) event_type: EventType,
    pub(crate) actor: Actor,
    /// An object; what consumers need beside the envelope. Nothing personal but ids.
    pub(crate) data: Value,
}

impl EventRow {
    pub(crate) fn created(order: &NewOrder) -> Self {
        let customer = order.identity.principal;
        Self::of(
            order.id,
            &OrderState::placed(),
            EventType::OrderCreated,
            Actor::Customer(customer),
        )
        .with("user_id", customer.0.to_string())
        .with("currency", order.totals.currency().code())
        .with("total_minor", order.totals.total.minor)
    }

    pub(crate) fn new(order_id: OrderId, state: &OrderState, event: &NewEvent) -> Self {
        let row = Self::of(order_id, state, event.event_type, event.actor);
        event
            .details
            .iter()
            .fold(row, |row, (name, value)| row.with(name, value.clone()))
    }

    /// The event by which the order came to this state.
    pub(crate) fn of(
        order_id: OrderId,
        state: &OrderState,
        event_type: EventType,
        actor: Actor,
    ) -> Self {
        let mut data = json!({
            "status": state.status.as_str(),
            "payment_status": state.payment.as_str(),
            "fulfillment_status": state.fulfillment.as_str(),
        });
        if let Some(reason) = state.cancel_reason {
            data["cancel_reason"] = json!(reason.as_str());
        }
        Self {
            order_id,
            version: state.version,
            event_type,
            actor,
            data,
        }
    }

    /// Adds a member to the data.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.data[name] = value.into();
        self
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
    let types = column(events, |event| event.event_type.as_str().to_owned());
    let actors = column(events, |event| event.actor.as_str().to_owned());
    let users = column(events, |event| event.actor.user().map(|user| user.0));
    let data = column(events, |event| event.data.clone());
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
        &types,
        &actors,
        &users as &[Option<Uuid>],
        &data,
    )
    .execute(&mut **transaction)
    .await?;
    if usize::try_from(written.rows_affected()) == Ok(events.len()) {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}
