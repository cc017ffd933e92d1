//! The statements that write a batch of orders: each takes whole columns and inserts in key order (ORDERS 8).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use db::Transaction;
use uuid::Uuid;

use crate::{
    checkout::model::NewOrder,
    infrastructure::postgres::{column, touched},
    orders::postgres::stored_address::StoredAddress,
    payments::model::NewPayment,
    saga::model::Turn,
};

/// The HTTP status that a repeated request is answered with.
const CREATED: i16 = 201;

/// What the database adds to an order.
pub(super) struct Stamp {
    pub(super) number: i64,
    pub(super) pay_by: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

/// The idempotency keys of orders, column by column, and the orders they are for.
pub(super) struct KeyColumns {
    pub(super) principals: Vec<Uuid>,
    pub(super) operations: Vec<String>,
    pub(super) keys: Vec<String>,
    pub(super) ids: Vec<Uuid>,
}

impl KeyColumns {
    pub(super) fn of<'o>(orders: impl IntoIterator<Item = &'o NewOrder>) -> Self {
        let mut columns = Self {
            principals: Vec::new(),
            operations: Vec::new(),
            keys: Vec::new(),
            ids: Vec::new(),
        };
        for order in orders {
            let identity = &order.identity;
            columns.principals.push(identity.principal.0);
            columns
                .operations
                .push(identity.operation.as_str().to_owned());
            columns.keys.push(identity.key.clone());
            columns.ids.push(order.id.0);
        }
        columns
    }
}

pub(super) async fn claim_keys(
    transaction: &mut Transaction,
    orders: &[NewOrder],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let columns = KeyColumns::of(orders);
    let fingerprints = column(orders, |order| order.fingerprint.0.to_vec());
    let claimed = sqlx::query_scalar!(
        r#"
        INSERT INTO idempotency_keys (principal, operation, key, fingerprint, order_id, status)
        SELECT principal, operation, key, fingerprint, order_id, $6::smallint
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::uuid[])
             AS new (principal, operation, key, fingerprint, order_id)
        ORDER BY principal, operation COLLATE "C", key COLLATE "C"
        ON CONFLICT (principal, operation, key) DO NOTHING
        RETURNING order_id
        "#,
        &columns.principals,
        &columns.operations,
        &columns.keys,
        &fingerprints,
        &columns.ids,
        CREATED,
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(claimed.into_iter().collect())
}

pub(super) async fn insert_orders(
    transaction: &mut Transaction,
    orders: &[&NewOrder],
) -> Result<HashMap<Uuid, Stamp>, sqlx::Error> {
    let ids = column(orders, |order| order.id.0);
    let users = column(orders, |order| order.identity.principal.0);
    let currencies = column(orders, |order| order.totals.currency().code().to_owned());
    let items = column(orders, |order| order.totals.items.minor);
    let shipping = column(orders, |order| order.totals.shipping.minor);
    let tax = column(orders, |order| order.totals.tax.minor);
    let discounts = column(orders, |order| order.totals.discount.minor);
    let totals = column(orders, |order| order.totals.total.minor);
    let addresses: Vec<serde_json::Value> = orders
        .iter()
        .map(|order| serde_json::to_value(StoredAddress::of(order.shipping_address.as_ref())))
        .collect::<Result<_, _>>()
        .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let notes = column(orders, |order| {
        order.note.as_ref().map(|note| note.as_str().to_owned())
    });
    let pay_within = column(orders, |order| {
        order.pay_within.map(|within| within.as_secs_f64())
    });
    let rows = sqlx::query!(
        r#"
        INSERT INTO orders (id, user_id, currency, items_minor, shipping_minor, tax_minor, discount_minor, total_minor,
                            shipping_address, note, pay_by)
        SELECT id, user_id, currency, items_minor, shipping_minor, tax_minor, discount_minor, total_minor,
               shipping_address, note, now() + make_interval(secs => pay_within)
        FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
                    $8::bigint[], $9::jsonb[], $10::text[], $11::float8[])
             AS new (id, user_id, currency, items_minor, shipping_minor, tax_minor, discount_minor, total_minor,
                     shipping_address, note, pay_within)
        ORDER BY id
        ON CONFLICT (id) DO NOTHING
        RETURNING id, number, pay_by, created_at, updated_at
        "#,
        &ids,
        &users,
        &currencies,
        &items,
        &shipping,
        &tax,
        &discounts,
        &totals,
        &addresses,
        &notes as &[Option<String>],
        &pay_within as &[Option<f64>],
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let stamp = Stamp {
                number: row.number,
                pay_by: row.pay_by,
                created_at: row.created_at,
                updated_at: row.updated_at,
            };
            (row.id, stamp)
        })
        .collect())
}

