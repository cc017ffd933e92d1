//! Sagas: driven once, twice, by several workers, under a lost lease, and while product fails.

use std::time::Duration;

use axum::http::StatusCode;
use order::{
    checkout::ports::Reservations,
    saga::{
        Driven,
        model::{
            CommitOutcome, Postponement, Progress, Queue, ReleaseOutcome, Settled, Settlement, Turn,
        },
        ports::Sagas,
    },
    values::OrderId,
};
use sqlx::PgPool;

use crate::support::{
    product::Fault,
    shop::{Shop, order_of},
};

const LEASE: Duration = Duration::from_secs(10);

async fn with_orders(pool: PgPool, orders: usize) -> Shop {
    let shop = Shop::open(pool).await;
    for _ in 0..orders {
        assert_eq!(
            shop.place(&shop.customer(), "a", &order_of(&[("MUG-1", 1)]))
                .await
                .status,
            201
        );
    }
    shop
}

async fn statuses(shop: &Shop) -> Vec<(String, i64)> {
    let query = "SELECT status, count(*) FROM orders GROUP BY status ORDER BY status";
    sqlx::query_as(query).fetch_all(&shop.pool).await.unwrap()
}

fn confirmed(turn: &Turn) -> Settlement {
    let committed = Progress::of(turn.clone()).committed(CommitOutcome::Committed);
    committed.unwrap().settlement()
}

#[sqlx::test]
async fn a_saga_driven_twice_does_no_harm(pool: PgPool) {
    let shop = with_orders(pool, 3).await;
    assert_eq!(
        shop.drive().await,
        Driven {
            taken: 3,
            settled: 3,
            more: true,
            ..Driven::default()
        }
    );
    assert_eq!(shop.drive().await, Driven::default());
    // As if the first worker had died after writing: its saga is taken again.
    shop.execute("UPDATE sagas SET finished_at = NULL, due_at = now()")
        .await;
    assert_eq!(shop.drive().await.settled, 3);
    assert_eq!(statuses(&shop).await, [("confirmed".to_owned(), 3)]);
    let versions: Vec<i64> = sqlx::query_scalar("SELECT DISTINCT version FROM orders")
        .fetch_all(&shop.pool)
        .await
        .unwrap();
    assert_eq!(versions, [2], "the second time changed nothing");
}

#[sqlx::test]
async fn a_lease_that_passed_on_writes_nothing(pool: PgPool) {
    let shop = with_orders(pool, 1).await;
    shop.lose_leases().await;
    let sagas = shop.sagas();
    let stale = sagas.take(Queue::Stock, 10, LEASE).await.unwrap().remove(0);
    assert!(
        sagas
            .take(Queue::Stock, 10, LEASE)
            .await
            .unwrap()
            .is_empty(),
        "a lease keeps others away"
    );
    shop.lose_leases().await;
    let fresh = sagas.take(Queue::Stock, 10, LEASE).await.unwrap().remove(0);
    assert!(fresh.lease.fence > stale.lease.fence);

    let cancelled = Progress::of(stale.clone()).committed(CommitOutcome::Lost);
    assert_eq!(
        sagas
            .settle(&[cancelled.unwrap().settlement()])
            .await
            .unwrap(),
        [Settled::LeaseLost]
    );
    let later = Postponement {
        lease: stale.lease,
        pause: Duration::from_secs(999),
        reason: "stale".to_owned(),
    };
    sagas.postpone(&[later]).await.unwrap();
    let error: Option<String> = sqlx::query_scalar("SELECT last_error FROM sagas")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(
        (statuses(&shop).await, error),
        (vec![("pending".to_owned(), 1)], None)
    );

    assert_eq!(
        sagas.settle(&[confirmed(&fresh)]).await.unwrap(),
        [Settled::Written]
    );
    assert_eq!(
        sagas.settle(&[confirmed(&fresh)]).await.unwrap(),
        [Settled::LeaseLost],
        "it has ended"
    );
    assert_eq!(statuses(&shop).await, [("confirmed".to_owned(), 1)]);
}

#[sqlx::test]
async fn what_the_placing_process_took_is_left_to_it_until_its_lease_ends(pool: PgPool) {
    let shop = with_orders(pool, 2).await;
    assert_eq!(shop.work().await, Driven::default());
    shop.lose_leases().await;
    assert_eq!(shop.work().await.settled, 2);
    // The first worker resumes, and finds that another one has taken them.
    assert_eq!(shop.drive().await.settled, 0);
    assert_eq!(statuses(&shop).await, [("confirmed".to_owned(), 2)]);
    let written: i64 = sqlx::query_scalar("SELECT max(version) FROM orders")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(written, 2);
}

#[sqlx::test]
async fn an_order_that_changed_meanwhile_is_looked_at_again(pool: PgPool) {
    let shop = with_orders(pool, 1).await;
    shop.lose_leases().await;
    let turn = shop
        .sagas()
        .take(Queue::Stock, 10, LEASE)
        .await
        .unwrap()
        .remove(0);
    shop.execute(
        "WITH changed AS (UPDATE orders SET note = 'changed', version = version + 1 RETURNING id, version)
         INSERT INTO order_events (order_id, version, event_type, actor, data)
         SELECT id, version, 'order.updated', 'system', '{}' FROM changed",
    )
    .await;
    assert_eq!(
        shop.sagas().settle(&[confirmed(&turn)]).await.unwrap(),
        [Settled::OrderChanged]
    );
    assert_eq!(statuses(&shop).await, [("pending".to_owned(), 1)]);
    assert_eq!(shop.work().await.settled, 1);
    assert_eq!(statuses(&shop).await, [("confirmed".to_owned(), 1)]);
}

