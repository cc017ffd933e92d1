//! Concurrent `POST /orders`: the same key twice, batches, and an order that fails its batch.

use std::{collections::BTreeSet, time::Duration};

use db::testing::eventually;
use order::checkout::QueueLimits;
use sqlx::PgPool;

use crate::support::{
    product::Fault,
    shop::{Shop, order_of},
};

#[sqlx::test]
async fn in_one_replica_the_second_of_twins_is_told_to_wait(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.product.next(Fault::Late(Duration::from_secs(1)));
    let (customer, body) = (shop.customer(), order_of(&[("MUG-1", 1)]));
    let twin = async {
        shop.product.reached().await;
        shop.place(&customer, "a", &body).await
    };
    let (first, second) = tokio::join!(shop.place(&customer, "a", &body), twin);
    assert_eq!(first.status, 201);
    assert_eq!(second.refusal(), (409, "idempotency_key_in_use"));
    assert!(shop.place(&customer, "a", &body).await.replayed());
}

#[sqlx::test]
async fn across_replicas_twins_end_as_one_order_and_a_replay(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (twin, body) = (shop.twin(), order_of(&[("MUG-1", 1)]));
    for round in 0..20 {
        let customer = shop.customer();
        let (first, second) = tokio::join!(
            shop.place(&customer, "a", &body),
            twin.place(&customer, "a", &body)
        );
        assert_eq!(
            (first.status.as_u16(), second.status.as_u16()),
            (201, 201),
            "{round}"
        );
        assert_eq!(first.id(), second.id(), "{round}");
        assert!(
            first.replayed() != second.replayed(),
            "{round}: one of them made it"
        );
    }
    assert_eq!(
        (shop.count("orders").await, shop.count("sagas").await),
        (20, 20)
    );
    assert_eq!(shop.product.available("MUG-1"), 80);
}

#[sqlx::test]
async fn a_twin_whose_writer_is_still_busy_waits_for_it(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, body) = (shop.customer(), order_of(&[("MUG-1", 1)]));
    // A writer on another replica holds the key for longer than the lock timeout, and then rolls back.
    let mut other = shop.pool.begin().await.unwrap();
    sqlx::query("INSERT INTO idempotency_keys VALUES ($1, 'place_order', 'a', decode(repeat('00', 32), 'hex'), $1, 201)")
        .bind(customer.id)
        .execute(&mut *other)
        .await
        .unwrap();
    let attempts = async || -> Vec<String> {
        sqlx::query_scalar(
            "SELECT xact_start::text FROM pg_stat_activity
             WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_all(&shop.pool)
        .await
        .unwrap()
    };
    let give_up = async {
        // Two transactions in turn have waited for it.
        let mut waited = BTreeSet::new();
        eventually("a second attempt", async || {
            waited.extend(attempts().await);
            waited.len() > 1
        })
        .await;
        other.rollback().await.unwrap();
    };
    let (placed, ()) = tokio::join!(shop.place(&customer, "a", &body), give_up);
    assert_eq!((placed.status.as_u16(), placed.replayed()), (201, false));
}

#[sqlx::test]
async fn what_queues_together_goes_as_one_batch(pool: PgPool) {
    let shop = Shop::with(
        pool,
        QueueLimits {
            consumers: 1,
            ..QueueLimits::default()
        },
    )
    .await;
    shop.product.next(Fault::Late(Duration::from_secs(1)));
    let body = order_of(&[("MUG-1", 1)]);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let request = crate::support::shop::post(&shop.customer(), "a", &body);
        let router = shop.router.clone();
        tasks.spawn(async move {
            tower::ServiceExt::oneshot(router, request)
                .await
                .unwrap()
                .status()
        });
    }
    let statuses = tasks.join_all().await;
    assert!(statuses.iter().all(|status| *status == 201), "{statuses:?}");
    let calls = shop.product.calls("reserve");
    assert!(calls.len() <= 4, "40 orders went in {} calls", calls.len());
    assert!(calls.iter().all(|call| call.traceparent.is_some()));
    assert_eq!(
        (shop.count("orders").await, shop.product.available("MUG-1")),
        (40, 60)
    );
}

