//! Every migration while the previous release continues to sell: nothing that it committed is lost.

use db::testing::migrations::{Written, under_writers};
use product::MIGRATOR;
use sqlx::PgPool;

/// How releases create a product, hold a unit of it and commit the hold.
const SHAPES: [Written; 3] = [
    Written {
        since: 1,
        statements: &[PRODUCT],
    },
    Written {
        since: 2,
        statements: &[PRODUCT, STOCK, ARRIVAL, HOLD, LINE, ALLOCATE, COMMIT],
    },
    Written {
        since: 3,
        statements: &[
            PRODUCT, STOCK, ARRIVAL, HOLD, LINE, ALLOCATE, COMMIT, TRANSFER, SHIP, LEAVE,
        ],
    },
];

macro_rules! id {
    () => {
        "('00000000-0000-7000-8000-' || lpad($1::bigint::text, 12, '0'))::uuid"
    };
}
macro_rules! sku {
    () => {
        "'MUG-' || $1::bigint"
    };
}
const PRODUCT: &str = concat!(
    "INSERT INTO products (id, vendor_id, sku, slug, name, price_minor, metadata, status)
     VALUES (",
    id!(),
    ", ",
    id!(),
    ", ",
    sku!(),
    ", 'mug-' || $1::bigint, 'Mug', 100, '{\"colour\": \"blue\"}', 'active')"
);
const STOCK: &str = concat!(
    "INSERT INTO stock (sku, on_hand, held) VALUES (",
    sku!(),
    ", 5, 1)"
);
const ARRIVAL: &str = concat!(
    "INSERT INTO movements (id, sku, location, kind, delta, on_hand_after) VALUES (",
    id!(),
    ", ",
    sku!(),
    ", 'main', 'initial', 5, 5)"
);
const HOLD: &str = concat!(
    "INSERT INTO holds (order_id, request_key, fingerprint, state, total_minor, expires_at)
     VALUES (",
    id!(),
    ", sha256(($1::bigint::text)::bytea), sha256('f'), 'held', 100, now() + interval '1 hour')"
);
const LINE: &str = concat!(
    "INSERT INTO hold_lines (order_id, sku, location, line, quantity, product_id, vendor_id, name, unit_price_minor)
     VALUES (",
    id!(),
    ", ",
    sku!(),
    ", 'main', 0, 1, ",
    id!(),
    ", ",
    id!(),
    ", 'Mug', 100)"
);
const ALLOCATE: &str = concat!(
    "UPDATE stock SET held = 0, allocated = 1 WHERE sku = ",
    sku!()
);
const COMMIT: &str = concat!(
    "UPDATE holds SET state = 'committed', ended_at = now() WHERE order_id = ",
    id!()
);
const TRANSFER: &str = concat!(
    "INSERT INTO parcels (kind, id, order_id, fingerprint) VALUES ('shipment', ",
    id!(),
    ", ",
    id!(),
    ", sha256('p'))"
);
const SHIP: &str = concat!(
    "UPDATE stock SET on_hand = 4, allocated = 0 WHERE sku = ",
    sku!()
);
const LEAVE: &str = concat!("UPDATE hold_lines SET shipped = 1 WHERE order_id = ", id!());

/// Rows of each kind that a transaction leaves, since which migration.
const LEFT: [(i64, &str); 5] = [
    (1, "products WHERE metadata = '{\"colour\": \"blue\"}'"),
    (2, "stock WHERE on_hand - held - allocated = 4"),
    (2, "movements"),
    (2, "holds WHERE state = 'committed'"),
    (2, "hold_lines"),
];

async fn nothing_is_lost(pool: PgPool, before: i64) {
    let committed = under_writers(&pool, &MIGRATOR, before, &SHAPES)
        .await
        .unwrap();
    assert!(committed.len() >= 6, "the writers wrote");
    for (_, what) in LEFT.into_iter().filter(|(since, _)| *since <= before) {
        let statement = format!("SELECT count(*) FROM {what}");
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(count, i64::try_from(committed.len()).unwrap(), "{what}");
    }
    // A line that is marked as ended has ended: otherwise a count would miss units that are still to be shipped.
    let hidden: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM hold_lines WHERE NOT is_open AND shipped + released < quantity",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(hidden, 0, "lines that are wrongly over");
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
    the_eighth_migration_loses_nothing: 7,
    the_ninth_migration_loses_nothing: 8,
    the_tenth_migration_loses_nothing: 9,
    the_eleventh_migration_loses_nothing: 10,
}
