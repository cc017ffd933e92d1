//! The statements that write a batch of orders: each takes whole columns and inserts in key order (ORDERS 8).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use db::Transaction;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{
    checkout::model::NewOrder,
    infrastructure::postgres::{column, touched},
    orders::{model::OrderLine, postgres::stored_address::StoredAddress},
    payments::model::NewPayment,
    saga::model::Turn,
    values::Note,
};

/// The HTTP status that a repeated request is answered with.
const CREATED: i16 = 201;

/// What the database adds to an order.
pub(super) struct Stamp {
    id: Uuid,
    pub(super) number: i64,
    pub(super) pay_by: Option<DateTime<Utc>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
}

pub(super) async fn claim_keys(
    transaction: &mut Transaction,
    orders: &[NewOrder],
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let principals = column(orders, |order| order.identity.principal.0);
    let operations = column(orders, |order| order.identity.operation.as_str());
    let keys = column(orders, |order| order.identity.key.as_str());
    let fingerprints = column(orders, |order| order.fingerprint.0.as_slice());
    let ids = column(orders, |order| order.id.0);
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
        &principals,
        &operations as &[&str],
        &keys as &[&str],
        &fingerprints as &[&[u8]],
        &ids,
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
    let currencies = column(orders, |order| order.totals.total.currency.code());
    let items = column(orders, |order| order.totals.items.minor);
    let shipping = column(orders, |order| order.totals.shipping.minor);
    let tax = column(orders, |order| order.totals.tax.minor);
    let discounts = column(orders, |order| order.totals.discount.minor);
    let totals = column(orders, |order| order.totals.total.minor);
    let addresses = column(orders, |order| {
        Json(StoredAddress::of(order.shipping_address.as_ref()))
    });
    let notes = column(orders, |order| order.note.as_ref().map(Note::as_str));
    let pay_within = column(orders, |order| {
        order.pay_within.map(|within| within.as_secs_f64())
    });
    let stamps = sqlx::query_as!(
        Stamp,
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
        &currencies as &[&str],
        &items,
        &shipping,
        &tax,
        &discounts,
        &totals,
        &addresses as &[Json<StoredAddress<'_>>],
        &notes as &[Option<&str>],
        &pay_within as &[Option<f64>],
    )
    .fetch_all(&mut **transaction)
    .await?;
    Ok(stamps.into_iter().map(|stamp| (stamp.id, stamp)).collect())
}

pub(super) async fn insert_items(
    transaction: &mut Transaction,
    orders: &[&NewOrder],
) -> Result<(), sqlx::Error> {
    let lines: Vec<(Uuid, i16, &OrderLine)> = orders
        .iter()
        .flat_map(|order| {
            (0..)
                .zip(&order.lines)
                .map(move |(at, line)| (order.id.0, at, line))
        })
        .collect();
    let ids = column(&lines, |(id, ..)| *id);
    let positions = column(&lines, |(_, position, _)| *position);
    let products = column(&lines, |(.., line)| line.product_id.0);
    let vendors = column(&lines, |(.., line)| line.vendor_id.0);
    let skus = column(&lines, |(.., line)| line.sku.as_str());
    let names = column(&lines, |(.., line)| line.name.as_str());
    let prices = column(&lines, |(.., line)| line.unit_price.minor);
    let quantities = column(&lines, |(.., line)| i64::from(line.quantity.get()));
    let totals = column(&lines, |(.., line)| line.total.minor);
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
        &skus as &[&str],
        &names as &[&str],
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
    let steps = column(orders, |order| order.first_step().as_str());
    let deadlines = column(orders, |order| order.deadline().as_secs_f64());
    // A saga without a fence is not taken yet.
    let fences = column(orders, |order| {
        order.first_turn().map_or(0, |turn| turn.lease.fence)
    });
    let leases = column(&fences, |fence| match fence {
        0 => 0.0,
        _ => Turn::FIRST_LEASE.as_secs_f64(),
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
        &steps as &[&str],
        &deadlines,
        &fences,
        &leases,
    )
    .execute(&mut **transaction)
    .await?;
    touched(written.rows_affected(), ids.len())
}