pub(super) async fn insert_items(
    transaction: &mut Transaction,
    orders: &[&NewOrder],
) -> Result<(), sqlx::Error> {
    let (mut ids, mut positions, mut products, mut vendors) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut skus, mut names, mut prices) = (Vec::new(), Vec::new(), Vec::new());
    let (mut quantities, mut totals) = (Vec::new(), Vec::new());
    for order in orders {
        for (position, line) in (0_i16..).zip(&order.lines) {
            ids.push(order.id.0);
            positions.push(position);
            products.push(line.product_id.0);
            vendors.push(line.vendor_id.0);
            skus.push(line.sku.as_str().to_owned());
            names.push(line.name.clone());
            prices.push(line.unit_price.minor);
            quantities.push(i64::from(line.quantity.get()));
            totals.push(line.total.minor);
        }
    }
    let written = sqlx::query!(
        r#"
        INSERT INTO order_items (order_id, position, product_id, vendor_id, sku, name, unit_price_minor, quantity,
                                 line_total_minor)
        SELECT order_id, position, product_id, vendor_id, sku, name, unit_price_minor, quantity::integer, line_total_minor
        FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[],
                    $8::bigint[], $9::bigint[])
             AS new (order_id, position, product_id, vendor_id, sku, name, unit_price_minor, quantity, line_total_minor)
        ORDER BY order_id, position
        "#,
        &ids,
        &positions,
        &products,
        &vendors,
        &skus,
        &names,
        &prices,
        &quantities,
        &totals,
    )
    .execute(&mut **transaction)
    .await?;
    touched(written.rows_affected(), ids.len())
}

/// Payments that begin with their orders.
pub(super) async fn insert_payments(
    transaction: &mut Transaction,
    orders: &[&NewOrder],
) -> Result<(), sqlx::Error> {
    let begun: Vec<(&NewOrder, &NewPayment)> = orders
        .iter()
        .filter_map(|order| Some((*order, order.payment.as_ref()?)))
        .collect();
    if begun.is_empty() {
        return Ok(());
    }
    let rows = column(&begun, |(order, payment)| {
        serde_json::json!({
            "id": payment.id.0,
            "order_id": order.id.0,
            "user_id": order.identity.principal.0,
            "provider": payment.provider.as_str(),
            "method": payment.method.as_str(),
            "capture": payment.capture.as_str(),
            "currency": order.totals.currency().code(),
            "amount_minor": order.totals.total.minor,
        })
    });
    let written = sqlx::query!(
        r#"
        INSERT INTO payments (id, order_id, user_id, provider, method, capture, currency, amount_minor)
        SELECT id, order_id, user_id, provider, method, capture, currency, amount_minor
        FROM jsonb_to_recordset($1)
             AS new (id uuid, order_id uuid, user_id uuid, provider text, method text, capture text, currency text,
                     amount_minor bigint)
        ORDER BY order_id
        "#,
        serde_json::Value::Array(rows),
    )
    .execute(&mut **transaction)
    .await?;
    touched(written.rows_affected(), begun.len())
}

pub(super) async fn insert_sagas(
    transaction: &mut Transaction,
    orders: &[&NewOrder],
) -> Result<(), sqlx::Error> {
    let ids = column(orders, |order| order.id.0);
    let steps = column(orders, |order| order.first_step().as_str().to_owned());
    let deadlines = column(orders, |order| order.deadline().as_secs_f64());
    let first = column(orders, |order| order.first_turn());
    let fences = column(&first, |turn| {
        turn.as_ref().map_or(0, |turn| turn.lease.fence)
    });
    let leases = column(&first, |turn| {
        turn.as_ref()
            .map_or(0.0, |_| Turn::FIRST_LEASE.as_secs_f64())
    });
    let written = sqlx::query!(
        r#"
        INSERT INTO sagas (order_id, step, deadline, fence, attempts, due_at)
        SELECT order_id, step, now() + make_interval(secs => deadline), fence, fence::integer,
               now() + make_interval(secs => lease)
        FROM unnest($1::uuid[], $2::text[], $3::float8[], $4::bigint[], $5::float8[])
             AS new (order_id, step, deadline, fence, lease)
        ORDER BY order_id
        "#,
        &ids,
        &steps,
        &deadlines,
        &fences,
        &leases,
    )
    .execute(&mut **transaction)
    .await?;
    touched(written.rows_affected(), ids.len())
}
