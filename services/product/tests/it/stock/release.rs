//! Releasing: units go back, and an unknown order leaves a tombstone.

use product::reservation::{Committed, Released, Verdict, commit, release};
use sqlx::PgPool;

use crate::shop::{Shop, id, order};

#[sqlx::test]
async fn units_go_back_once(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let wish = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&wish)).await;
    for _ in 0..2 {
        assert_eq!(
            release(&shop.pool, &[wish.order_id]).await.unwrap()[0].outcome,
            Released::Released
        );
        assert_eq!(shop.counters("MUG").await, (5, 0, 0));
    }
    assert_eq!(
        shop.reserve(&[wish]).await,
        [Verdict::Gone],
        "its request does not rise again"
    );
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn a_committed_hold_stays(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let wish = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&wish)).await;
    commit(&shop.pool, &[wish.order_id]).await.unwrap();
    assert_eq!(
        release(&shop.pool, &[wish.order_id]).await.unwrap()[0].outcome,
        Released::Committed
    );
    assert_eq!(shop.counters("MUG").await, (5, 0, 2));
}

#[sqlx::test]
async fn an_unknown_order_gets_a_tombstone(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let wish = order(&[("MUG", 2)]);
    let ids = [wish.order_id, id(), wish.order_id];
    let outcomes = release(&shop.pool, &ids).await.unwrap();
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.outcome == Released::Released)
    );
    assert_eq!(
        shop.reserve(std::slice::from_ref(&wish)).await,
        [Verdict::Gone]
    );
    assert_eq!(
        commit(&shop.pool, &[wish.order_id]).await.unwrap()[0].outcome,
        Committed::Gone
    );
    assert_eq!(shop.counters("MUG").await, (5, 0, 0));
    shop.assert_counts_add_up().await;
}
