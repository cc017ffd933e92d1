//! Expired holds are released: by the sweeper, and before a reservation is refused as sold out.

use product::stock::reservations::{Release, commit, extend, model::Verdict, release};
use sqlx::PgPool;

use crate::support::shop::{Shop, expire_overdue, held, longer, order};

#[sqlx::test]
async fn the_sweeper_takes_overdue_holds_back(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    shop.product("CUP", 5).await;
    let reservation = order(&[("MUG", 2), ("CUP", 1)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    assert_eq!(
        expire_overdue(&shop.pool).await.unwrap(),
        (0, 0),
        "its time has not run out"
    );
    shop.run_out_of_time().await;
    assert_eq!(expire_overdue(&shop.pool).await.unwrap(), (1, 1));
    assert_eq!(shop.state(reservation.order_id).await, "expired");
    assert_eq!(
        (shop.counters("MUG").await, shop.counters("CUP").await),
        ((5, 0, 0), (5, 0, 0))
    );
    assert_eq!(shop.reserve(&[reservation]).await, [Verdict::Gone]);
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn the_sweeper_goes_past_stock_that_is_being_worked_on(pool: PgPool) {
    let shop = Shop::open(pool);
    for sku in ["MUG", "CUP"] {
        shop.product(sku, 5).await;
    }
    let (busy, both, free) = (
        order(&[("MUG", 1)]),
        order(&[("MUG", 1), ("CUP", 1)]),
        order(&[("CUP", 1)]),
    );
    shop.reserve(&[busy.clone(), both.clone(), free.clone()])
        .await;
    shop.run_out_of_time().await;
    let mut work = shop.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM stock WHERE sku = 'MUG' FOR NO KEY UPDATE")
        .execute(&mut *work)
        .await
        .unwrap();
    assert_eq!(expire_overdue(&shop.pool).await.unwrap(), (3, 1));
    assert_eq!(shop.state(free.order_id).await, "expired");
    assert_eq!(
        shop.state(both.order_id).await,
        "held",
        "all of its lines or none"
    );
    work.rollback().await.unwrap();
    assert_eq!(expire_overdue(&shop.pool).await.unwrap(), (2, 2));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn overdue_units_are_taken_back_before_sold_out_is_said(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 3).await;
    let slow = order(&[("MUG", 3)]);
    shop.reserve(std::slice::from_ref(&slow)).await;
    assert!(held(&shop.reserve(&[order(&[("MUG", 1)])]).await[0]).is_none());
    shop.run_out_of_time().await;
    let verdicts = shop
        .reserve(&[
            order(&[("MUG", 2)]),
            order(&[("MUG", 2)]),
            order(&[("MUG", 1)]),
        ])
        .await;
    let served: Vec<bool> = verdicts
        .iter()
        .map(|verdict| held(verdict).is_some())
        .collect();
    assert_eq!(served, [true, false, true]);
    assert_eq!(shop.state(slow.order_id).await, "expired");
    assert_eq!(shop.counters("MUG").await, (3, 3, 0));
    shop.assert_counts_add_up().await;
}

/// Orders change between the sweeper's read and its lock: holds that have ended or were extended are not touched.
#[sqlx::test]
async fn what_changed_since_the_sweeper_looked_is_left_alone(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let batch = [0; 3].map(|_| order(&[("MUG", 1)]));
    shop.reserve(&batch).await;
    shop.run_out_of_time().await;
    let [committed, released, extended] = batch.map(|reservation| reservation.order_id);
    commit(&shop.pool, &[committed]).await.unwrap();
    release(&shop.pool, &[released], Release::Held)
        .await
        .unwrap();
    extend(&shop.pool, &[longer(extended, 60)]).await.unwrap();
    let mut sweep = shop.pool.begin().await.unwrap();
    let seen = [committed, released, extended];
    let expired = product::stock::reservations::postgres::holds::expire(&mut sweep, &seen).await;
    assert_eq!(expired.unwrap(), 0);
    sweep.commit().await.unwrap();
    assert_eq!(shop.counters("MUG").await, (5, 1, 1));
    shop.assert_counts_add_up().await;
}

/// A retry that finds its own overdue hold gets its state, whatever the other orders of the batch lack.
#[sqlx::test]
async fn a_neighbour_does_not_take_what_a_retry_is_told_it_has(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 3).await;
    let slow = order(&[("MUG", 3)]);
    shop.reserve(std::slice::from_ref(&slow)).await;
    shop.run_out_of_time().await;
    let verdicts = shop.reserve(&[slow.clone(), order(&[("MUG", 1)])]).await;
    let served: Vec<bool> = verdicts
        .iter()
        .map(|verdict| held(verdict).is_some())
        .collect();
    assert_eq!(served, [true, false]);
    assert_eq!(shop.state(slow.order_id).await, "held");
    shop.assert_counts_add_up().await;
}

/// The overdue hold has other stock as well: the batch starts again to lock all of it in order.
#[sqlx::test]
async fn an_overdue_hold_gives_all_of_its_lines_back(pool: PgPool) {
    let shop = Shop::open(pool);
    for sku in ["A", "M", "Z"] {
        shop.product(sku, 1).await;
    }
    let slow = order(&[("A", 1), ("M", 1), ("Z", 1)]);
    shop.reserve(std::slice::from_ref(&slow)).await;
    shop.run_out_of_time().await;
    assert!(held(&shop.reserve(&[order(&[("M", 1)])]).await[0]).is_some());
    let counters = [
        shop.counters("A").await,
        shop.counters("M").await,
        shop.counters("Z").await,
    ];
    assert_eq!(counters, [(1, 0, 0), (1, 1, 0), (1, 0, 0)]);
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn a_sweep_stays_small_and_the_next_ones_do_the_rest(pool: PgPool) {
    let shop = Shop::open(pool);
    for number in 0..60 {
        shop.product(&format!("P{number}"), 5).await;
    }
    let skus: Vec<String> = (0..60).map(|number| format!("P{number}")).collect();
    let lines: Vec<(&str, u32)> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    shop.reserve(&[order(&lines), order(&lines), order(&lines)])
        .await;
    shop.run_out_of_time().await;
    for expected in [(1, 1), (1, 1), (1, 1), (0, 0)] {
        assert_eq!(expire_overdue(&shop.pool).await.unwrap(), expected);
    }
    shop.assert_counts_add_up().await;
}

/// One wrong counter used to fail every sweep, so that no hold of the shop was released.
#[sqlx::test]
async fn a_hold_whose_counters_are_wrong_keeps_no_other_from_going_back(pool: PgPool) {
    let shop = Shop::open(pool);
    for sku in ["CUP", "MUG", "POT"] {
        shop.product(sku, 5).await;
    }
    let orders = [
        order(&[("CUP", 1)]),
        order(&[("MUG", 1)]),
        order(&[("POT", 1)]),
    ];
    shop.reserve(&orders).await;
    shop.run_out_of_time().await;
    shop.plant("UPDATE stock SET held = 0 WHERE sku = 'CUP'")
        .await;
    let mut broken = std::collections::BTreeSet::new();
    let swept = product::stock::reservations::expire_overdue(&shop.pool, &mut broken).await;
    assert_eq!(swept.unwrap(), (3, 2));
    assert!(broken.contains(&orders[0].order_id));
    let again = product::stock::reservations::expire_overdue(&shop.pool, &mut broken).await;
    assert_eq!(again.unwrap(), (0, 0));
    assert_eq!(shop.state(orders[0].order_id).await, "held");
    assert_eq!(shop.counters("MUG").await, (5, 0, 0));
}
