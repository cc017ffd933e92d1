//! `POST /orders/{id}/cancel`, and `DELETE /orders/{id}` as its alias.

use access::Role;
use axum::http::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::{call, pay, payment_of, place, send},
    shop::{Answer, Person, Shop, order_of},
};

async fn cancel(shop: &Shop, person: &Person, order: &Answer, key: &str) -> Answer {
    let path = format!("/orders/{}/cancel", order.id());
    send(shop, person, &path, Some(key), &Value::Null).await
}

async fn read(shop: &Shop, person: &Person, order: &Answer) -> Value {
    let path = format!("/api/v1/orders/{}", order.id());
    shop.get(person, &path).await.body
}

#[sqlx::test]
async fn an_order_is_cancelled_and_its_units_go_back(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    for driven_before in [false, true] {
        let key = if driven_before { "a" } else { "b" };
        let order = shop
            .place(&customer, key, &order_of(&[("MUG-1", 2), ("CUP-1", 1)]))
            .await;
        if driven_before {
            shop.drive_out().await;
            assert_eq!(read(&shop, &customer, &order).await["status"], "confirmed");
        }
        let wanted = cancel(&shop, &customer, &order, key).await;
        assert_eq!(wanted.status, 202, "{wanted:?}");
        assert!(wanted.body["cancel_requested_at"].is_string());
        shop.drive_out().await;
        let order = read(&shop, &customer, &order).await;
        assert_eq!(
            (&order["status"], &order["cancel_reason"]),
            (&json!("cancelled"), &json!("requested"))
        );
        let units = (
            shop.product.available("MUG-1"),
            shop.product.available("CUP-1"),
        );
        assert_eq!(units, (100, 100));
    }
    assert_eq!(shop.count("sagas WHERE finished_at IS NULL").await, 0);
}

#[sqlx::test]
async fn what_was_paid_goes_back(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let (order, payment) = pay(&shop, &customer, "mock_ok").await;
    assert_eq!(payment["status"], "captured");
    cancel(&shop, &customer, &order, "a").await;
    shop.drive_out().await;
    let (order_now, payment) = (
        read(&shop, &customer, &order).await,
        payment_of(&shop, &customer, &order).await,
    );
    assert_eq!(
        (&order_now["status"], &order_now["payment_status"]),
        (&json!("cancelled"), &json!("refunded"))
    );
    assert_eq!(payment["status"], "refunded");
    let returned = shop
        .count("mock_provider_ledger WHERE captured_minor = 999 AND refunded_minor = 999")
        .await;
    assert_eq!((returned, shop.product.available("MUG-1")), (1, 100));
}

#[sqlx::test]
async fn asking_again_changes_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    let first = cancel(&shop, &customer, &order, "a").await;
    let again = cancel(&shop, &customer, &order, "a").await;
    assert_eq!((again.replayed(), &again.body), (true, &first.body));
    let other_key = cancel(&shop, &customer, &order, "b").await;
    assert_eq!(
        (
            other_key.status.as_u16(),
            other_key.replayed(),
            &other_key.body
        ),
        (202, false, &first.body)
    );
    let path = format!("/orders/{}", order.id());
    let deleted = call(
        &shop,
        Method::DELETE,
        &customer,
        &path,
        Some("b"),
        &Value::Null,
    )
    .await;
    assert!(deleted.replayed(), "the aliases share their keys");
    shop.drive_out().await;
    let ended = cancel(&shop, &customer, &order, "c").await;
    assert_eq!(
        (ended.status.as_u16(), &ended.body["status"]),
        (202, &json!("cancelled"))
    );
    // A repeated request adds no work for the sagas, and hides no stuck one.
    assert_eq!(shop.count("sagas WHERE finished_at IS NULL").await, 0);
    shop.drive_out().await;
    assert_eq!(shop.product.calls("release").len(), 1);
}

#[sqlx::test]
async fn who_may_cancel_what(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, stranger) = (shop.customer(), shop.customer());
    let order = place(&shop, &customer, None).await;
    let other = place(&shop, &customer, None).await;
    assert_eq!(
        cancel(&shop, &stranger, &order, "a").await.refusal(),
        (404, "not_found")
    );
    let vendor = shop.person(&[Role::Vendor]);
    assert_eq!(
        cancel(&shop, &vendor, &order, "a").await.refusal(),
        (403, "forbidden")
    );
    let path = format!("/orders/{}/cancel", order.id());
    let no_key = send(&shop.strict(), &customer, &path, None, &Value::Null).await;
    assert_eq!(no_key.refusal(), (400, "idempotency_key_required"));
    assert_eq!(cancel(&shop, &shop.admin(), &order, "a").await.status, 202);
    cancel(&shop, &customer, &order, "a").await;
    assert_eq!(
        cancel(&shop, &customer, &other, "a").await.refusal(),
        (422, "idempotency_key_reused")
    );
}

#[sqlx::test]
async fn of_a_partly_shipped_order_the_rest_is_cancelled(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let mut body = order_of(&[("MUG-1", 2), ("CUP-1", 1)]);
    body["payment_method"] = json!("mock_ok");
    let order = shop.place(&customer, "a", &body).await;
    shop.drive_out().await;
    shop.tamper("UPDATE order_items SET allotted = 1, shipped = 1 WHERE sku = 'MUG-1'")
        .await;
    shop.tamper("UPDATE orders SET fulfillment_status = 'partial'")
        .await;
    cancel(&shop, &customer, &order, "b").await;
    // Another shipment is being reported to product: the remaining units are not known.
    shop.execute(
        "INSERT INTO fulfillments (id, order_id, status) SELECT gen_random_uuid(), id, 'shipping' FROM orders",
    )
    .await;
    shop.drive_out().await;
    assert_eq!(read(&shop, &customer, &order).await["status"], "confirmed");
    assert!(shop.product.calls("release").is_empty());
    shop.execute("UPDATE fulfillments SET status = 'shipped'")
        .await;
    shop.execute("UPDATE sagas SET due_at = now()").await;
    shop.drive_out().await;

    let order_now = read(&shop, &customer, &order).await;
    assert_eq!(
        (&order_now["status"], &order_now["payment_status"]),
        (&json!("cancelled"), &json!("partially_refunded"))
    );
    let refunded: i64 = sqlx::query_scalar("SELECT refunded_minor FROM payments")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(refunded, 999 + 250);
}

#[sqlx::test]
async fn what_is_wholly_shipped_or_done_with_is_not_cancelled(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    shop.drive_out().await;
    shop.tamper("UPDATE orders SET fulfillment_status = 'shipped'")
        .await;
    assert_eq!(
        cancel(&shop, &customer, &order, "a").await.refusal(),
        (409, "order_shipped")
    );
    shop.tamper("UPDATE orders SET status = 'completed'").await;
    assert_eq!(
        cancel(&shop, &customer, &order, "a").await.refusal(),
        (409, "order_not_cancellable")
    );
    assert_eq!(shop.count("sagas WHERE finished_at IS NULL").await, 0);
}
