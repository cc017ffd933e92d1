//! The audit of orders: it finds nothing in a consistent shop, and each kind of inconsistency.

mod a_million_orders;
mod damaged;
mod internal_port;

use std::time::Duration;

use ::audit::{Audited, Finding};
use axum::http::StatusCode;
use db::testing::eventually;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use self::damaged::Damaged;
use crate::{
    api::returns::create_return::shipped,
    support::{
        product::{Bend, Fault},
        shop::{Shop, order_of},
    },
};

const STRANGER: &str = "01932c5e-7d2a-7c3e-9f00-0242ac120002";
const HOUR: Duration = Duration::from_hours(1);

fn codes(findings: &[Finding]) -> Vec<&str> {
    findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect()
}

#[sqlx::test]
async fn every_kind_of_wrong_row_is_found(pool: PgPool) {
    let damaged = Damaged::open(pool).await;
    let shop = &damaged.shop;
    assert_eq!(shop.findings().await, []);
    let (back, paid) = (damaged.back, damaged.paid);
    let of_back = format!("WHERE order_id = '{back}'");
    let of_paid = format!("WHERE order_id = '{paid}'");
    // Each damage is planted alone and repaired afterwards.
    let damages = [
        ("order_total", format!("UPDATE orders SET items_minor = items_minor + 1, total_minor = total_minor + 1 WHERE id = '{paid}'")),
        ("order_total", format!("UPDATE orders SET tax_minor = tax_minor + 1 WHERE id = '{paid}'")),
        ("line_total", format!("UPDATE order_items SET unit_price_minor = unit_price_minor + 1 {of_paid}")),
        ("order_without_lines", format!("DELETE FROM order_items {of_paid}")),
        ("units_allotted", format!("UPDATE order_items SET allotted = 1 {of_paid}")),
        ("units_shipped", format!("UPDATE order_items SET shipped = shipped - 1 {of_back}")),
        ("units_delivered", format!("UPDATE order_items SET delivered = delivered - 1 {of_back}")),
        ("units_returned", format!("UPDATE order_items SET returned = returned + 1 {of_back}")),
        ("units_exceeded", format!("UPDATE order_items SET short = 1 {of_back}")),
        ("units_short", format!("UPDATE order_items SET short = 1 {of_paid}")),
        ("shortfall_total", format!("UPDATE orders SET shortfall_minor = 1, shortfall_refunded_minor = 1 WHERE id = '{paid}'")),
        ("fulfillment_status", format!("UPDATE orders SET fulfillment_status = 'unfulfilled' WHERE id = '{back}'")),
        ("parcel_stuck", format!("UPDATE fulfillments SET status = 'shipping', updated_at = now() - interval '1 hour' {of_back}")),
        ("return_stuck", format!("UPDATE returns SET status = 'receiving', updated_at = now() - interval '1 hour' {of_back}")),
        ("saga_stuck", "UPDATE sagas SET deadline = now() - interval '1 second' WHERE finished_at IS NULL".to_owned()),
        ("order_without_saga", "UPDATE sagas SET finished_at = now() WHERE step = 'wait'".to_owned()),
        ("cancellation_open", format!("UPDATE orders SET cancel_requested_at = now(), cancel_requested_by = user_id WHERE id = '{paid}'")),
        ("order_hold", format!("UPDATE orders SET hold = 'released' WHERE id = '{paid}'")),
        ("captured_twice", format!("INSERT INTO payments SELECT (jsonb_populate_record(payments, jsonb_build_object('id', '{STRANGER}'))).* FROM payments {of_paid}")),
        ("shipped_unpaid", format!("UPDATE payments SET status = 'voided', captured_minor = 0, refunded_minor = 0 {of_back}")),
        ("shipped_unpaid", format!("UPDATE order_items SET allotted = 1, shipped = 1 {of_paid}; UPDATE payments SET status = 'authorized', captured_minor = 0 {of_paid}")),
        ("payment_status", format!("UPDATE orders SET payment_status = 'unpaid' WHERE id = '{paid}'")),
        ("payment_missing", format!("DELETE FROM payments {of_paid}")),
        ("confirmed_unpaid", format!("UPDATE payments SET status = 'failed', captured_minor = 0 {of_paid}")),
        ("cancelled_with_payment", "UPDATE payments SET status = 'authorized' FROM orders WHERE orders.id = order_id AND orders.status = 'cancelled'".to_owned()),
        ("refund_owed", "UPDATE payments SET refunded_minor = refunded_minor - 1 FROM orders WHERE orders.id = order_id AND orders.status = 'cancelled'".to_owned()),
        ("refund_refused", "UPDATE refunds SET status = 'failed' WHERE cause = 'cancelled'; UPDATE payments SET refunded_minor = 0, status = 'captured' FROM orders WHERE orders.id = order_id AND orders.status = 'cancelled'".to_owned()),
        ("refund_refused", format!("UPDATE refunds SET status = 'failed' WHERE cause = 'returned'; UPDATE payments SET refunded_minor = 0, status = 'captured' {of_back}")),
        ("shortfall_owed", format!("UPDATE orders SET shortfall_minor = 999, updated_at = now() - interval '1 hour' WHERE id = '{paid}'")),
        ("payment_decision", format!("UPDATE payments SET decision = 'void' {of_paid}")),
        ("refunds", "UPDATE payments SET refunded_minor = refunded_minor - 100 WHERE status = 'partially_refunded'".to_owned()),
        ("provider_ledger", "UPDATE mock_provider_operations SET kind = 'void' WHERE kind = 'capture'".to_owned()),
        ("provider_keeps", format!("UPDATE payments SET status = 'voided', captured_minor = 0 {of_paid}; DELETE FROM mock_provider_operations WHERE kind = 'capture'")),
        ("provider_unknown", format!("UPDATE payments SET id = '{STRANGER}' {of_paid}")),
        ("event_gap", format!("DELETE FROM order_events {of_paid} AND version = 3")),
        ("event_without_order", format!("UPDATE order_events SET order_id = '{STRANGER}' {of_paid}")),
        ("event_unpublished", format!("DELETE FROM published_events {of_paid} AND version = 2; INSERT INTO unpublished_events SELECT partition, order_id, version FROM order_events {of_paid} AND version = 2")),
        ("event_unqueued", format!("DELETE FROM published_events {of_paid} AND version = 2")),
        ("event_published_twice", format!("INSERT INTO published_events SELECT partition, sequence + 1000, order_id, version FROM published_events {of_paid} AND version = 2; UPDATE event_partitions SET last_sequence = last_sequence + 2000")),
        ("order_unreadable", format!("UPDATE orders SET status = 'teleported' WHERE id = '{paid}'")),
        ("hold_total", format!("UPDATE orders SET items_minor = items_minor - 1 WHERE id = '{paid}'")),
        ("hold_units", format!("UPDATE order_items SET quantity = quantity + 1 {of_paid}")),
        ("hold_units", format!("UPDATE order_items SET sku = 'CUP-1' {of_paid}")),
        ("hold_shipped", format!("UPDATE order_items SET shipped = shipped - 1 {of_back} AND sku = 'MUG-1'")),
        ("hold_returned", format!("UPDATE return_lines SET quantity = quantity + 1 FROM returns {of_back} AND return_id = returns.id")),
        ("hold_state", "UPDATE orders SET status = 'confirmed' WHERE status = 'cancelled'".to_owned()),
    ];
    for (code, damage) in damages {
        damaged.plant(&damage).await;
        let found = shop.findings().await;
        assert!(
            codes(&found).contains(&code),
            "{code}: {damage}: {found:#?}"
        );
        damaged.mend().await;
    }
    assert_eq!(shop.findings().await, []);
}

