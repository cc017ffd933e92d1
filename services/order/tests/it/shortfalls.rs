//! Units that committed orders lost: the order is cancelled or partly refunded, and the shortfall is confirmed to
//! product.

use clock::{Ids, Jitter};
use order::{
    infrastructure::{postgres::PgOrders, product_client::CatalogHttp},
    shortfalls::HandleShortfalls,
};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::{pay, send, settle},
    product::Fault,
    shop::{Answer, Shop, order_of},
};

impl Shop {
    fn handler(&self) -> HandleShortfalls<CatalogHttp, PgOrders> {
        HandleShortfalls {
            product: self.reservations.clone(),
            store: PgOrders::shared(&self.pool, Jitter::random()),
        }
    }

    async fn handle(&self) -> usize {
        self.handler().round(None).await.unwrap().settled
    }
}

async fn events(shop: &Shop, order: &Answer) -> Vec<String> {
    sqlx::query_scalar("SELECT event_type FROM order_events WHERE order_id = $1 ORDER BY version")
        .bind(order.uuid())
        .fetch_all(&shop.pool)
        .await
        .unwrap()
}

async fn books_agree(shop: &Shop) {
    let mut wrong = shop.findings().await;
    // The stand-in for product releases and loses whole holds only.
    wrong.retain(|finding| !finding.code.starts_with("hold_"));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[sqlx::test]
async fn an_order_with_nothing_left_is_cancelled_and_refunded(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let (order, _) = pay(&shop, &customer, "mock_ok").await;
    shop.product.fall_short(order.uuid(), "MUG-1", 1);
    assert_eq!(shop.handle().await, 1);
    settle(&shop).await;
    let read = shop.order(&order).await;
    assert_eq!(
        (
            &read["status"],
            &read["payment_status"],
            &read["cancel_reason"]
        ),
        (&json!("cancelled"), &json!("refunded"), &json!("shortfall"))
    );
    let told = events(&shop, &order).await;
    assert!(told.contains(&"order.shortfall".to_owned()), "{told:?}");
    assert!(shop.product.open_shortfalls().is_empty());
    assert_eq!(shop.handle().await, 0);
    books_agree(&shop).await;
}

#[sqlx::test]
async fn what_fell_short_is_refunded_and_the_rest_is_shipped(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let mut body = order_of(&[("MUG-1", 3), ("CUP-1", 1)]);
    body["payment_method"] = json!("mock_ok");
    let order = shop.place(&customer, "a", &body).await;
    settle(&shop).await;
    shop.product.fall_short(order.uuid(), "MUG-1", 2);
    assert_eq!(shop.handle().await, 1);
    settle(&shop).await;
    let read = shop.order(&order).await;
    assert_eq!(
        (&read["status"], &read["payment_status"]),
        (&json!("confirmed"), &json!("partially_refunded"))
    );
    let back: i64 = sqlx::query_scalar("SELECT refunded_minor FROM payments")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(back, 2 * 999);
    // One mug and one cup remain, and with them the order is shipped, delivered and completed.
    let parcel = shop.ship_all(&admin, &order).await;
    shop.shipper().run_once().await.unwrap();
    assert_eq!(shop.product.gone(order.uuid(), "MUG-1"), 1);
    assert_eq!(shop.order(&order).await["fulfillment_status"], "shipped");
    assert_eq!(shop.step(&admin, &parcel, "deliver").await.status, 200);
    assert_eq!(shop.order(&order).await["status"], "completed");
    books_agree(&shop).await;
}

#[sqlx::test]
async fn an_order_that_is_cancelled_after_a_shortfall_gives_back_all_of_it_once(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let mut body = order_of(&[("MUG-1", 3)]);
    body["payment_method"] = json!("mock_ok");
    let order = shop.place(&customer, "a", &body).await;
    settle(&shop).await;
    let one = json!({ "items": [{ "sku": "MUG-1", "quantity": 1 }] });
    let parcel = shop.pack(&admin, &order, &one).await;
    shop.step(&admin, &parcel, "ship").await;
    shop.shipper().run_once().await.unwrap();
    shop.product.fall_short(order.uuid(), "MUG-1", 1);
    assert_eq!(shop.handle().await, 1);
    settle(&shop).await;
    let path = format!("/orders/{}/cancel", order.id());
    send(&shop, &customer, &path, Some("rest"), &Value::Null).await;
    settle(&shop).await;
    let back: i64 = sqlx::query_scalar("SELECT refunded_minor FROM payments")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(back, 2 * 999, "one has left and is paid");
    books_agree(&shop).await;
}

#[sqlx::test]
async fn an_order_that_has_ended_only_settles(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (shipped, cancelled) = (
        shop.confirmed(&[("MUG-1", 1)]).await,
        shop.confirmed(&[("MUG-1", 1)]).await,
    );
    shop.ship_all(&shop.admin(), &shipped).await;
    shop.shipper().run_once().await.unwrap();
    let path = format!("/orders/{}/cancel", cancelled.id());
    send(&shop, &shop.admin(), &path, Some("a"), &Value::Null).await;
    shop.drive_out().await;
    let before = (shop.order(&shipped).await, shop.order(&cancelled).await);
    for order in [&shipped, &cancelled] {
        shop.product.fall_short(order.uuid(), "MUG-1", 1);
    }
    shop.product.fall_short(Ids::system().uuid(), "MUG-1", 1);
    assert_eq!(shop.handle().await, 3);
    shop.drive_out().await;
    assert_eq!(
        (shop.order(&shipped).await, shop.order(&cancelled).await),
        before
    );
    assert!(shop.product.open_shortfalls().is_empty());
}

#[sqlx::test]
async fn one_that_cannot_be_read_stops_no_other(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (odd, even) = (
        shop.confirmed(&[("MUG-1", 1)]).await,
        shop.confirmed(&[("MUG-1", 1)]).await,
    );
    let id = shop.product.fall_short(odd.uuid(), "MUG-1", 1);
    shop.product.bend(&id, |entry| entry["sku"] = json!("ä b"));
    shop.product.fall_short(even.uuid(), "MUG-1", 1);
    assert_eq!(shop.handle().await, 1);
    shop.drive_out().await;
    assert_eq!(shop.order(&even).await["status"], "cancelled");
    assert_eq!(shop.order(&odd).await["status"], "confirmed");
    assert_eq!(shop.product.open_shortfalls(), [id]);
}

#[sqlx::test]
async fn a_crash_at_any_step_and_two_workers_at_once_take_no_unit_twice(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 3)]).await;
    shop.product.fall_short(order.uuid(), "MUG-1", 1);
    // It is recorded, and the response of the confirmation is lost; then it was confirmed, and is confirmed again.
    for fault in [
        Fault::Answer(axum::http::StatusCode::SERVICE_UNAVAILABLE),
        Fault::LoseAnswer,
    ] {
        shop.product.next_settling(fault);
        assert!(shop.handler().round(None).await.is_err());
    }
    let (one, two) = (shop.handler(), shop.handler());
    let (one, two) = tokio::join!(one.round(None), two.round(None));
    assert!(one.is_ok() && two.is_ok());
    let short: i32 = sqlx::query_scalar("SELECT short FROM order_items")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(short, 1);
    let told = events(&shop, &order).await;
    assert_eq!(
        told.iter()
            .filter(|event| *event == "order.shortfall")
            .count(),
        1
    );
    assert!(shop.product.open_shortfalls().is_empty());
}

