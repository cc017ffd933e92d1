//! Every migration while the previous release continues to place orders: nothing that it committed is lost.

use std::time::Duration;

use clock::Jitter;
use db::testing::migrations::{Written, under_writers};
use order::{
    infrastructure::postgres::MIGRATOR,
    orders::{ports::EventLog, postgres::PgEventLog},
};
use sqlx::PgPool;

/// How releases write an order and confirm it.
const SHAPES: [Written; 2] = [
    Written {
        since: 1,
        statements: &[ORDER, ITEM, KEY, SAGA, CONFIRM],
    },
    Written {
        since: 3,
        statements: &[ORDER, ITEM, KEY, SAGA, CREATED, CONFIRM, CONFIRMED],
    },
];

macro_rules! id {
    () => {
        "('00000000-0000-7000-8000-' || lpad($1::bigint::text, 12, '0'))::uuid"
    };
}
const ORDER: &str = concat!(
    "INSERT INTO orders (id, user_id, currency, items_minor, total_minor, shipping_address)
     VALUES (",
    id!(),
    ", ",
    id!(),
    ", 'USD', 100, 100, '{}')"
);
const ITEM: &str = concat!(
    "INSERT INTO order_items (order_id, position, product_id, vendor_id, sku, name, unit_price_minor, quantity, line_total_minor)
     VALUES (", id!(), ", 0, ", id!(), ", ", id!(), ", 'MUG-1', 'Mug', 100, 1, 100)"
);
const KEY: &str = concat!(
    "INSERT INTO idempotency_keys (principal, operation, key, fingerprint, order_id, status)
     VALUES (",
    id!(),
    ", 'create_order', 'k', sha256('k'), ",
    id!(),
    ", 201)"
);
const SAGA: &str = concat!(
    "INSERT INTO sagas (order_id, deadline, finished_at) VALUES (",
    id!(),
    ", now(), now())"
);
const CREATED: &str = concat!(
    "INSERT INTO order_events (order_id, version, event_type, actor, actor_id, data)
     VALUES (",
    id!(),
    ", 1, 'order.created', 'customer', ",
    id!(),
    ", '{}')"
);
const CONFIRM: &str = concat!(
    "UPDATE orders SET status = 'confirmed', version = 2, updated_at = now() WHERE id = ",
    id!()
);
const CONFIRMED: &str = concat!(
    "INSERT INTO order_events (order_id, version, event_type, actor, data)
     VALUES (",
    id!(),
    ", 2, 'order.confirmed', 'system', '{}')"
);

async fn count(pool: &PgPool, what: &'static str) -> i64 {
    let statement = format!("SELECT count(*) FROM {what}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn nothing_is_lost(pool: PgPool, before: i64) {
    let committed = under_writers(&pool, &MIGRATOR, before, &SHAPES)
        .await
        .unwrap();
    let orders = i64::try_from(committed.len()).unwrap();
    assert!(orders >= 6, "the writers wrote: {orders}");
    for table in [
        "orders WHERE status = 'confirmed'",
        "order_items",
        "idempotency_keys",
        "sagas",
    ] {
        assert_eq!(count(&pool, table).await, orders, "{table}");
    }
    // `work` does this for orders of a release that wrote no events.
    let log = PgEventLog::new(&pool, Jitter::random());
    log.fill_gaps(Duration::from_hours(1)).await.unwrap();
    assert_eq!(count(&pool, "order_event_gaps").await, 0);
    assert_eq!(count(&pool, "order_events").await, 2 * orders);
    assert_eq!(
        count(&pool, "(SELECT order_id, version FROM unpublished_events UNION SELECT order_id, version FROM published_events) AS queued").await,
        2 * orders,
        "each event is queued or published"
    );
    assert_eq!(
        count(&pool, "unpublished_events").await + count(&pool, "published_events").await,
        2 * orders,
        "and once"
    );
}

db::each_migration! {
    MIGRATOR,
    nothing_is_lost,
    the_second_migration_loses_nothing: 1,
    the_third_migration_loses_nothing: 2,
    the_fourth_migration_loses_nothing: 3,
    the_fifth_migration_loses_nothing: 4,
    the_sixth_migration_loses_nothing: 5,
    the_seventh_migration_loses_nothing: 6,
    the_ninth_migration_loses_nothing: 7,
    the_tenth_migration_loses_nothing: 9,
    the_eleventh_migration_loses_nothing: 10,
    the_twelfth_migration_loses_nothing: 11,
    the_thirteenth_migration_loses_nothing: 12,
}
