//! What a saga must know beside its order: the live payment with its refunds, and what has left the shop.

use std::collections::HashMap;

use db::{
    Pool,
    readable::{Row, Unreadable},
};
use uuid::Uuid;

use crate::{
    infrastructure::postgres::leases::Taken,
    payments::{
        model::Payment,
        postgres::payment_row::{self, RefundRow, select_payments},
    },
    saga::model::{Facts, Shipments},
    values::OrderId,
};

pub(super) async fn add_payments(
    pool: &Pool,
    taken: &mut [Taken<OrderId, Facts>],
) -> Result<(), sqlx::Error> {
    let orders = orders(taken, Facts::may_be_paid);
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
    let mut payments: HashMap<Uuid, Result<Payment, Unreadable>> = rows
        .into_iter()
        .map(|row| (row.order_id, row.read()))
        .collect();
    let captured: Vec<Uuid> = payments
        .values()
        .flatten()
        .filter(|payment| payment.state.is_captured())
        .map(|payment| payment.id.0)
        .collect();
    let mut refunds: HashMap<Uuid, Vec<RefundRow>> = HashMap::new();
    if !captured.is_empty() {
        for row in payment_row::refunds(pool, &captured).await? {
            refunds.entry(row.payment_id).or_default().push(row);
        }
    }
    for one in taken {
        let Some(payment) = payments.remove(&one.order.0) else {
            continue;
        };
        one.read(|facts| {
            let payment = payment?;
            let refunds = refunds.remove(&payment.id.0).unwrap_or_default();
            let refunds = refunds.into_iter().map(Row::read);
            let refunds = refunds.collect::<Result<_, _>>()?;
            facts.add_payment(payment, refunds);
            Ok(())
        });
    }
    Ok(())
}

/// Asked only for orders whose next step depends on them.
pub(super) async fn add_shipments(
    pool: &Pool,
    taken: &mut [Taken<OrderId, Facts>],
) -> Result<(), sqlx::Error> {
    let orders = orders(taken, Facts::depend_on_shipments);
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
    let mut rows: HashMap<Uuid, _> = rows.into_iter().map(|row| (row.order_id, row)).collect();
    for one in taken {
        if let Some(row) = rows.remove(&one.order.0)
            && let Ok(facts) = &mut one.item
        {
            facts.add_shipments(Shipments {
                under_way: row.under_way,
                any_shipped: row.any_shipped,
                unshipped_minor: row.unshipped_minor,
            });
        }
    }
    Ok(())
}

fn orders(taken: &[Taken<OrderId, Facts>], which: fn(&Facts) -> bool) -> Vec<Uuid> {
    let facts = taken
        .iter()
        .filter(|one| one.item.as_ref().is_ok_and(which));
    facts.map(|one| one.order.0).collect()
}