#[sqlx::test]
async fn a_hundred_that_cannot_be_read_hide_no_other(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 1)]).await;
    let odd: Vec<_> = (0..250)
        .map(|_| {
            let id = shop.product.fall_short(Ids::system().uuid(), "MUG-1", 1);
            shop.product.bend(&id, |entry| entry["sku"] = json!("ä b"));
            id
        })
        .collect();
    shop.product.fall_short(order.uuid(), "MUG-1", 1);
    assert_eq!(shop.handle().await, 1);
    shop.drive_out().await;
    assert_eq!(shop.order(&order).await["status"], "cancelled");
    assert_eq!(shop.product.open_shortfalls(), odd);
}

#[sqlx::test]
async fn pages_are_followed_while_what_is_on_them_is_settled(pool: PgPool) {
    let shop = Shop::open(pool).await;
    for _ in 0..150 {
        shop.product.fall_short(Ids::system().uuid(), "MUG-1", 1);
    }
    assert_eq!(shop.handle().await, 150);
    assert!(shop.product.open_shortfalls().is_empty());
}

#[sqlx::test]
async fn what_is_left_of_a_shortened_order_is_not_cancelled_as_it_leaves(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let admin = shop.admin();
    let order = shop.confirmed(&[("MUG-1", 3)]).await;
    shop.product.fall_short(order.uuid(), "MUG-1", 1);
    assert_eq!(shop.handle().await, 1);
    shop.drive_out().await;
    // Both remaining mugs are being shipped, so nothing can be cancelled.
    shop.ship_all(&admin, &order).await;
    let path = format!("/orders/{}/cancel", order.id());
    let refused = send(&shop, &admin, &path, Some("a"), &Value::Null).await;
    assert_eq!(refused.refusal(), (409, "order_shipped"), "{refused:?}");
    shop.shipper().run_once().await.unwrap();
    assert_eq!(shop.order(&order).await["fulfillment_status"], "shipped");
    books_agree(&shop).await;
}
