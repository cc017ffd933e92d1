//! A database that does not answer: the shop says so in time, and takes orders again when it is back.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use serde_json::json;
use sqlx::PgPool;
use tokio::task::JoinSet;
use web::clock::Clock;

use crate::shop::{Shop, order_of};

/// What waited in the queue, a transaction and a retry after it, on a busy machine. It was 75 s.
const IN_TIME: Duration = Duration::from_secs(30);

async fn place(shop: &Shop) -> StatusCode {
    let customer = shop.customer();
    let body = order_of(&[("MUG-1", 1)]);
    let key = [("idempotency-key", "k")];
    shop.ask(&customer, "POST", "/api/v1/orders", &key, &body)
        .await
        .status
}

#[sqlx::test]
async fn with_a_stalled_database_every_lane_answers_503_in_time_and_orders_go_on_afterwards(
    pool: PgPool,
) {
    let (shop, proxy) = Shop::behind_proxy(pool).await;
    shop.product.restock("MUG-1", 1_000);
    assert_eq!(place(&shop).await, StatusCode::CREATED);

    proxy.stall();
    let begun = Instant::now();
    let mut orders = JoinSet::new();
    let shop = std::sync::Arc::new(shop);
    for _ in 0..40 {
        let shop = std::sync::Arc::clone(&shop);
        orders.spawn(async move { place(&shop).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for status in orders.join_all().await {
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());

    let admin = shop.admin();
    let begun = Instant::now();
    let list = shop.get(&admin, "/api/v1/orders").await;
    assert_eq!(list.status, StatusCode::SERVICE_UNAVAILABLE);
    let cancel = format!("/api/v1/orders/{}/cancel", Clock::system().uuid());
    let cancelled = shop
        .ask(
            &admin,
            "POST",
            &cancel,
            &[("idempotency-key", "k")],
            &json!(null),
        )
        .await;
    assert_eq!(cancelled.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());

    proxy.resume();
    let back = async {
        while place(&shop).await != StatusCode::CREATED {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), back)
        .await
        .unwrap();
    for _ in 0..8 {
        assert_eq!(place(&shop).await, StatusCode::CREATED);
    }
}