#[sqlx::test]
async fn a_sold_out_neighbour_does_not_matter(pool: PgPool) {
    let shop = Shop::with(
        pool,
        QueueLimits {
            consumers: 1,
            ..QueueLimits::default()
        },
    )
    .await;
    shop.product.next(Fault::Late(Duration::from_millis(50)));
    let (one, two, three) = (shop.customer(), shop.customer(), shop.customer());
    let (mug, last) = (order_of(&[("MUG-1", 1)]), order_of(&[("LAST-1", 1)]));
    let (a, b, c, d) = tokio::join!(
        shop.place(&one, "a", &mug),
        shop.place(&one, "b", &last),
        shop.place(&two, "a", &last),
        shop.place(&three, "a", &mug),
    );
    assert_eq!(
        (a.status.as_u16(), b.status.as_u16(), d.status.as_u16()),
        (201, 201, 201)
    );
    assert_eq!(c.refusal(), (409, "out_of_stock"));
}

#[sqlx::test]
async fn an_order_that_spoils_its_batch_is_found_and_its_customer_slowed(pool: PgPool) {
    let shop = Shop::with(
        pool,
        QueueLimits {
            consumers: 1,
            ..QueueLimits::default()
        },
    )
    .await;
    shop.product.always(Fault::Poison("BAD"));
    let (good, bad, first) = (shop.customer(), shop.customer(), shop.customer());
    let (mug, poison) = (order_of(&[("MUG-1", 1)]), order_of(&[("BAD", 1)]));
    let (_, a, b, c) = tokio::join!(
        shop.place(&first, "a", &mug),
        shop.place(&good, "a", &mug),
        shop.place(&bad, "a", &poison),
        shop.place(&good, "b", &mug),
    );
    assert_eq!((a.status.as_u16(), c.status.as_u16()), (201, 201));
    assert_eq!(b.refusal(), (500, "internal"));
    assert_eq!(
        shop.place(&bad, "b", &mug).await.refusal(),
        (429, "too_many_requests")
    );
}

#[sqlx::test]
async fn rows_that_the_database_refuses_do_not_hurt_their_neighbours(pool: PgPool) {
    let shop = Shop::with(
        pool,
        QueueLimits {
            consumers: 1,
            ..QueueLimits::default()
        },
    )
    .await;
    shop.execute("ALTER TABLE order_items ADD CHECK (sku <> 'CUP-1')")
        .await;
    shop.product.next(Fault::Late(Duration::from_millis(50)));
    let (good, bad, first) = (shop.customer(), shop.customer(), shop.customer());
    let (mug, cup) = (order_of(&[("MUG-1", 1)]), order_of(&[("CUP-1", 1)]));
    let (_, a, b, c) = tokio::join!(
        shop.place(&first, "a", &mug),
        shop.place(&good, "a", &mug),
        shop.place(&bad, "a", &cup),
        shop.place(&good, "b", &mug),
    );
    assert_eq!((a.status.as_u16(), c.status.as_u16()), (201, 201));
    assert_eq!(b.refusal(), (500, "internal"));
    assert_eq!(
        (
            shop.count("orders").await,
            shop.count("idempotency_keys").await
        ),
        (3, 3)
    );
}

#[sqlx::test]
async fn what_waited_too_long_is_not_begun(pool: PgPool) {
    let limits = QueueLimits {
        consumers: 1,
        wait: Duration::from_millis(300),
        ..QueueLimits::default()
    };
    let shop = Shop::with(pool, limits).await;
    shop.product.next(Fault::Late(Duration::from_secs(2)));
    let (one, two, body) = (shop.customer(), shop.customer(), order_of(&[("MUG-1", 1)]));
    let late = async {
        shop.product.reached().await;
        shop.place(&two, "a", &body).await
    };
    let (first, second) = tokio::join!(shop.place(&one, "a", &body), late);
    assert_eq!(first.status, 201);
    assert_eq!(second.refusal(), (503, "unavailable"));
    assert_eq!(shop.product.holds().len(), 1);
}

#[sqlx::test]
async fn a_full_queue_turns_away(pool: PgPool) {
    let limits = QueueLimits {
        consumers: 1,
        capacity: 1,
        ..QueueLimits::default()
    };
    let shop = Shop::with(pool, limits).await;
    shop.product.next(Fault::Late(Duration::from_secs(1)));
    let body = order_of(&[("MUG-1", 1)]);
    let place = async || shop.place(&shop.customer(), "a", &body).await;
    let later = async || {
        shop.product.reached().await;
        place().await
    };
    // One is under way, one of the others waits, and there is no room for the last.
    let (first, second, third) = tokio::join!(place(), later(), later());
    let (placed, refused) = if second.status == 201 {
        (second, third)
    } else {
        (third, second)
    };
    assert_eq!((first.status.as_u16(), placed.status.as_u16()), (201, 201));
    assert_eq!(refused.refusal(), (503, "unavailable"));
    assert_eq!(refused.headers["retry-after"], "1");
}
