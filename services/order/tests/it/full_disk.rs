//! A full disk: orders are refused without harm, existing orders can be read, and all works again once there is space.

use axum::http::StatusCode;
use db::testing::small_disk::SmallDisk;
use sqlx::PgPool;

use crate::support::shop::{Answer, Person, Shop, order_of};

async fn place(shop: &Shop, customer: &Person, key: &str) -> Answer {
    let body = order_of(&[("MUG-1", 1)]);
    let key = [("idempotency-key", key)];
    shop.ask(customer, "POST", "/api/v1/orders", &key, &body)
        .await
}

#[sqlx::test]
async fn with_a_full_disk_orders_are_503_and_the_same_request_succeeds_once_there_is_room(
    pool: PgPool,
) {
    let disk = SmallDisk::mount(&pool, &["orders"]).await.unwrap();
    let shop = Shop::open(pool).await;
    shop.product.restock("MUG-1", 1_000);
    let customer = shop.customer();
    disk.fill().unwrap();
    let mut placed = 0;
    let refused = loop {
        let key = placed.to_string();
        let answer = place(&shop, &customer, &key).await;
        if answer.status != StatusCode::CREATED {
            break answer;
        }
        placed += 1;
        assert!(placed < 200, "the disk never filled");
    };
    assert_eq!(
        refused.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "{refused:?}"
    );
    assert!(refused.headers.contains_key("retry-after"));
    let listed = shop.get(&customer, "/api/v1/orders").await;
    assert_eq!(listed.status, StatusCode::OK);

    disk.free().unwrap();
    let again = place(&shop, &customer, &placed.to_string()).await;
    assert_eq!(again.status, StatusCode::CREATED, "{again:?}");
    // The hold of the refused request became the order's (ORDERS 1).
    assert_eq!(shop.product.available("MUG-1"), 1_000 - placed - 1);
    disk.remove().await.unwrap();
}