#[sqlx::test]
async fn holds_that_do_not_fit_are_found(pool: PgPool) {
    let damaged = Damaged::open(pool).await;
    let shop = &damaged.shop;
    let bends: [(&str, Bend); 6] = [
        ("hold_state", |hold| hold["state"] = "released".into()),
        ("hold_state", |hold| hold["state"] = "melted".into()),
        ("hold_total", |hold| hold["total_minor"] = 1.into()),
        ("hold_units", |hold| hold["lines"][0]["released"] = 1.into()),
        ("hold_units", |hold| hold["lines"] = json!([])),
        ("hold_shipped", |hold| {
            hold["lines"][0]["shipped"] = 1.into();
        }),
    ];
    let hold = format!("hold of {}", damaged.paid);
    for (code, bend) in bends {
        shop.product.bend(&hold, bend);
        let found = shop.findings().await;
        assert_eq!(codes(&found), [code], "{found:#?}");
        shop.product.unbend();
    }
    let stranger: Uuid = STRANGER.parse().unwrap();
    shop.product.orphan(stranger, 60.0);
    assert_eq!(shop.findings().await, [], "it may get its order yet");
    shop.product.orphan(stranger, 3_600.0);
    assert_eq!(codes(&shop.findings().await), ["hold_without_order"]);
    shop.product.no_orphans();
    assert_eq!(shop.findings().await, []);
}

#[sqlx::test]
async fn a_row_that_cannot_be_read_is_a_finding_and_stops_nothing(pool: PgPool) {
    let damaged = Damaged::open(pool).await;
    for change in [
        "status = 'teleported'",
        "payment_status = 'bartered'",
        "fulfillment_status = 'dropped'",
        "currency = 'QQQ'",
        "currency = ''",
        "shipping_address = '7'",
        "shipping_address = jsonb_set(shipping_address, '{name}', '7')",
        "created_at = 'infinity'",
        "updated_at = '-infinity'",
    ] {
        // A wrong row is found although another one is unreadable.
        damaged
            .plant(&format!(
                "UPDATE orders SET {change} WHERE id = '{}';
                 UPDATE orders SET tax_minor = 9223372036854775807 WHERE id = '{}'",
                damaged.paid, damaged.back
            ))
            .await;
        let found = damaged.shop.findings().await;
        let codes = codes(&found);
        assert!(codes.contains(&"order_unreadable"), "{change}: {found:#?}");
        assert!(codes.contains(&"order_total"), "{change}: {found:#?}");
        damaged.mend().await;
    }
    for line in ["sku = ''", "quantity = 0", "quantity = 2147483647"] {
        let line = format!(
            "UPDATE order_items SET {line} WHERE order_id = '{}'",
            damaged.paid
        );
        damaged.plant(&line).await;
        let found = damaged.shop.findings().await;
        assert!(codes(&found).contains(&"order_unreadable"), "{found:#?}");
        damaged.mend().await;
    }
}

