//! Extending: the end of a hold moves later and never earlier, and a released hold stays ended.

use product::stock::reservations::{Extended, Extension, Release, commit, extend, release};
use sqlx::PgPool;

use crate::support::shop::{Shop, expire_overdue, id, order};

#[sqlx::test]
async fn a_hold_is_extended_and_never_shortened(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let reservation = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    let seconds_left = || async {
        let seconds: f64 =
            sqlx::query_scalar("SELECT extract(epoch FROM expires_at - now())::float8 FROM holds")
                .fetch_one(&shop.pool)
                .await
                .unwrap();
        seconds
    };
    for (asked, left) in [(900, 880.0..=900.0), (60, 880.0..=900.0)] {
        let extension = Extension {
            order_id: reservation.order_id,
            hold_seconds: asked,
        };
        assert_eq!(
            extend(&shop.pool, &[extension]).await.unwrap()[0].outcome,
            Extended::Extended
        );
        assert!(left.contains(&seconds_left().await));
    }
}

#[sqlx::test]
async fn an_extended_hold_is_not_taken_back_and_an_ended_one_not_extended(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 9).await;
    let batch: Vec<_> = (0..4).map(|_| order(&[("MUG", 1)])).collect();
    shop.reserve(&batch).await;
    commit(&shop.pool, &[batch[1].order_id]).await.unwrap();
    release(&shop.pool, &[batch[2].order_id], Release::Held)
        .await
        .unwrap();
    shop.run_out_of_time().await;
    let extension = |order_id| Extension {
        order_id,
        hold_seconds: 60,
    };
    extend(&shop.pool, &[extension(batch[0].order_id)])
        .await
        .unwrap();
    expire_overdue(&shop.pool).await.unwrap();
    shop.reserve(&[order(&[("MUG", 7)])]).await;
    let all: Vec<_> = batch
        .iter()
        .map(|reservation| extension(reservation.order_id))
        .chain([extension(id())])
        .collect();
    let outcomes = extend(&shop.pool, &all).await.unwrap();
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| outcome.outcome)
        .collect();
    assert_eq!(
        outcomes,
        [
            Extended::Extended,
            Extended::Committed,
            Extended::Gone,
            Extended::Lost,
            Extended::Gone
        ]
    );
    assert_eq!(shop.counters("MUG").await, (9, 8, 1));
    shop.assert_counts_add_up().await;
}
