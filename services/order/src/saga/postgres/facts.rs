//! What a saga must know beside its order: the live payment with its refunds, and what has left the shop.

use std::collections::HashMap;

use db::Pool;
use uuid::Uuid;

use crate::{
    infrastructure::postgres::failure::StoreError,
    payments::{
        model::{Payment, Refund},
        postgres::payment_row::{self, RefundRow, select_payments},
    },
    saga::model::{Parcels, Turn},
};

pub(super) async fn add_payments(pool: &Pool, turns: &mut [Turn]) -> Result<(), StoreError> {
    let orders: Vec<Uuid> = turns
        .iter()
        .filter(|turn| turn.facts.may_be_paid())
        .map(|turn| turn.lease.id.0)
        .collect();
    if orders.is_empty() {
        return Ok(());
    }
    let rows = select_payments!(
        r#"payments WHERE order_id = ANY ($1) AND status NOT IN ('failed', 'voided')
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
        let Some(payment) = payments.remove(&turn.lease.id.0) else {
            continue;
        };
        let of_this = refunds.remove(&payment.id.0).unwrap_or_default();
        turn.facts.add_payment(payment, of_this);
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

/// Asked only for orders whose next step depends on them.
pub(super) async fn add_parcels(pool: &Pool, turns: &mut [Turn]) -> Result<(), StoreError> {
    let orders: Vec<Uuid> = turns
        .iter()
        .filter(|turn| turn.facts.depend_on_parcels())
        .map(|turn| turn.lease.id.0)
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
        if let Some(parcels) = parcels.remove(&turn.lease.id.0) {
            turn.facts.add_parcels(parcels);
        }
    }
    Ok(())
}
