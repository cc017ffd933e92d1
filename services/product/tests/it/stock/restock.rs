//! Returns: shipped units are in stock again, once.

use product::stock::reservations::{Release, Returned, Shipped, commit, release};
use sqlx::PgPool;

use crate::support::shop::{Shop, id, order, transfer};

#[sqlx::test]
async fn shipped_units_come_back_once(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 3)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    commit(&shop.pool, &[reservation.order_id]).await.unwrap();
    let shipment = transfer(reservation.order_id, &[("MUG", 2)]);
    shop.ship(std::slice::from_ref(&shipment)).await;
    // The ids of shipments and returns are separate.
    let mut back = transfer(reservation.order_id, &[("MUG", 1)]);
    back.id = shipment.id;
    for _ in 0..2 {
        assert_eq!(
            shop.restock(std::slice::from_ref(&back)).await,
            [Returned::Returned]
        );
        assert_eq!(shop.counters("MUG").await, (4, 0, 1));
    }
    let (delta, after): (i64, i64) =
        sqlx::query_as("SELECT delta, on_hand_after FROM movements WHERE kind = 'returned'")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!((delta, after), (1, 4));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn no_more_comes_back_than_was_shipped(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 9).await;
    let batch: Vec<_> = (0..3).map(|_| order(&[("MUG", 2)])).collect();
    shop.reserve(&batch).await;
    let [shipped, held, released] = [0, 1, 2].map(|place: usize| batch[place].order_id);
    commit(&shop.pool, &[shipped]).await.unwrap();
    release(&shop.pool, &[released], Release::Held)
        .await
        .unwrap();
    assert_eq!(
        shop.ship(&[transfer(shipped, &[("MUG", 1)])]).await,
        [Shipped::Shipped]
    );
    let first = transfer(shipped, &[("MUG", 1)]);
    let mut other = transfer(shipped, &[("MUG", 2)]);
    other.id = first.id;
    let outcomes = shop
        .restock(&[
            transfer(shipped, &[("MUG", 2)]),
            transfer(shipped, &[("CUP", 1)]),
            first,
            other,
            transfer(shipped, &[("MUG", 1)]),
            transfer(held, &[("MUG", 1)]),
            transfer(released, &[("MUG", 1)]),
            transfer(id(), &[("MUG", 1)]),
        ])
        .await;
    assert_eq!(
        outcomes,
        [
            Returned::TooMany,
            Returned::TooMany,
            Returned::Returned,
            Returned::Mismatch,
            Returned::TooMany,
            Returned::TooMany,
            Returned::Gone,
            Returned::Gone,
        ]
    );
    assert_eq!(shop.counters("MUG").await, (9, 2, 1));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn a_full_stock_level_takes_nothing_back(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 1_000_000_000).await;
    let reservation = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    commit(&shop.pool, &[reservation.order_id]).await.unwrap();
    shop.ship(&[transfer(reservation.order_id, &[("MUG", 2)])])
        .await;
    let body = serde_json::json!({ "delta": 1, "reason": "found one" });
    shop.post("/inventory/MUG/adjustments")
        .by(&shop.vendor)
        .keyed()
        .json(&body)
        .await
        .ok(200);
    let outcomes = shop
        .restock(&[
            transfer(reservation.order_id, &[("MUG", 2)]),
            transfer(reservation.order_id, &[("MUG", 1)]),
        ])
        .await;
    assert_eq!(outcomes, [Returned::TooMany, Returned::Returned]);
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn units_come_back_to_the_locations_that_they_left(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 3).await;
    shop.level("MUG", "east", 1, 5).await;
    let reservation = order(&[("MUG", 5)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    commit(&shop.pool, &[reservation.order_id]).await.unwrap();
    shop.ship(&[transfer(reservation.order_id, &[("MUG", 5)])])
        .await;
    shop.restock(&[transfer(reservation.order_id, &[("MUG", 4)])])
        .await;
    assert_eq!(shop.counters_at("MUG", "main").await, (3, 0, 0));
    assert_eq!(shop.counters_at("MUG", "east").await, (4, 0, 0));
    shop.assert_counts_add_up().await;
}
