//! Shipping and cancelling at once: the later request is refused, and no request to cancel stays open unnoticed.

use order::saga::ports::Sagas;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::send,
    shop::{Answer, Shop},
};

async fn cancel(shop: &Shop, order: &Answer, key: &str) -> Answer {
    let path = format!("/orders/{}/cancel", order.id());
    send(shop, &shop.admin(), &path, Some(key), &Value::Null).await
}

async fn events(shop: &Shop) -> Vec<String> {
    sqlx::query_scalar("SELECT event_type FROM order_events ORDER BY order_id, version")
        .fetch_all(&shop.pool)
        .await
        .unwrap()
}

#[sqlx::test]
async fn what_is_about_to_leave_as_a_whole_is_not_cancelled(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 2)]).await;
    shop.ship_all(&shop.admin(), &order).await;
    let late = cancel(&shop, &order, "late").await;
    assert_eq!(late.refusal(), (409, "order_shipped"), "{late:?}");
    shop.shipper().run_once().await.unwrap();
    let shipped = shop.order(&order).await;
    assert_eq!(shipped["fulfillment_status"], "shipped");
    assert!(shipped.get("cancel_requested_at").is_none());
}

#[sqlx::test]
async fn what_is_left_of_it_is_cancelled_once_the_parcel_has_gone(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let admin = shop.admin();
    let order = shop.confirmed(&[("MUG-1", 2)]).await;
    let part = json!({ "items": [{ "sku": "MUG-1", "quantity": 1 }] });
    let parcel = shop.pack(&admin, &order, &part).await;
    assert_eq!(shop.step(&admin, &parcel, "ship").await.status, 202);
    assert_eq!(cancel(&shop, &order, "rest").await.status, 202);
    shop.drive_out().await;
    assert_eq!(
        shop.order(&order).await["status"],
        "confirmed",
        "the parcel goes first"
    );
    shop.shipper().run_once().await.unwrap();
    shop.drive_on().await;
    shop.execute("UPDATE sagas SET due_at = now() WHERE finished_at IS NULL")
        .await;
    shop.drive_out().await;
    assert_eq!(shop.order(&order).await["status"], "cancelled");
}

#[sqlx::test]
async fn a_parcel_that_product_refuses_leaves_the_order_to_be_cancelled(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 1)]).await;
    let parcel = shop.ship_all(&shop.admin(), &order).await;
    let bare = parcel.strip_prefix("ful_").unwrap().to_owned();
    shop.product
        .bend(&bare, |entry| entry["outcome"] = json!("too_many"));
    shop.shipper().run_once().await.unwrap();
    assert_eq!(cancel(&shop, &order, "now").await.status, 202);
    shop.drive_out().await;
    assert_eq!(shop.order(&order).await["status"], "cancelled");
}

/// As the previous release leaves them, and as two replicas of both releases may.
#[sqlx::test]
async fn a_request_that_came_too_late_ends_with_an_event(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let [shipped, completed] = [
        shop.confirmed(&[("MUG-1", 1)]).await,
        shop.confirmed(&[("CUP-1", 1)]).await,
    ];
    for order in [&shipped, &completed] {
        shop.ship_all(&shop.admin(), order).await;
    }
    shop.shipper().run_once().await.unwrap();
    shop.tamper("UPDATE orders SET cancel_requested_at = now(), cancel_requested_by = user_id")
        .await;
    shop.tamper("UPDATE sagas SET finished_at = now()").await;
    let path = format!("/api/v1/orders/{}/status", completed.id());
    let body = json!({ "status": "completed" });
    let done = shop
        .ask(&shop.admin(), "PUT", &path, &[("if-match", "*")], &body)
        .await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(shop.sagas().reopen_unsettled().await.unwrap(), 2);
    shop.drive_out().await;
    for (order, status) in [(&shipped, "confirmed"), (&completed, "completed")] {
        let read = shop.order(order).await;
        assert_eq!(read["status"], status);
        assert!(read.get("cancel_requested_at").is_none(), "{read}");
    }
    let refused = events(&shop).await;
    let refused = refused
        .iter()
        .filter(|event| *event == "order.cancel_refused");
    assert_eq!(refused.count(), 2);
    assert_eq!(shop.sagas().reopen_unsettled().await.unwrap(), 0);
}
