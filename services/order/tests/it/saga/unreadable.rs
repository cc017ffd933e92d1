//! A saga whose rows this release cannot read waits alone, like one whose work failed: those that were taken with it go on.

use db::testing::eventually;
use order::saga::model::Queue;
use sqlx::PgPool;

use crate::support::{
    counting::unreadable_rows,
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

/// What `infinity` in a column of times does to the saga of one order, beside that of another.
async fn waits_alone(pool: PgPool, damage: &str, expected: &str) {
    let shop = Shop::with_payments(pool).await;
    for _ in 0..2 {
        place(&shop, &shop.customer(), Some("mock_ok")).await;
    }
    shop.tamper(damage).await;
    let driving = async {
        let driven = shop.drive_queue(Queue::Stock).await;
        assert_eq!((driven.taken, driven.settled), (1, 1));
    };
    assert_eq!(unreadable_rows(driving).await, ["saga"]);
    let waiting: Vec<(i64, String, bool)> = sqlx::query_as(
        "SELECT number, last_error, sagas.due_at > now() FROM sagas JOIN orders ON orders.id = order_id
         WHERE last_error IS NOT NULL",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(waiting, [(1001, expected.to_owned(), true)]);
    eventually("the other order is paid", async || {
        shop.drive_on().await;
        shop.count("orders WHERE payment_status = 'paid'").await == 1
    })
    .await;
}

#[sqlx::test]
async fn an_order_that_may_be_paid_for_ever_waits_and_the_others_are_paid(pool: PgPool) {
    let damage = "UPDATE orders SET pay_by = 'infinity' WHERE number = 1001";
    waits_alone(pool, damage, "invalid row: pay_by").await;
}

#[sqlx::test]
async fn an_order_whose_payment_was_made_at_no_time_waits_and_the_others_are_paid(pool: PgPool) {
    let damage = "UPDATE payments SET created_at = '-infinity'
                  FROM orders WHERE orders.id = order_id AND number = 1001";
    waits_alone(pool, damage, "invalid row: created_at").await;
}
