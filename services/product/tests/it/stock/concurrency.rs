//! Many requests at once: no unit is sold twice, no transaction deadlocks, and retries find their own holds.

use clock::Ids;
use db::Pool;
use futures::future::join_all;
use product::stock::reservations::{
    Committed, Release, Released, Shipped, commit, extend,
    model::{Reservation, Verdict},
    release, reserve, restock, ship,
};
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::support::shop::{Shop, expire_overdue, held, id, longer, order, transfer};

/// Each reservation in a batch of its own, all at once.
async fn all_at_once(pool: &Pool, reservations: &[Reservation]) -> Vec<Verdict> {
    let tasks = reservations.iter().cloned().map(|reservation| {
        let pool = pool.clone();
        tokio::spawn(async move {
            // As order does it: an unknown outcome is sent again with the same keys.
            loop {
                if let Ok(verdicts) = reserve(
                    &pool,
                    "USD".parse().unwrap(),
                    std::slice::from_ref(&reservation),
                )
                .await
                {
                    return verdicts.into_iter().next().unwrap();
                }
            }
        })
    });
    join_all(tasks)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect()
}

/// Connections that wait for locks without a limit, so that a circular wait ends as a deadlock.
fn patient(shop: &Shop) -> Pool {
    let options = shop.pool.sessions().connect_options().as_ref().clone();
    let options = options
        .options([("lock_timeout", "0"), ("deadlock_timeout", "20ms")])
        .application_name("patient");
    PgPoolOptions::new()
        .max_connections(12)
        .connect_lazy_with(options)
        .into()
}

