//! What a saga must know beside its order: the live payment with its refunds, and what has left the shop.

use std::collections::HashMap;

use postgres::Pool;
use uuid::Uuid;

use crate::{
    infrastructure::postgres::failure::StoreError,
    orders::model::Status,
    payments::{
        model::{Payment, Refund, RefundCause, RefundState},
        postgres::payment_row::{self, PaymentRow, RefundRow},
    },
    saga::model::{Facts, Parcels, PayWindow, Turn},
};

pub(super) async fn add_payments(pool: &Pool, turns: &mut [Turn]) -> Result<(), StoreError> {
    let orders: Vec<Uuid> = turns
        .iter()
        .filter(|turn| turn.facts.window != PayWindow::Free)
        .map(|turn| turn.lease.order_id.0)
        .collect();
    if orders.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT id, order_id, user_id, provider, method, capture, currency, amount_minor, status, decision, authorized_minor,
               captured_minor, refund_pending_minor, refunded_minor, provider_reference, refusal, note, secured, asked, version,
               created_at, updated_at
        FROM payments WHERE order_id = ANY ($1) AND status NOT IN ('failed', 'voided')
        "#,
        &orders,
    )
    .fetch_all(pool)
    .await?;
    let mut payments: HashMap<Uuid, Payment> = rows
        .into_iter()
        .map(|row| Ok((row.order_id, row.into_payment()?)))
        .collect::<Result<_, StoreError>>()?;
    let captured: Vec<Uuid> = payments
        .values()
        .filter(|payment| payment.state.is_captured())
        .map(|payment| payment.id.0)
        .collect();
    let mut refunds = of_payments(pool, &captured, &payments).await?;
    for turn in turns {
        let Some(payment) = payments.remove(&turn.lease.order_id.0) else {
            continue;
        };
        let of_this = refunds.remove(&payment.id.0).unwrap_or_default();
        turn.facts.cancellation_refunded = of_this
            .iter()
            .any(|refund| refund.cause == RefundCause::Cancelled);
        turn.facts.refund = of_this
            .into_iter()
            .find(|refund| refund.state == RefundState::Pending);
        turn.facts.payment = Some(payment);
    }
    Ok(())
}

async fn of_payments(
    pool: &Pool,
    ids: &[Uuid],
    payments: &HashMap<Uuid, Payment>,
) -> Result<HashMap<Uuid, Vec<Refund>>, StoreError> {
    let mut refunds: HashMap<Uuid, Vec<Refund>> = HashMap::new();
    let Some(currency) = payments.values().next().map(|one| one.amount.currency) else {
        return Ok(refunds);
    };
    if ids.is_empty() {
        return Ok(refunds);
    }
    let rows: Vec<RefundRow> = payment_row::refunds(pool, ids).await?;
    for row in rows {
        refunds
            .entry(row.payment_id)
            .or_default()
            .push(row.into_refund(currency)?);
    }
    Ok(refunds)
}

/// Asked only for orders that may have to be wound up after their stock was committed. An order of which a parcel is
/// under way is looked at again.
pub(super) async fn add_parcels(pool: &Pool, turns: &mut [Turn]) -> Result<(), StoreError> {
    let orders: Vec<Uuid> = turns
        .iter()
        .filter(|turn| may_have_parcels(&turn.facts))
        .map(|turn| turn.lease.order_id.0)
        .collect();
    if orders.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query!(
        r#"
        SELECT order_id, sum(shipped) > 0 AS "any_shipped!",
               sum((quantity - shipped - short) * unit_price_minor)::bigint AS "unshipped_minor!",
               COALESCE((SELECT bool_or(status = 'shipping') FROM fulfillments
                         WHERE fulfillments.order_id = order_items.order_id), false) AS "under_way!"
        FROM order_items WHERE order_id = ANY ($1) GROUP BY order_id
        "#,
        &orders,
    )
    .fetch_all(pool)
    .await?;
    let mut parcels: HashMap<Uuid, Parcels> = rows
        .into_iter()
        .map(|row| {
            let parcels = Parcels {
                under_way: row.under_way,
                any_shipped: row.any_shipped,
                unshipped_minor: row.unshipped_minor,
            };
            (row.order_id, parcels)
        })
        .collect();
    for turn in turns {
        if let Some(mut parcels) = parcels.remove(&turn.lease.order_id.0) {
            parcels.unshipped_minor += turn.facts.shortfall_minor;
            turn.facts.parcels = parcels;
        }
    }
    Ok(())
}

fn may_have_parcels(facts: &Facts) -> bool {
    match facts.state.status {
        Status::Pending | Status::Completed => false,
        Status::Confirmed => match facts.window {
            PayWindow::Free | PayWindow::Open { .. } => facts.cancel_requested,
            PayWindow::Over | PayWindow::LongOver => true,
        },
        Status::Cancelled => true,
    }
}
