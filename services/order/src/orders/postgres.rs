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

use sqlx::types::Json;

pub use self::{
    event_log::PgEventLog,
    unreadable::{OrderText, unreadable},
};
use self::{events::EventRow, stored_address::StoredAddress};
use super::{
    model::{NewEvent, Order, OrderFilter, PastEvent},
    ports::{Listing, Orders, OrdersError, Saved},
};
use crate::{
    infrastructure::postgres::PgOrders,
    values::{OrderId, Window},
};

impl Orders for PgOrders {
    async fn find(&self, id: OrderId) -> Result<Option<Order>, OrdersError> {
        Ok(list::by_ids(&self.readers, &[id.0]).await?.pop())
    }

    async fn list(&self, filter: &OrderFilter, window: &Window) -> Result<Listing, OrdersError> {
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
    ) -> Result<Vec<PastEvent>, OrdersError> {
        Ok(sqlx::query_as!(
            PastEvent,
            r#"
        SELECT version, event_id, event_type, actor, actor_id, occurred_at, data
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
        .await?)
    }
}
