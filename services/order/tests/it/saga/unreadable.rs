//! A saga whose rows this release cannot read waits alone, like one whose work failed: those that were taken with it go on.

use db::testing::eventually;
use order::saga::model::Queue;
use sqlx::PgPool;

use crate::support::{
    payments::{place, settle},
    shop::Shop,
};

#[sqlx::test]
async fn an_order_whose_payment_cannot_be_read_waits_and_the_others_are_paid(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    for _ in 0..2 {
        place(&shop, &shop.customer(), Some("mock_ok")).await;
    }
    // The name of a provider that only a newer release knows: no constraint forbids it.
    shop.tamper(
        "UPDATE payments SET provider = 'newer' WHERE order_id = (SELECT min(order_id::text)::uuid FROM sagas)",
    )
    .await;
    let driven = shop.drive_queue(Queue::Stock).await;
    assert_eq!((driven.taken, driven.settled), (1, 1));
    let waiting: Vec<(String, i32, bool)> = sqlx::query_as(
        "SELECT last_error, attempts, due_at > now() FROM sagas WHERE last_error IS NOT NULL",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(waiting, [("invalid row: provider".to_owned(), 1, true)]);
    let paid = "orders WHERE payment_status = 'paid'";
    eventually("the other order is paid", async || {
        shop.drive_on().await;
        shop.count(paid).await == 1
    })
    .await;
    assert_eq!(
        shop.count("sagas WHERE last_error = 'invalid row: provider' AND attempts > 1")
            .await,
        1,
        "it was tried again"
    );

    shop.tamper("UPDATE payments SET provider = 'mock' WHERE provider = 'newer'")
        .await;
    settle(&shop).await;
    assert_eq!(shop.count(paid).await, 2);
    assert_eq!(shop.count("sagas WHERE last_error IS NOT NULL").await, 0);
}
