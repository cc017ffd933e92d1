//! Units of orders that still owe, counted by customer and SKU: one customer's orders after the other (ORDERS 9, 10, 15).

use std::{
    collections::{HashMap, HashSet},
    fmt::Display,
    num::NonZeroU32,
};

use db::{
    Transaction,
    readable::{Row, Unreadable, readable_ones},
};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    checkout::model::{NewOrder, OwingUnits, ProductReference, TooManyUnpaidUnits, UnpaidUnits},
    infrastructure::postgres::{column, failure::StoreError, touched, typed},
    values::{ProductId, UserId},
};

/// What the locks of customers are told from other advisory locks by.
const CUSTOMERS: i32 = 0x756e_7064;

/// What a customer owes of one product.
#[derive(Debug)]
struct OwingRow {
    user_id: Uuid,
    product_id: Uuid,
    sku: String,
    units: i64,
}

impl Row for OwingRow {
    type Read = OwingUnits;

    const KIND: &'static str = "unpaid_units";

    /// Of the customer.
    fn id(&self) -> impl Display + use<> {
        self.user_id
    }

    fn read(self) -> Result<OwingUnits, Unreadable> {
        Ok(OwingUnits {
            customer: UserId(self.user_id),
            product_id: ProductId(self.product_id),
            sku: typed("sku", self.sku)?,
            units: typed("units", self.units)?,
        })
    }
}

/// Units of orders that still owe and whose money is not even set aside: confirmed ones too, whose capture was refused.
pub(super) async fn owing_units(
    executor: impl PgExecutor<'_>,
    customers: &[UserId],
) -> Result<Vec<OwingUnits>, sqlx::Error> {
    let rows = sqlx::query_as!(
        OwingRow,
        r#"
        SELECT orders.user_id, item.product_id, item.sku, sum(item.quantity - item.short)::bigint AS "units!"
        FROM orders JOIN order_items AS item ON item.order_id = orders.id
        WHERE pay_by IS NOT NULL AND status IN ('pending', 'confirmed') AND payment_status IN ('unpaid', 'failed')
          AND orders.user_id = ANY ($1)
        GROUP BY orders.user_id, item.product_id, item.sku
        "#,
        &column(customers, |customer| customer.0),
    )
    .fetch_all(executor)
    .await?;
    Ok(readable_ones(rows))
}

/// Which of these orders would leave their customers with too many units unpaid. Until the transaction ends, no other
/// writes orders of these customers that count.
pub(super) async fn refused(
    transaction: &mut Transaction,
    orders: &[&NewOrder],
    allowed: NonZeroU32,
) -> Result<HashMap<Uuid, TooManyUnpaidUnits>, StoreError> {
    let owing: Vec<&NewOrder> = orders
        .iter()
        .filter(|order| order.pay_within.is_some())
        .copied()
        .collect();
    if owing.is_empty() {
        return Ok(HashMap::new());
    }
    let customers: HashSet<UserId> = owing.iter().map(|order| order.identity.principal).collect();
    let customers: Vec<UserId> = customers.into_iter().collect();
    lock_customers(transaction, &customers).await?;
    // A statement of its own: what waited for a lock sees what its holder wrote (ORDERS 9).
    let units = owing_units(&mut **transaction, &customers).await?;
    let mut units = UnpaidUnits::new(allowed, units);
    let mut refused = HashMap::new();
    for order in owing {
        let lines = order.lines.iter().map(|line| {
            let product = ProductReference::Sku(line.sku.clone());
            (product, line.quantity.get())
        });
        if let Err(too_many) = units.admit(order.identity.principal, lines) {
            refused.insert(order.id.0, too_many);
        }
    }
    Ok(refused)
}

/// In the order of what is locked, so that no two batches wait for each other. Customers whose hashes are the same wait
/// for each other's orders, no more.
async fn lock_customers(
    transaction: &mut Transaction,
    customers: &[UserId],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        r#"
        SELECT pg_advisory_xact_lock($2, customer) FROM (
            SELECT DISTINCT hashtext(id::text) AS customer FROM unnest($1::uuid[]) AS id ORDER BY customer
        ) AS sorted
        "#,
        &column(customers, |customer| customer.0),
        CUSTOMERS,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(())
}

/// Gives the keys of refused orders back, in the transaction that claimed them: a refusal is not stored (ORDERS 18).
pub(super) async fn unclaim_keys(
    transaction: &mut Transaction,
    orders: &[&NewOrder],
) -> Result<(), sqlx::Error> {
    let principals = column(orders, |order| order.identity.principal.0);
    let operations = column(orders, |order| order.identity.operation.as_str());
    let keys = column(orders, |order| order.identity.key.as_str());
    let gone = sqlx::query!(
        r#"
        DELETE FROM idempotency_keys AS keys
        USING unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) AS refused (principal, operation, key, order_id)
        WHERE keys.principal = refused.principal AND keys.operation = refused.operation AND keys.key = refused.key
          AND keys.order_id = refused.order_id
        "#,
        &principals,
        &operations as &[&str],
        &keys as &[&str],
        &column(orders, |order| order.id.0),
    )
    .execute(&mut **transaction)
    .await?;
    touched(gone.rows_affected(), orders.len())
}
