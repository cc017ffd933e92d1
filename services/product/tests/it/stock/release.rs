//! Releasing: units become available, and an unknown order leaves a tombstone.

use product::stock::reservations::{
    Committed, Extended, Release, Released, Returned, Shipped, commit, extend, model::Verdict,
    release,
};
use sqlx::PgPool;

use crate::support::shop::{Shop, expire_overdue, id, longer, order, transfer};

#[sqlx::test]
async fn units_go_back_once(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    for _ in 0..2 {
        assert_eq!(
            release(&shop.pool, &[reservation.order_id], Release::Held)
                .await
                .unwrap()[0]
                .outcome,
            Released::Released
        );
        assert_eq!(shop.counters("MUG").await, (5, 0, 0));
    }
    assert_eq!(
        shop.reserve(&[reservation]).await,
        [Verdict::Gone],
        "its request does not rise again"
    );
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn a_committed_hold_stays(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    commit(&shop.pool, &[reservation.order_id]).await.unwrap();
    assert_eq!(
        release(&shop.pool, &[reservation.order_id], Release::Held)
            .await
            .unwrap()[0]
            .outcome,
        Released::Committed
    );
    assert_eq!(shop.counters("MUG").await, (5, 0, 2));
}

#[sqlx::test]
async fn an_unknown_order_gets_a_tombstone(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 2)]);
    let ids = [reservation.order_id, id(), reservation.order_id];
    let outcomes = release(&shop.pool, &ids, Release::Held).await.unwrap();
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.outcome == Released::Released)
    );
    assert_eq!(
        shop.reserve(std::slice::from_ref(&reservation)).await,
        [Verdict::Gone]
    );
    assert_eq!(
        commit(&shop.pool, &[reservation.order_id]).await.unwrap()[0].outcome,
        Committed::Gone
    );
    assert_eq!(shop.counters("MUG").await, (5, 0, 0));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn with_committed_what_is_not_shipped_goes_back_once(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 9).await;
    shop.product("CUP", 9).await;
    let (whole, part, held) = (
        order(&[("MUG", 2), ("CUP", 1)]),
        order(&[("MUG", 3), ("CUP", 1)]),
        order(&[("MUG", 1)]),
    );
    shop.reserve(&[whole.clone(), part.clone(), held.clone()])
        .await;
    commit(&shop.pool, &[whole.order_id, part.order_id])
        .await
        .unwrap();
    shop.ship(&[transfer(part.order_id, &[("MUG", 1)])]).await;
    let ids = [whole.order_id, part.order_id, held.order_id, id()];
    for _ in 0..2 {
        let outcomes = release(&shop.pool, &ids, Release::Committed).await.unwrap();
        assert!(
            outcomes
                .iter()
                .all(|outcome| outcome.outcome == Released::Released)
        );
        assert_eq!(shop.counters("MUG").await, (8, 0, 0));
        assert_eq!(shop.counters("CUP").await, (9, 0, 0));
        shop.assert_counts_add_up().await;
    }
    assert_eq!(shop.state(whole.order_id).await, "released");
    assert_eq!(
        shop.state(part.order_id).await,
        "committed",
        "a unit of it has left"
    );
    // A late call changes nothing.
    let outcomes = commit(&shop.pool, &ids[..3]).await.unwrap();
    let outcomes: Vec<_> = outcomes.iter().map(|outcome| outcome.outcome).collect();
    assert_eq!(
        outcomes,
        [Committed::Gone, Committed::Committed, Committed::Gone]
    );
    assert_eq!(
        shop.ship(&[
            transfer(whole.order_id, &[("MUG", 1)]),
            transfer(part.order_id, &[("MUG", 1)])
        ])
        .await,
        [Shipped::Gone, Shipped::TooMany]
    );
    // Shipped units may still be returned.
    assert_eq!(
        shop.restock(&[transfer(part.order_id, &[("MUG", 1)])])
            .await,
        [Returned::Returned]
    );
    assert_eq!(shop.counters("MUG").await, (9, 0, 0));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn an_ended_hold_is_released_for_good(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    shop.run_out_of_time().await;
    expire_overdue(&shop.pool).await.unwrap();
    release(&shop.pool, &[reservation.order_id], Release::Held)
        .await
        .unwrap();
    assert_eq!(shop.state(reservation.order_id).await, "released");
    assert_eq!(
        extend(&shop.pool, &[longer(reservation.order_id, 60)])
            .await
            .unwrap()[0]
            .outcome,
        Extended::Gone
    );
    assert_eq!(shop.counters("MUG").await, (5, 0, 0));
    shop.assert_counts_add_up().await;
}
