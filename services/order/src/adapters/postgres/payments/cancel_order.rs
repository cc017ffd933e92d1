//! A request to cancel an order: the intent is written, and the saga acts on it (ORDERS 19, 22).

use postgres::Transaction;

use super::super::{
    events::{self, EventRow},
    failure::StoreError,
    request_key::{Claim, claim},
};
use super::{
    PgPayments, Stop,
    locked::{commit, wake_and_lock},
};
use crate::{
    domain::{EventType, OrderId, Status},
    ports::{Answered, IntentError, Request},
};

const OK: i16 = 200;

impl PgPayments {
    pub(super) async fn try_cancel_order(
        &self,
        request: &Request,
        order: OrderId,
    ) -> Result<Answered<OrderId>, Stop> {
        self.visible_order(order, request.reader).await?;
        let mut transaction = self.writers.begin().await?;
        let claimed = claim(
            &mut transaction,
            &request.identity,
            request.fingerprint,
            order.0,
            None,
            OK,
        );
        match claimed.await? {
            Claim::Fresh => {}
            Claim::Repeated { .. } => {
                return Ok(Answered {
                    result: order,
                    replayed: true,
                });
            }
            Claim::Reused => return Err(IntentError::KeyReused.into()),
        }
        let mut locked = wake_and_lock(&mut transaction, order).await?;
        match locked.state.status {
            Status::Completed => {
                return Err(IntentError::NotCancellable(Status::Completed).into());
            }
            Status::Pending | Status::Confirmed if locked.state.wholly_shipped() => {
                return Err(IntentError::WhollyShipped.into());
            }
            // It was asked for before, or came to this by itself.
            Status::Cancelled => {}
            Status::Pending | Status::Confirmed if locked.cancel_requested => {}
            Status::Pending | Status::Confirmed
                if leaves_wholly(&mut transaction, order).await? =>
            {
                return Err(IntentError::WhollyShipped.into());
            }
            Status::Pending | Status::Confirmed => {
                locked.state.version += 1;
                let event = EventType::OrderCancelRequested;
                let event = EventRow::of(order, &locked.state, event, request.actor);
                sqlx::query!(
                    r#"
                    UPDATE orders
                    SET cancel_requested_at = now(), cancel_requested_by = $2, version = $3, updated_at = now()
                    WHERE id = $1
                    "#,
                    order.0,
                    request.identity.principal.0,
                    locked.state.version,
                )
                .execute(&mut *transaction)
                .await?;
                events::write(&mut transaction, &[event]).await?;
            }
        }
        commit(transaction).await?;
        Ok(Answered {
            result: order,
            replayed: false,
        })
    }
}

/// Whether every unit of a locked order has left, is about to, or fell short: then there is nothing to cancel (ORDERS 22).
async fn leaves_wholly(transaction: &mut Transaction, order: OrderId) -> Result<bool, StoreError> {
    let leaves = sqlx::query_scalar!(
        r#"
        SELECT NOT EXISTS (
            SELECT FROM order_items AS item
            WHERE item.order_id = $1 AND item.quantity - item.short > item.shipped + COALESCE((
                SELECT sum(line.quantity)
                FROM fulfillments JOIN fulfillment_lines AS line ON line.fulfillment_id = fulfillments.id
                WHERE fulfillments.order_id = $1 AND fulfillments.status = 'shipping' AND line.position = item.position
            ), 0)
        ) AS "leaves!"
        "#,
        order.0,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(leaves)
}