#[sqlx::test]
async fn two_workers_at_once_settle_each_saga_once(pool: PgPool) {
    let shop = with_orders(pool, 60).await;
    shop.lose_leases().await;
    let twin = shop.twin();
    let (one, two, three) = tokio::join!(shop.work(), twin.work(), shop.work());
    assert_eq!(one.settled + two.settled + three.settled, 60);
    assert_eq!(statuses(&shop).await, [("confirmed".to_owned(), 60)]);
    let asked: usize = shop
        .product
        .calls("commit")
        .iter()
        .map(|call| call.size)
        .sum();
    assert_eq!(asked, 60, "no saga was taken twice");
}

#[sqlx::test]
async fn an_order_whose_hold_was_lost_is_cancelled(pool: PgPool) {
    for state in ["lost", "gone"] {
        let shop = with_orders(pool.clone(), 1).await;
        shop.product.end_holds(state);
        assert_eq!(shop.drive().await.settled, 1);
        let list = shop.get(&shop.admin(), "/api/v1/orders?limit=1").await;
        let order = &list.body["data"][0];
        assert_eq!(
            (order["status"].as_str(), order["cancel_reason"].as_str()),
            (Some("cancelled"), Some("shortfall"))
        );
    }
}

#[sqlx::test]
async fn while_product_is_in_trouble_sagas_wait_and_then_finish(pool: PgPool) {
    let shop = with_orders(pool, 2).await;
    shop.product
        .next(Fault::Answer(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(
        shop.drive().await,
        Driven {
            taken: 2,
            more: true,
            ..Driven::default()
        }
    );
    let (attempts, error, waits): (i32, String, bool) =
        sqlx::query_as("SELECT attempts, last_error, due_at > now() FROM sagas LIMIT 1")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(
        (attempts, error.as_str(), waits),
        (
            1,
            "the outcome of a call to product is not known: product responded with 503 Service Unavailable",
            true
        )
    );

    // Product did it, and the response was lost: a repeated call returns the result.
    shop.product.next(Fault::LoseAnswer);
    shop.lose_leases().await;
    assert_eq!(shop.drive().await.settled, 0);
    assert_eq!(shop.product.holds()[0].state, "committed");
    shop.lose_leases().await;
    assert_eq!(shop.drive().await.settled, 2);
    assert_eq!(statuses(&shop).await, [("confirmed".to_owned(), 2)]);
}

#[sqlx::test]
async fn stuck_sagas_are_seen(pool: PgPool) {
    let shop = with_orders(pool, 3).await;
    assert_eq!(shop.count("stuck_sagas").await, 0);
    shop.execute("UPDATE sagas SET deadline = now() - interval '1 second' WHERE order_id = (SELECT min(order_id::text)::uuid FROM sagas)").await;
    assert_eq!(shop.count("stuck_sagas").await, 1);
    let backlog = shop.sagas().backlog().await.unwrap();
    assert_eq!((backlog.unfinished, backlog.stuck), (3, 1));
    shop.drive().await;
    assert_eq!(shop.count("stuck_sagas").await, 0);
}

#[sqlx::test]
async fn a_worker_that_died_between_commit_and_row_is_made_up_for(pool: PgPool) {
    let shop = with_orders(pool, 1).await;
    shop.lose_leases().await;
    let turn = shop
        .sagas()
        .take(Queue::Stock, 10, LEASE)
        .await
        .unwrap()
        .remove(0);
    shop.reservations.commit(&[turn.lease.id]).await.unwrap();
    assert_eq!(
        shop.work().await,
        Driven::default(),
        "the lease of the dead still holds"
    );
    shop.lose_leases().await;
    assert_eq!(shop.work().await.settled, 1);
    assert_eq!(statuses(&shop).await, [("confirmed".to_owned(), 1)]);
}

#[sqlx::test]
async fn what_is_old_is_forgotten_and_the_order_stays_one(pool: PgPool) {
    use order::{checkout::ports::PlacedOrders, infrastructure::postgres::PgOrders};
    let shop = Shop::open(pool).await;
    let (customer, body) = (shop.customer(), order_of(&[("MUG-1", 1)]));
    let placed = shop.place(&customer, "a", &body).await;
    shop.drive().await;
    let orders = PgOrders::shared(&shop.pool, clock::Jitter::random());
    assert_eq!(
        (
            orders.forget_old_keys().await.unwrap(),
            shop.sagas().forget_finished().await.unwrap()
        ),
        (0, 0)
    );
    shop.execute("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
        .await;
    shop.execute("UPDATE sagas SET finished_at = now() - interval '8 days'")
        .await;
    assert_eq!(
        (
            orders.forget_old_keys().await.unwrap(),
            shop.sagas().forget_finished().await.unwrap()
        ),
        (1, 1)
    );
    // Product remembers the hold for longer, and with it the first order id.
    let again = shop.place(&customer, "a", &body).await;
    assert_eq!((again.id(), again.replayed()), (placed.id(), true));
    assert_eq!(
        (shop.count("orders").await, shop.count("sagas").await),
        (1, 0)
    );
}

#[sqlx::test]
async fn holds_are_given_back_even_if_they_are_committed(pool: PgPool) {
    let shop = with_orders(pool, 2).await;
    let orders: Vec<OrderId> = shop
        .product
        .holds()
        .iter()
        .map(|hold| OrderId(hold.order_id))
        .collect();
    shop.reservations.commit(&orders[..1]).await.unwrap();
    for _ in 0..2 {
        let outcomes: Vec<ReleaseOutcome> = shop
            .reservations
            .release(&orders)
            .await
            .unwrap()
            .into_iter()
            .map(Result::unwrap)
            .collect();
        assert_eq!(outcomes, [ReleaseOutcome::Released; 2]);
    }
    assert_eq!(shop.product.available("MUG-1"), 100);
}