#[sqlx::test]
async fn every_order_is_read_whatever_the_chunks(pool: PgPool) {
    let damaged = Damaged::open(pool).await;
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM orders ORDER BY id")
        .fetch_all(&damaged.shop.pool)
        .await
        .unwrap();
    let all = ids.len() as u64;
    for chunk in [1, 2, 3, i64::try_from(ids.len()).unwrap(), 100] {
        let mut auditor = damaged.shop.auditor();
        auditor.source.chunk = chunk;
        let Audited::Done(findings, checked) = auditor.run().await.unwrap() else {
            unreachable!()
        };
        assert_eq!((findings.count(), checked), (0, all), "chunks of {chunk}");
        damaged
            .plant("UPDATE orders SET tax_minor = tax_minor + 1")
            .await;
        let Audited::Done(findings, _) = auditor.run().await.unwrap() else {
            unreachable!()
        };
        assert_eq!(findings.count(), all, "chunks of {chunk}");
        damaged.mend().await;
    }
}

#[sqlx::test]
async fn what_lands_meanwhile_is_not_a_finding(pool: PgPool) {
    let damaged = Damaged::open(pool).await;
    let mut auditor = damaged.shop.auditor();
    auditor.source.patience = Duration::from_secs(2);
    damaged
        .plant("UPDATE orders SET tax_minor = tax_minor + 1")
        .await;
    let mend = async {
        // It compares the orders with product's holds after it has read them.
        eventually("the first reading", async || {
            !damaged.shop.product.calls("holds").is_empty()
        })
        .await;
        damaged.mend().await;
    };
    let (audited, ()) = tokio::join!(auditor.run(), mend);
    assert!(matches!(audited.unwrap(), Audited::Done(findings, _) if findings.count() == 0));
}

#[sqlx::test]
async fn what_is_under_way_is_not_a_finding(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop
        .place(&shop.customer(), "a", &order_of(&[("MUG-1", 2)]))
        .await;
    let commit: Bend = |hold| hold["state"] = "committed".into();
    shop.product
        .bend(&format!("hold of {}", order.uuid()), commit);
    assert_eq!(shop.findings().await, []);
}

/// Whether an order is paid for is decided by the order, whatever the states of its payments.
#[sqlx::test]
async fn goods_of_a_free_shop_owe_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shipped(&shop, &shop.customer(), &[("MUG-1", 3)]).await;
    assert_eq!(shop.findings().await, []);
}

#[sqlx::test]
async fn of_two_replicas_one_audits(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (one, two) = (shop.auditor(), shop.twin().auditor());
    let never = one.take_turn(Duration::ZERO).await.unwrap();
    assert!(!never, "on request only");
    let (first, second) = tokio::join!(one.take_turn(HOUR), two.take_turn(HOUR));
    assert!(first.unwrap() != second.unwrap());
    assert_eq!(shop.count("order_audits").await, 1);
    assert!(!two.take_turn(HOUR).await.unwrap(), "the result is new");
    shop.execute("UPDATE order_audits SET finished_at = finished_at - interval '2 hours'")
        .await;
    let mut other = shop.pool.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('order.audit', 0))")
        .execute(&mut *other)
        .await
        .unwrap();
    assert!(!two.take_turn(HOUR).await.unwrap(), "another one audits");
    assert!(matches!(two.run().await.unwrap(), Audited::Busy));
    other.rollback().await.unwrap();
    assert!(two.take_turn(HOUR).await.unwrap());
    assert_eq!(shop.count("order_audits").await, 2);
}

#[sqlx::test]
async fn without_product_there_is_no_result(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.product.next(Fault::Answer(StatusCode::NOT_FOUND));
    assert!(shop.auditor().run().await.is_err());
    assert_eq!(shop.count("order_audits").await, 0);
    assert_eq!(shop.findings().await, []);
}

/// A million orders are read over a connection of its own: the limits of requests do not end it.
#[sqlx::test]
async fn the_time_limit_of_requests_does_not_end_it(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let mut other = shop.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE order_items IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *other)
        .await
        .unwrap();
    let mut auditor = shop.auditor();
    auditor.options = auditor
        .options
        .options([("lock_timeout", "50ms"), ("statement_timeout", "100ms")]);
    let unlock = async {
        let waits =
            "pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                     AND clock_timestamp() - query_start > interval '200 ms'";
        eventually("it has waited for longer", async || {
            shop.count(waits).await == 1
        })
        .await;
        other.rollback().await.unwrap();
    };
    let (audited, ()) = tokio::join!(auditor.run(), unlock);
    assert!(matches!(audited.unwrap(), Audited::Done(findings, 0) if findings.count() == 0));
}
