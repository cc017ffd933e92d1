//! The audit across databases: silent about a healthy shop, and about each thing that does not add up it says so.

use std::time::Duration;

use order::audit;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    payments::{pay, place, send},
    shop::{Shop, order_of},
};

/// As much of product's tables as the audit reads, filled from what the double holds.
const HOLDS: &str = "
    CREATE TABLE IF NOT EXISTS holds (order_id uuid PRIMARY KEY, state text NOT NULL);
    CREATE TABLE IF NOT EXISTS hold_lines (order_id uuid, sku text, quantity bigint, shipped bigint DEFAULT 0, released bigint DEFAULT 0);
    TRUNCATE holds, hold_lines;
    INSERT INTO holds SELECT id, CASE status WHEN 'confirmed' THEN 'committed' WHEN 'pending' THEN 'held' ELSE 'released' END FROM orders;
    INSERT INTO hold_lines (order_id, sku, quantity) SELECT order_id, sku, quantity FROM order_items";

async fn findings(shop: &Shop) -> Vec<String> {
    let apart = Duration::ZERO;
    let pool = postgres::Pool::from(&shop.pool);
    let mut wrong = audit::books(&pool, apart).await.unwrap();
    wrong.extend(audit::across(&pool, &pool, apart).await.unwrap());
    wrong
}

#[sqlx::test]
async fn what_does_not_add_up_is_found(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    pay(&shop, &customer, "mock_ok").await;
    pay(&shop, &customer, "mock_declined").await;
    place(&shop, &customer, None).await;
    let (cancelled, _) = pay(&shop, &customer, "mock_ok").await;
    let path = format!("/orders/{}/cancel", cancelled.id());
    send(&shop, &customer, &path, Some("a"), &Value::Null).await;
    shop.drive_out().await;
    let (_, refunded) = pay(&shop, &customer, "mock_ok").await;
    let path = format!("/payments/{}/refunds", refunded["id"].as_str().unwrap());
    let body = json!({ "amount": "4.00", "reason": "a scratch" });
    let refund = send(&shop, &shop.admin(), &path, Some("a"), &body).await;
    assert_eq!(refund.status, 201, "{refund:?}");
    shop.drive_out().await;
    sqlx::raw_sql(HOLDS).execute(&shop.pool).await.unwrap();
    assert_eq!(findings(&shop).await, [""; 0]);

    // One thing at a time goes wrong, and is found; then it is made good.
    let damages = [
        (
            "UPDATE mock_provider_operations SET kind = 'void' WHERE kind = 'capture'",
            "UPDATE mock_provider_operations SET kind = 'capture' WHERE kind = 'void'",
            "the provider says",
        ),
        (
            "UPDATE payments SET refunded_minor = refunded_minor - 100 WHERE status = 'partially_refunded'",
            "UPDATE payments SET refunded_minor = refunded_minor + 100 WHERE status = 'partially_refunded'",
            "its refunds say",
        ),
        (
            "UPDATE orders SET payment_status = 'unpaid' WHERE payment_status = 'paid'",
            "UPDATE orders SET payment_status = 'paid' WHERE payment_status = 'unpaid' AND status = 'confirmed'",
            "and its payment",
        ),
        (
            "UPDATE holds SET state = 'released' WHERE state = 'committed'",
            "UPDATE holds SET state = 'committed' FROM orders WHERE id = order_id AND status = 'confirmed'",
            "is confirmed, its hold released",
        ),
        (
            "UPDATE hold_lines SET released = 1",
            "UPDATE hold_lines SET released = 0",
            "units still to ship",
        ),
        (
            "UPDATE holds SET state = 'committed' FROM orders WHERE id = order_id AND status = 'cancelled'",
            "UPDATE holds SET state = 'released' FROM orders WHERE id = order_id AND status = 'cancelled'",
            "is cancelled, its hold committed with 1 units",
        ),
        (
            "INSERT INTO holds VALUES ('01932c5e-7d2a-7c3e-9f00-0242ac120002', 'committed')",
            "DELETE FROM holds WHERE order_id = '01932c5e-7d2a-7c3e-9f00-0242ac120002'",
            "has no order",
        ),
        (
            "UPDATE sagas SET deadline = now() - interval '1 second' WHERE finished_at IS NULL",
            "UPDATE sagas SET deadline = now() + interval '1 hour'",
            "after its deadline",
        ),
        (
            "UPDATE sagas SET finished_at = now() WHERE step = 'wait'",
            "UPDATE sagas SET finished_at = NULL WHERE step = 'wait'",
            "nobody works on it",
        ),
        (
            "DELETE FROM order_events WHERE version = 5",
            "",
            "events up to",
        ),
    ];
    for (damage, repair, said) in damages {
        shop.tamper(damage).await;
        let found = findings(&shop).await;
        assert!(
            found.iter().any(|line| line.contains(said)),
            "{damage}: {found:#?}"
        );
        if !repair.is_empty() {
            shop.tamper(repair).await;
            assert_eq!(findings(&shop).await, [""; 0], "after {repair}");
        }
    }
}

#[sqlx::test]
async fn what_is_under_way_is_not_a_finding(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.place(&shop.customer(), "a", &order_of(&[("MUG-1", 2)]))
        .await;
    sqlx::raw_sql(HOLDS).execute(&shop.pool).await.unwrap();
    shop.tamper("UPDATE holds SET state = 'committed'").await;
    assert_eq!(findings(&shop).await, [""; 0]);
}