/// The number of deadlocks on these connections, which are closed for it: they report when they end.
async fn deadlocks(shop: &Shop, patient: Pool) -> i64 {
    patient.sessions().close().await;
    shop.sessions_end("patient").await;
    sqlx::query_scalar("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        .fetch_one(&shop.pool)
        .await
        .unwrap()
}

#[sqlx::test]
async fn fifty_buyers_get_the_last_ten_units_and_not_one_more(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("LAST", 10).await;
    let reservations: Vec<_> = (0..50).map(|_| order(&[("LAST", 1)])).collect();
    let verdicts = all_at_once(&shop.pool, &reservations).await;
    assert_eq!(
        verdicts
            .iter()
            .filter(|verdict| held(verdict).is_some())
            .count(),
        10
    );
    let sold_out = |verdict: &&Verdict| matches!(verdict, Verdict::OutOfStock { lines } if lines[0].available == 0);
    assert_eq!(
        verdicts.iter().filter(sold_out).count(),
        40,
        "each other one is told so"
    );
    assert_eq!(shop.counters("LAST").await, (10, 10, 0));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn orders_of_the_same_goods_in_opposite_order_never_deadlock(pool: PgPool) {
    let shop = Shop::open(pool);
    for sku in ["A", "B", "C", "D"] {
        shop.product(sku, 1_000).await;
    }
    let reservations: Vec<_> = (0..60)
        .map(|number| match number % 3 {
            0 => order(&[("A", 1), ("B", 1), ("C", 1), ("D", 1)]),
            1 => order(&[("D", 1), ("C", 1), ("B", 1), ("A", 1)]),
            _ => order(&[("C", 1), ("A", 1)]),
        })
        .collect();
    let patient = patient(&shop);
    let verdicts = all_at_once(&patient, &reservations).await;
    assert!(verdicts.iter().all(|verdict| held(verdict).is_some()));
    assert_eq!(deadlocks(&shop, patient).await, 0);
    assert_eq!(shop.counters("A").await, (1_000, 60, 0));
    assert_eq!(shop.counters("B").await, (1_000, 40, 0));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn retries_of_one_request_at_the_same_time_share_one_hold(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 100).await;
    let first = order(&[("MUG", 3)]);
    let twins: Vec<_> = (0..20)
        .map(|_| Reservation {
            order_id: id(),
            ..first.clone()
        })
        .collect();
    let verdicts = all_at_once(&shop.pool, &twins).await;
    let orders: std::collections::HashSet<_> = verdicts.iter().map(held).collect();
    assert_eq!(orders.len(), 1, "one order id for all");
    assert_eq!(shop.counters("MUG").await, (100, 3, 0));
    shop.assert_counts_add_up().await;
}

/// One key with two fingerprints of different SKUs: the unique key separates them, not the locks of their stock.
#[sqlx::test]
async fn a_key_used_for_two_requests_at_once_serves_one(pool: PgPool) {
    let shop = Shop::open(pool);
    for sku in ["MUG", "CUP"] {
        shop.product(sku, 100).await;
    }
    for _ in 0..10 {
        let mug = order(&[("MUG", 1)]);
        let cup = Reservation {
            request_key: mug.request_key,
            ..order(&[("CUP", 1)])
        };
        let verdicts = all_at_once(&shop.pool, &[mug, cup]).await;
        assert_eq!(
            verdicts
                .iter()
                .filter(|verdict| held(verdict).is_some())
                .count(),
            1
        );
        assert!(verdicts.contains(&Verdict::FingerprintMismatch));
    }
    shop.assert_counts_add_up().await;
}

/// A reservation and the release of its order, at the same time: it is held and released, or never held.
#[sqlx::test]
async fn a_release_that_meets_its_reservation_leaves_nothing_held(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 100).await;
    for _ in 0..25 {
        let reservation = order(&[("MUG", 1)]);
        let ids = [reservation.order_id];
        let (verdict, released) = tokio::join!(
            all_at_once(&shop.pool, std::slice::from_ref(&reservation)),
            release(&shop.pool, &ids, Release::Held)
        );
        released.unwrap();
        assert!(
            held(&verdict[0]).is_some() || verdict[0] == Verdict::Gone,
            "{verdict:?}"
        );
        assert_eq!(shop.state(reservation.order_id).await, "released");
    }
    assert_eq!(shop.counters("MUG").await, (100, 0, 0));
    shop.assert_counts_add_up().await;
}

/// All operations at the same time on a few units of a few SKUs: the counters stay consistent.
#[sqlx::test]
async fn counts_add_up_after_a_storm(pool: PgPool) {
    let shop = Shop::open(pool);
    let skus = ["A", "B", "C"];
    for sku in skus {
        shop.product(sku, 40).await;
    }
    let patient = patient(&shop);
    let buyer = |number: usize| {
        let pool = patient.clone();
        async move {
            for round in 0..6 {
                let (one, two) = (
                    skus[(number + round) % 3],
                    skus[(number + round * 2 + 1) % 3],
                );
                let reservations = [order(&[(one, 2), (two, 1)]), order(&[(two, 1)])];
                let Ok(_) = reserve(&pool, "USD".parse().unwrap(), &reservations).await else {
                    continue;
                };
                let ids = [reservations[1].order_id, reservations[0].order_id];
                match (number + round) % 7 {
                    0 => drop(commit(&pool, &ids[..1]).await),
                    3 => {
                        let longer = ids.map(|id| longer(id, 60));
                        drop(extend(&pool, &longer).await);
                        drop(commit(&pool, &ids).await);
                        let goods = [transfer(ids[0], &[(two, 1)]), transfer(ids[1], &[(one, 1)])];
                        drop(ship(&pool, Ids::system(), &goods).await);
                        drop(restock(&pool, Ids::system(), &goods).await);
                    }
                    4 => {
                        drop(commit(&pool, &ids).await);
                        drop(release(&pool, &ids, Release::Committed).await);
                    }
                    1 => drop(release(&pool, &ids, Release::Held).await),
                    2 => {
                        let sql = "UPDATE holds SET expires_at = now() - interval '1 s' WHERE order_id = $1";
                        sqlx::query(sql).bind(ids[0]).execute(&pool).await.unwrap();
                        drop(expire_overdue(&pool).await);
                    }
                    5 => {
                        let sql = "UPDATE holds SET expires_at = now() - interval '1 s' WHERE order_id = ANY ($1)";
                        sqlx::query(sql).bind(ids).execute(&pool).await.unwrap();
                        drop(expire_overdue(&pool).await);
                        drop(extend(&pool, &[longer(ids[0], 60)]).await);
                        drop(commit(&pool, &ids).await);
                    }
                    _ => {}
                }
            }
        }
    };
    join_all((0..12).map(|number| tokio::spawn(buyer(number))))
        .await
        .into_iter()
        .for_each(Result::unwrap);
    shop.assert_counts_add_up().await;
    assert_eq!(deadlocks(&shop, patient).await, 0);
}

/// Shipments of an order and its cancellation at the same time: each unit is shipped or released, and none both.
#[sqlx::test]
async fn shipping_meets_the_release_of_what_is_committed(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 500).await;
    shop.product("CUP", 500).await;
    let patient = patient(&shop);
    let mut shipped_units = 0;
    for _ in 0..25 {
        let reservation = order(&[("MUG", 2), ("CUP", 2)]);
        shop.reserve(std::slice::from_ref(&reservation)).await;
        commit(&shop.pool, &[reservation.order_id]).await.unwrap();
        let transfers: Vec<_> = (0..4)
            .map(|number| {
                let sku = if number % 2 == 0 { "MUG" } else { "CUP" };
                transfer(reservation.order_id, &[(sku, 1)])
            })
            .collect();
        // Each shipment is reported twice, in separate batches.
        let shipping = join_all((0..8).map(|number| {
            let (pool, transfer) = (patient.clone(), transfers[number / 2].clone());
            tokio::spawn(async move {
                let outcomes = ship(&pool, Ids::system(), &[transfer]).await.unwrap();
                outcomes[0].outcome
            })
        }));
        let ids = [reservation.order_id];
        let (shipped, released) =
            tokio::join!(shipping, release(&patient, &ids, Release::Committed));
        assert_eq!(released.unwrap()[0].outcome, Released::Released);
        let shipped: Vec<Shipped> = shipped.into_iter().map(Result::unwrap).collect();
        for twins in shipped.chunks(2) {
            let left = twins.contains(&Shipped::Shipped);
            let told = |outcome: &Shipped| match outcome {
                Shipped::Shipped => left,
                Shipped::TooMany | Shipped::Gone => true,
                Shipped::NotCommitted | Shipped::Mismatch => false,
            };
            assert!(twins.iter().all(told), "{twins:?}");
            shipped_units += i64::from(left);
        }
        shop.assert_counts_add_up().await;
    }
    let (mugs, cups) = (shop.counters("MUG").await, shop.counters("CUP").await);
    assert_eq!(mugs.0 + cups.0, 1_000 - shipped_units);
    assert_eq!((mugs.1, mugs.2, cups.1, cups.2), (0, 0, 0, 0));
    assert_eq!(deadlocks(&shop, patient).await, 0);
}

