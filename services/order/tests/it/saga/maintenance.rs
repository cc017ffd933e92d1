//! Maintenance by `work`: old rows are deleted until none is left, and sagas are reopened in key order.

use clock::{Clock, Jitter};
use db::testing::eventually;
use order::{
    infrastructure::postgres::PgOrders,
    saga::{Maintenance, ports::Sagas, postgres::PgSagas},
};
use sqlx::PgPool;
use tokio::sync::watch;

use crate::support::shop::{Rules, Shop, at_the_mock, order_of};

#[sqlx::test]
async fn everything_that_is_old_goes_in_one_cleaning(pool: PgPool) {
    let shop = Shop::open(pool).await;
    // More than two chunks of each, and one of each that is not old.
    shop.tamper(
        "INSERT INTO idempotency_keys (principal, operation, key, fingerprint, order_id, status, created_at)
         SELECT gen_random_uuid(), 'create_order', 'k', sha256('k'), gen_random_uuid(), 201,
                CASE WHEN number = 0 THEN now() ELSE now() - interval '25 hours' END
         FROM generate_series(0, 10500) AS number",
    )
    .await;
    shop.tamper(
        "INSERT INTO sagas (order_id, deadline, finished_at)
         SELECT gen_random_uuid(), now(), CASE WHEN number = 0 THEN now() ELSE now() - interval '8 days' END
         FROM generate_series(0, 10500) AS number",
    )
    .await;
    let (stop, stopped) = watch::channel(false);
    let maintenance = Maintenance {
        orders: PgOrders::shared(&shop.pool, Jitter::random()),
        sagas: shop.sagas(),
    };
    let maintenance = tokio::spawn(maintenance.run(stopped));
    // The next cleaning is a minute away.
    eventually("old rows are gone", async || {
        shop.count("idempotency_keys").await + shop.count("sagas").await == 2
    })
    .await;
    stop.send(true).unwrap();
    maintenance.await.unwrap();
    assert_eq!(shop.count("idempotency_keys").await, 1);
    assert_eq!(shop.count("sagas").await, 1);
}

#[sqlx::test]
async fn sagas_are_reopened_in_key_order(pool: PgPool) {
    let shop = Shop::open(pool.clone()).await;
    // Later ids are stored first, so that the order of storage is the wrong one.
    shop.tamper(
        "INSERT INTO orders (id, user_id, currency, items_minor, total_minor, shipping_address, status,
                             cancel_requested_at, cancel_requested_by)
         SELECT ('00000000-0000-7000-8000-' || lpad(number::text, 12, '0'))::uuid, gen_random_uuid(), 'USD', 1, 1, '{}',
                'confirmed', now(), gen_random_uuid()
         FROM generate_series(1, 50) AS number ORDER BY number DESC",
    )
    .await;
    shop.tamper(
        "INSERT INTO sagas (order_id, deadline, finished_at) SELECT id, now(), now() FROM orders ORDER BY id DESC",
    )
    .await;
    let mut other = pool.begin().await.unwrap();
    let first = "SELECT FROM sagas WHERE order_id = (SELECT min(order_id::text)::uuid FROM sagas) FOR UPDATE";
    sqlx::query(first).execute(&mut *other).await.unwrap();
    let sagas = PgSagas::new(pool.clone(), Jitter::random());
    let reopening = tokio::spawn(async move { sagas.reopen_unsettled().await });
    let waits = "pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%wanting%' AND pid <> pg_backend_pid()
                 AND datname = current_database()";
    eventually("it waits for a lock", async || shop.count(waits).await > 0).await;
    // It waits for the first and holds no other: locking the rest in key order succeeds.
    let rest = sqlx::query("SELECT FROM sagas ORDER BY order_id FOR UPDATE NOWAIT")
        .execute(&mut *other)
        .await;
    assert_eq!(rest.unwrap().rows_affected(), 50);
    other.commit().await.unwrap();
    assert_eq!(reopening.await.unwrap().unwrap(), 50);
}

#[sqlx::test]
async fn times_are_the_databases_whatever_our_own_clock_says(pool: PgPool) {
    let shop = Shop::paid(pool, &at_the_mock()).await;
    let ahead = Clock::fixed(|| Clock::system().now() + chrono::TimeDelta::hours(1));
    let rules = Rules {
        clock: ahead,
        ..Rules::default()
    };
    let wrong = shop.twin_ruled(&at_the_mock(), rules);
    let customer = wrong.customer();
    let order = wrong
        .place(&customer, "a", &order_of(&[("MUG-1", 1)]))
        .await;
    assert_eq!(order.status, 201, "{order:?}");
    wrong.drive_out().await;
    // Every span is relative to the database's time.
    let spans: (f64, f64, f64) = sqlx::query_as(
        "SELECT extract(epoch FROM pay_by - now())::float8, extract(epoch FROM now() - orders.created_at)::float8,
                extract(epoch FROM hold_until - pay_by)::float8
         FROM orders JOIN sagas ON order_id = id",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    assert!((800.0..=900.0).contains(&spans.0), "to pay: {spans:?}");
    assert!((0.0..=100.0).contains(&spans.1), "placed: {spans:?}");
    assert!((0.0..=600.0).contains(&spans.2), "held: {spans:?}");
    let held = shop.product.extended();
    assert!(
        !held.is_empty() && held.iter().all(|seconds| (800..=1_500).contains(seconds)),
        "{held:?}"
    );
}
