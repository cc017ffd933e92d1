//! Orders in Postgres. Every write is set-wise and in key order, and may be repeated as a whole.

mod count;
mod event_log;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod locked_orders;
pub(crate) mod parts;
pub(crate) mod row;
pub(crate) mod stored_address;
pub(crate) mod unreadable;

use db::readable::{Attempt, Row, Time, row};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

pub use self::{
    event_log::PgEventLog,
    unreadable::{OrderText, unreadable},
};
use self::{events::EventRow, stored_address::StoredAddress};
use super::{
    model::{NewEvent, Order, OrderFilter, PastEvent},
    ports::{OrderListing, Orders, OrdersError, Saved},
};
use crate::{
    infrastructure::postgres::{PgOrders, listed},
    values::{Listed, OrderId, Window},
};

row!(
    PastEventRow, "event", event_id => PastEvent
    { version: i64, event_id: Uuid, event_type: String, actor: String, actor_id: Option<Uuid> }
    { occurred_at: Attempt<Time>, data: Attempt<Value> }
);

impl Orders for PgOrders {
    async fn find(&self, id: OrderId) -> Result<Option<Order>, OrdersError> {
        let found = list::by_ids(&self.readers, &[id.0]).await?.pop();
        Ok(found.map(Row::read).transpose()?)
    }

    async fn list(
        &self,
        filter: &OrderFilter,
        window: &Window,
    ) -> Result<OrderListing, OrdersError> {
        Ok(list::list(&self.readers, filter, window).await?)
    }

    /// A compare-and-set on the version, and the event of the new one (ORDERS 22).
    async fn save(&self, order: &Order, event: &NewEvent) -> Result<Saved, OrdersError> {
        let state = &order.state;
        let mut transaction = self.intents.begin().await?;
        let done = sqlx::query!(
            r#"
        UPDATE orders
        SET status = $3, fulfillment_status = $4, version = $5, shipping_address = $6, note = $7, updated_at = now()
        WHERE id = $1 AND version = $2
        "#,
            order.id.0,
            order.read_version(),
            state.status.as_str(),
            state.fulfillment.as_str(),
            state.version,
            Json(StoredAddress::of(order.shipping_address.as_ref())) as _,
            order.note,
        )
        .execute(&mut *transaction)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(Saved::Changed);
        }
        events::write(
            &mut transaction,
            &[EventRow::new(order.id, state, event.clone())],
        )
        .await?;
        transaction.commit().await?;
        Ok(Saved::Written)
    }

    async fn history(
        &self,
        order: OrderId,
        after: i64,
        rows: i64,
    ) -> Result<Vec<Listed<PastEvent, i64>>, OrdersError> {
        let rows = sqlx::query_as!(
            PastEventRow,
            r#"
        SELECT version, event_id, event_type, actor, actor_id, occurred_at AS "occurred_at: _", data AS "data: _"
        FROM order_events
        WHERE order_id = $1 AND version > $2
        ORDER BY version
        LIMIT $3
        "#,
            order.0,
            after,
            rows,
        )
        .fetch_all(&self.readers)
        .await?;
        Ok(listed(rows, |row| Some(row.version)))
    }
}
