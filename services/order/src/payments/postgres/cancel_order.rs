//! A request to cancel an order: the intent is written, and the saga acts on it (ORDERS 19, 22).

use postgres::Transaction;

use super::{
    PgPayments, Stop,
    locked::{Found, commit, lock, read},
    visible,
};
use crate::{
    infrastructure::postgres::{
        failure::StoreError,
        request_key::{Claim, claim},
    },
    intents::ports::{IntentError, Request},
    orders::{
        model::Status,
        postgres::events::{self, EventRow},
    },
    payments::ports::Asked,
    saga::postgres::sagas,
    values::{EventType, OrderId},
};

const OK: i16 = 200;

impl PgPayments {
    pub(super) async fn try_cancel_order(
        &self,
        request: &Request,
        order: OrderId,
    ) -> Result<Asked, Stop> {
        let found = read(&self.writers, order).await?;
        visible(found.as_ref().map(|found| found.customer), request.reader)?;
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
            Claim::Repeated { .. } => return Ok(Asked::Replayed),
            Claim::Reused => return Err(IntentError::KeyReused.into()),
        }
        // What is asked for again and again waits for nobody's locks, and holds up nobody else's.
        let known = found.is_some_and(|found| is_asked_for(&found).unwrap_or(false));
        let asked = if known {
            Asked::Before
        } else {
            ask(&mut transaction, request, order).await?
        };
        commit(transaction).await?;
        Ok(asked)
    }
}

async fn ask(
    transaction: &mut Transaction,
    request: &Request,
    order: OrderId,
) -> Result<Asked, Stop> {
    let mut locked = lock(transaction, order).await?;
    if is_asked_for(&locked)? {
        return Ok(Asked::Before);
    }
    if leaves_wholly(transaction, order).await? {
        return Err(IntentError::WhollyShipped.into());
    }
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
    .execute(&mut **transaction)
    .await?;
    events::write(transaction, &[event]).await?;
    sagas::wake(transaction, order).await?;
    Ok(Asked::Now)
}

/// Whether an order is cancelled, or about to be: somebody asked before, or it came to this by itself.
fn is_asked_for(found: &Found) -> Result<bool, IntentError> {
    match found.state.status {
        Status::Completed => Err(IntentError::NotCancellable(Status::Completed)),
        Status::Cancelled => Ok(true),
        Status::Pending | Status::Confirmed if found.state.wholly_shipped() => {
            Err(IntentError::WhollyShipped)
        }
        Status::Pending | Status::Confirmed => Ok(found.cancel_requested),
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
