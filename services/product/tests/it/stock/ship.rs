//! Shipping: units leave the stock level that they were allocated from, once.

use product::stock::reservations::{Release, Shipped, Transfer, commit, release};
use sqlx::PgPool;

use crate::support::shop::{Shop, expire_overdue, id, order, transfer};

#[sqlx::test]
async fn units_leave_once(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    shop.product("CUP", 5).await;
    let reservation = order(&[("MUG", 3), ("CUP", 1)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    commit(&shop.pool, &[reservation.order_id]).await.unwrap();
    let first = transfer(reservation.order_id, &[("mug", 1), ("MUG", 1), ("CUP", 1)]);
    // The same lines, written differently.
    let again = Transfer {
        id: first.id,
        ..transfer(reservation.order_id, &[("CUP", 1), ("MUG", 2)])
    };
    for _ in 0..2 {
        assert_eq!(
            shop.ship(&[first.clone(), again.clone()]).await,
            [Shipped::Shipped; 2]
        );
        assert_eq!(shop.counters("MUG").await, (3, 0, 1));
        assert_eq!(shop.counters("CUP").await, (4, 0, 0));
    }
    let movements: Vec<(String, i64, i64, uuid::Uuid)> = sqlx::query_as(
        "SELECT sku, delta, on_hand_after, order_id FROM movements WHERE kind = 'shipped' ORDER BY sku",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(
        movements,
        [
            ("CUP".into(), -1, 4, reservation.order_id),
            ("MUG".into(), -2, 3, reservation.order_id)
        ]
    );
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn an_id_with_other_content_is_refused(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 9).await;
    let (one, two) = (order(&[("MUG", 3)]), order(&[("MUG", 3)]));
    shop.reserve(&[one.clone(), two.clone()]).await;
    commit(&shop.pool, &[one.order_id, two.order_id])
        .await
        .unwrap();
    let first = transfer(one.order_id, &[("MUG", 1)]);
    let more = Transfer {
        id: first.id,
        ..transfer(one.order_id, &[("MUG", 2)])
    };
    let other = Transfer {
        id: first.id,
        ..transfer(two.order_id, &[("MUG", 1)])
    };
    assert_eq!(
        shop.ship(&[first.clone(), more.clone()]).await,
        [Shipped::Shipped, Shipped::Mismatch],
        "in one batch"
    );
    assert_eq!(
        shop.ship(&[more, other]).await,
        [Shipped::Mismatch; 2],
        "and later"
    );
    assert_eq!(shop.counters("MUG").await, (8, 0, 5));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn only_what_is_committed_and_left_is_shipped(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 20).await;
    shop.product("CUP", 5).await;
    let reservations: Vec<_> = (0..4).map(|_| order(&[("MUG", 2), ("CUP", 1)])).collect();
    shop.reserve(&reservations).await;
    let [held, committed, released, expired] =
        [0, 1, 2, 3].map(|place: usize| reservations[place].order_id);
    commit(&shop.pool, &[committed]).await.unwrap();
    release(&shop.pool, &[released], Release::Held)
        .await
        .unwrap();
    sqlx::query("UPDATE holds SET expires_at = now() - interval '1 second' WHERE order_id = $1")
        .bind(expired)
        .execute(&shop.pool)
        .await
        .unwrap();
    expire_overdue(&shop.pool).await.unwrap();
    let outcomes = shop
        .ship(&[
            transfer(held, &[("MUG", 1)]),
            transfer(released, &[("MUG", 1)]),
            transfer(expired, &[("MUG", 1)]),
            transfer(id(), &[("MUG", 1)]),
            transfer(committed, &[("MUG", 3)]),
            transfer(committed, &[("MUG", 1), ("CUP", 2)]),
            transfer(committed, &[("POT", 1)]),
            transfer(committed, &[("no sku", 1)]),
            // A refused shipment takes nothing from the next one.
            transfer(committed, &[("MUG", 2)]),
            transfer(committed, &[("MUG", 1)]),
            transfer(committed, &[("CUP", 1)]),
        ])
        .await;
    assert_eq!(
        outcomes,
        [
            Shipped::NotCommitted,
            Shipped::Gone,
            Shipped::NotCommitted,
            Shipped::Gone,
            Shipped::TooMany,
            Shipped::TooMany,
            Shipped::TooMany,
            Shipped::TooMany,
            Shipped::Shipped,
            Shipped::TooMany,
            Shipped::Shipped,
        ]
    );
    assert_eq!(shop.counters("MUG").await, (18, 2, 0));
    assert_eq!(shop.counters("CUP").await, (4, 1, 0));
    shop.assert_counts_add_up().await;
}

/// A refusal is not stored: the same shipment succeeds once its order is committed.
#[sqlx::test]
async fn a_transfer_that_came_too_early_may_come_again(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    let early = [transfer(reservation.order_id, &[("MUG", 2)])];
    assert_eq!(shop.ship(&early).await, [Shipped::NotCommitted]);
    commit(&shop.pool, &[reservation.order_id]).await.unwrap();
    assert_eq!(shop.ship(&early).await, [Shipped::Shipped]);
    assert_eq!(shop.counters("MUG").await, (3, 0, 0));
}

#[sqlx::test]
async fn units_leave_the_locations_that_the_order_took_them_from(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 3).await;
    shop.level("MUG", "east", 1, 5).await;
    let reservation = order(&[("MUG", 6)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    commit(&shop.pool, &[reservation.order_id]).await.unwrap();
    shop.ship(&[
        transfer(reservation.order_id, &[("MUG", 2)]),
        transfer(reservation.order_id, &[("MUG", 2)]),
    ])
    .await;
    assert_eq!(shop.counters_at("MUG", "main").await, (0, 0, 0));
    assert_eq!(shop.counters_at("MUG", "east").await, (4, 0, 2));
    let after: Vec<(String, i64)> = sqlx::query_as(
        "SELECT location, on_hand_after FROM movements WHERE kind = 'shipped' ORDER BY created_at, id",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(
        after,
        [("main".into(), 1), ("main".into(), 0), ("east".into(), 4)]
    );
    shop.assert_counts_add_up().await;
}