/// One shipment id for two orders of different SKUs: the unique key separates them, not the locks of their stock.
#[sqlx::test]
async fn an_id_used_for_two_transfers_at_once_ships_one(pool: PgPool) {
    let shop = Shop::open(pool);
    for sku in ["MUG", "CUP"] {
        shop.product(sku, 100).await;
    }
    for _ in 0..10 {
        let (mug, cup) = (order(&[("MUG", 1)]), order(&[("CUP", 1)]));
        shop.reserve(&[mug.clone(), cup.clone()]).await;
        commit(&shop.pool, &[mug.order_id, cup.order_id])
            .await
            .unwrap();
        let one = transfer(mug.order_id, &[("MUG", 1)]);
        let mut two = transfer(cup.order_id, &[("CUP", 1)]);
        two.id = one.id;
        let (one, two) = ([one], [two]);
        let (one, two) = tokio::join!(shop.ship(&one), shop.ship(&two));
        let mut outcomes = [one[0], two[0]];
        outcomes.sort_by_key(|outcome| *outcome == Shipped::Mismatch);
        assert_eq!(outcomes, [Shipped::Shipped, Shipped::Mismatch]);
    }
    shop.assert_counts_add_up().await;
}

/// Stock that stays locked: nothing is done, and the caller gets an error in time.
#[sqlx::test]
async fn stock_that_stays_locked_is_given_up_at_the_deadline(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let options = shop.pool.sessions().connect_options().as_ref().clone();
    let fresh: Pool = PgPoolOptions::new()
        .max_connections(2)
        .connect_lazy_with(options)
        .into();
    let mut work = shop.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM stock FOR NO KEY UPDATE")
        .execute(&mut *work)
        .await
        .unwrap();
    let began = std::time::Instant::now();
    let reservation = order(&[("MUG", 1)]);
    let failed = reserve(
        &fresh,
        "USD".parse().unwrap(),
        std::slice::from_ref(&reservation),
    )
    .await
    .unwrap_err();
    assert_eq!(web::Problem::from(failed).status(), 503);
    assert!(began.elapsed().as_millis() < 2_500);
    let failed = commit(&fresh, &[reservation.order_id]).await.unwrap();
    assert_eq!(
        failed[0].outcome,
        Committed::Gone,
        "an order without lines needs no stock"
    );
    work.rollback().await.unwrap();
    assert!(held(&shop.reserve(&[reservation]).await[0]).is_some());
    fresh.sessions().close().await;
}
