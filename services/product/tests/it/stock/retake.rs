//! A hold that expired or was lost is taken again, all lines or none; a released one never is (ADR 4).

use product::stock::reservations::{
    Committed, Extended, Release, Released, commit, extend, release,
};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::shop::{Shop, expire_overdue, held, longer, order};

/// An order of both goods whose hold has expired.
async fn expired(shop: &Shop, lines: &[(&str, u32)]) -> Uuid {
    let reservation = order(lines);
    assert!(held(&shop.reserve(std::slice::from_ref(&reservation)).await[0]).is_some());
    shop.run_out_of_time().await;
    expire_overdue(&shop.pool).await.unwrap();
    assert_eq!(shop.state(reservation.order_id).await, "expired");
    reservation.order_id
}

#[sqlx::test]
async fn a_commit_takes_an_expired_hold_again(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    shop.product("CUP", 5).await;
    let late = expired(&shop, &[("MUG", 5), ("CUP", 2)]).await;
    for _ in 0..2 {
        assert_eq!(
            commit(&shop.pool, &[late, late]).await.unwrap()[1].outcome,
            Committed::Committed
        );
        assert_eq!(shop.counters("MUG").await, (5, 0, 5));
        assert_eq!(shop.counters("CUP").await, (5, 0, 2));
    }
    assert_eq!(shop.state(late).await, "committed");
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn an_extension_holds_an_expired_hold_again(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let late = expired(&shop, &[("MUG", 5)]).await;
    for _ in 0..2 {
        assert_eq!(
            extend(&shop.pool, &[longer(late, 60)]).await.unwrap()[0].outcome,
            Extended::Extended
        );
        assert_eq!(shop.counters("MUG").await, (5, 5, 0));
    }
    expire_overdue(&shop.pool).await.unwrap();
    assert_eq!(shop.state(late).await, "held", "it has a new end");
    assert_eq!(
        commit(&shop.pool, &[late]).await.unwrap()[0].outcome,
        Committed::Committed
    );
    assert_eq!(shop.counters("MUG").await, (5, 0, 5));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn all_lines_or_none(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    shop.product("CUP", 5).await;
    let late = expired(&shop, &[("MUG", 3), ("CUP", 2)]).await;
    shop.reserve(&[order(&[("CUP", 4)])]).await;
    for _ in 0..2 {
        assert_eq!(
            commit(&shop.pool, &[late]).await.unwrap()[0].outcome,
            Committed::Lost
        );
        assert_eq!(
            extend(&shop.pool, &[longer(late, 60)]).await.unwrap()[0].outcome,
            Extended::Lost
        );
    }
    assert_eq!(shop.state(late).await, "expired");
    assert_eq!(shop.counters("MUG").await, (5, 0, 0));
    assert_eq!(shop.counters("CUP").await, (5, 4, 0));
    shop.assert_counts_add_up().await;
}

/// Two ended holds and units for one: the first in the batch gets them, and the rest is for the next one.
#[sqlx::test]
async fn the_first_in_a_batch_is_served_first(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let one = expired(&shop, &[("MUG", 3)]).await;
    let two = expired(&shop, &[("MUG", 3)]).await;
    let three = expired(&shop, &[("MUG", 2)]).await;
    let outcomes = commit(&shop.pool, &[two, one, three]).await.unwrap();
    let outcomes: Vec<_> = outcomes.iter().map(|outcome| outcome.outcome).collect();
    assert_eq!(
        outcomes,
        [Committed::Committed, Committed::Lost, Committed::Committed]
    );
    assert_eq!(shop.counters("MUG").await, (5, 0, 5));
    shop.assert_counts_add_up().await;
}

/// The order was cancelled or abandoned: no late call takes the hold again (ORDERS 4).
#[sqlx::test]
async fn a_released_hold_is_never_taken_again(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let late = expired(&shop, &[("MUG", 2)]).await;
    for _ in 0..2 {
        assert_eq!(
            release(&shop.pool, &[late], Release::Held).await.unwrap()[0].outcome,
            Released::Released
        );
        assert_eq!(
            commit(&shop.pool, &[late]).await.unwrap()[0].outcome,
            Committed::Gone
        );
        assert_eq!(
            extend(&shop.pool, &[longer(late, 60)]).await.unwrap()[0].outcome,
            Extended::Gone
        );
    }
    assert_eq!(shop.counters("MUG").await, (5, 0, 0));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn units_are_taken_from_wherever_they_are_now(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 4).await;
    let late = expired(&shop, &[("MUG", 4)]).await;
    shop.reserve(&[order(&[("MUG", 3)])]).await;
    shop.level("MUG", "east", 1, 5).await;
    assert_eq!(
        commit(&shop.pool, &[late]).await.unwrap()[0].outcome,
        Committed::Committed
    );
    assert_eq!(shop.counters_at("MUG", "main").await, (4, 3, 1));
    assert_eq!(shop.counters_at("MUG", "east").await, (5, 0, 3));
    let again = expired(&shop, &[("MUG", 2)]).await;
    shop.product("POT", 1).await;
    sqlx::query("UPDATE stock SET priority = -1 WHERE location = 'east'")
        .execute(&shop.pool)
        .await
        .unwrap();
    assert_eq!(
        extend(&shop.pool, &[longer(again, 60)]).await.unwrap()[0].outcome,
        Extended::Extended
    );
    shop.assert_counts_add_up().await;
}

/// Units of an overdue hold are available; if it has other SKUs as well, the batch starts again.
#[sqlx::test]
async fn overdue_units_are_taken_back_before_a_hold_is_lost(pool: PgPool) {
    let shop = Shop::open(pool);
    for sku in ["A", "M", "Z"] {
        shop.product(sku, 2).await;
    }
    let late = expired(&shop, &[("M", 2)]).await;
    let slow = order(&[("A", 1), ("M", 1), ("Z", 1)]);
    shop.reserve(std::slice::from_ref(&slow)).await;
    assert_eq!(
        commit(&shop.pool, &[late]).await.unwrap()[0].outcome,
        Committed::Lost
    );
    shop.run_out_of_time().await;
    assert_eq!(
        commit(&shop.pool, &[late]).await.unwrap()[0].outcome,
        Committed::Committed
    );
    assert_eq!(shop.state(slow.order_id).await, "expired");
    assert_eq!(shop.counters("M").await, (2, 0, 2));
    assert_eq!(shop.counters("A").await, (2, 0, 0));
    shop.assert_counts_add_up().await;
}

/// An overdue hold that the same batch commits or extends is not released for another order.
#[sqlx::test]
async fn a_neighbour_in_the_batch_is_not_robbed(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 3).await;
    let late = expired(&shop, &[("MUG", 2)]).await;
    let slow = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&slow)).await;
    shop.run_out_of_time().await;
    let outcomes = extend(&shop.pool, &[longer(late, 60), longer(slow.order_id, 60)])
        .await
        .unwrap();
    let outcomes: Vec<_> = outcomes.iter().map(|outcome| outcome.outcome).collect();
    assert_eq!(outcomes, [Extended::Lost, Extended::Extended]);
    shop.run_out_of_time().await;
    let outcomes = commit(&shop.pool, &[late, slow.order_id]).await.unwrap();
    let outcomes: Vec<_> = outcomes.iter().map(|outcome| outcome.outcome).collect();
    assert_eq!(outcomes, [Committed::Lost, Committed::Committed]);
    assert_eq!(shop.counters("MUG").await, (3, 0, 2));
    shop.assert_counts_add_up().await;
}

/// Another transaction takes a hold again, at another location, after its stock was locked and before it is read: the
/// number of lines is the same, and the stock of one of them is not locked.
#[sqlx::test]
async fn a_line_that_moved_to_another_location_is_noticed(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    shop.level("MUG", "east", 1, 5).await;
    let reservation = order(&[("MUG", 2)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    let orders = [reservation.order_id];
    let mut tx = shop.pool.begin().await.unwrap();
    let stock = product::stock::reservations::postgres::holds::lock_stock(
        &mut tx,
        &orders,
        &std::collections::BTreeSet::new(),
    )
    .await
    .unwrap();
    shop.plant(
        "UPDATE hold_lines SET location = 'east'; UPDATE stock SET held = held + 2 WHERE location = 'east'",
    )
    .await;
    let committed =
        product::stock::reservations::postgres::holds::commit(&mut tx, &orders, &stock).await;
    assert!(
        matches!(
            committed,
            Err(product::infrastructure::postgres::failure::StockError::Raced)
        ),
        "{committed:?}"
    );
}
