//! Committing: all lines or none, and the same result each time.

use product::stock::reservations::{Committed, Release, Released, commit, release};
use sqlx::PgPool;

use crate::support::shop::{Shop, expire_overdue, id, order};

#[sqlx::test]
async fn held_units_become_allocated_once(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    shop.product("CUP", 5).await;
    let (one, two) = (order(&[("MUG", 2), ("CUP", 1)]), order(&[("CUP", 3)]));
    shop.reserve(&[one.clone(), two.clone()]).await;
    let ids = [two.order_id, id(), one.order_id];
    for _ in 0..2 {
        let outcomes = commit(&shop.pool, &ids).await.unwrap();
        let found: Vec<_> = outcomes
            .iter()
            .map(|outcome| (outcome.order_id, outcome.outcome))
            .collect();
        assert_eq!(
            found,
            [
                (ids[0], Committed::Committed),
                (ids[1], Committed::Gone),
                (ids[2], Committed::Committed)
            ]
        );
        assert_eq!(shop.counters("MUG").await, (5, 0, 2));
        assert_eq!(shop.counters("CUP").await, (5, 0, 4));
    }
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn an_order_twice_in_a_batch_is_committed_once(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    let outcomes = commit(&shop.pool, &[reservation.order_id, reservation.order_id])
        .await
        .unwrap();
    assert!(
        outcomes.len() == 2
            && outcomes
                .iter()
                .all(|outcome| outcome.outcome == Committed::Committed)
    );
    assert_eq!(shop.counters("MUG").await, (5, 0, 2));
}

/// The state decides, never the clock (ORDERS 3).
#[sqlx::test]
async fn a_hold_past_its_time_is_committed_until_it_is_taken_back(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let (early, late) = (order(&[("MUG", 2)]), order(&[("MUG", 1)]));
    shop.reserve(&[early.clone(), late.clone()]).await;
    shop.run_out_of_time().await;
    assert_eq!(
        commit(&shop.pool, &[early.order_id]).await.unwrap()[0].outcome,
        Committed::Committed
    );
    expire_overdue(&shop.pool).await.unwrap();
    shop.reserve(&[order(&[("MUG", 3)])]).await;
    for _ in 0..2 {
        assert_eq!(
            commit(&shop.pool, &[late.order_id]).await.unwrap()[0].outcome,
            Committed::Lost
        );
    }
    assert_eq!(shop.state(late.order_id).await, "expired");
    assert_eq!(shop.counters("MUG").await, (5, 3, 2));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn a_released_order_is_gone(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    assert_eq!(
        release(&shop.pool, &[reservation.order_id], Release::Held)
            .await
            .unwrap()[0]
            .outcome,
        Released::Released
    );
    assert_eq!(
        commit(&shop.pool, &[reservation.order_id]).await.unwrap()[0].outcome,
        Committed::Gone
    );
    assert_eq!(shop.counters("MUG").await, (5, 0, 0));
}

#[sqlx::test]
async fn nothing_to_commit_is_no_error(pool: PgPool) {
    let shop = Shop::open(pool);
    assert!(commit(&shop.pool, &[]).await.unwrap().is_empty());
}
