//! How long an audit of a million orders takes.

use std::time::Duration;

use ::audit::Audited;
use order::audit::{Auditor, OrderSource};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::shop::Shop;

/// `cargo test --release … a_million_orders_are_audited -- --ignored --nocapture`: how long it takes, and its longest
/// snapshot.
#[ignore = "plants a million orders"]
#[sqlx::test]
async fn a_million_orders_are_audited(pool: PgPool) {
    let orders: i64 = 1_000_000;
    let shop = Shop::open(pool).await;
    let plant = format!(
        "SET statement_timeout = 0; SET session_replication_role = replica;
         CREATE TEMP TABLE ids AS SELECT ('01930000-' || lpad(to_hex(n >> 16), 4, '0') || '-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid AS id, n
             FROM generate_series(1, {orders}) AS n;
         INSERT INTO orders (id, user_id, status, payment_status, hold, version, currency, items_minor, total_minor, shipping_address, pay_by, updated_at, created_at)
             SELECT id, id, 'confirmed', 'paid', 'committed', 3, 'USD', 300, 300, '{address}', now(), now() - interval '1 hour', now() - interval '1 hour' FROM ids;
         INSERT INTO order_items (order_id, position, product_id, vendor_id, sku, name, unit_price_minor, quantity, line_total_minor)
             SELECT id, line, id, id, 'MUG-' || line, 'A mug', 100 + 100 * line, 1, 100 + 100 * line FROM ids, generate_series(0, 1) AS line;
         INSERT INTO sagas (order_id, deadline, finished_at) SELECT id, now(), now() FROM ids;
         INSERT INTO payments (id, order_id, user_id, provider, method, capture, currency, amount_minor, status, decision, authorized_minor, captured_minor)
             SELECT id, id, id, 'mock', 'mock_ok', 'automatic', 'USD', 300, 'captured', 'capture', 300, 300 FROM ids;
         INSERT INTO mock_provider_payments SELECT id, id::text FROM ids;
         INSERT INTO mock_provider_operations (key, payment_id, kind, order_id, method, amount_minor, currency, result_at)
             SELECT kind || id, id, kind, CASE kind WHEN 'authorise' THEN id END, CASE kind WHEN 'authorise' THEN 'mock_ok' END, 300, 'USD', now()
             FROM ids, unnest(ARRAY['authorise', 'capture']) AS kind;
         INSERT INTO order_events (order_id, version, event_type, actor, occurred_at, data)
             SELECT id, version, 'order.created', 'system', now() - interval '1 hour', '{{}}' FROM ids, generate_series(1, 3) AS version;
         INSERT INTO published_events (partition, sequence, order_id, version)
             SELECT partition, row_number() OVER (PARTITION BY partition ORDER BY order_id, version), order_id, version FROM order_events;
         UPDATE event_partitions SET last_sequence = (SELECT count(*) FROM published_events AS done WHERE done.partition = event_partitions.partition);
         ANALYZE; RESET session_replication_role",
        address = crate::support::shop::address().to_string().replace("\"gb\"", "\"GB\""),
    );
    sqlx::raw_sql(AssertSqlSafe(plant))
        .execute(&shop.pool)
        .await
        .unwrap();
    let product = crate::support::product::every_order_is_held().await;
    let auditor = Auditor {
        source: OrderSource {
            patience: Duration::ZERO,
            ..OrderSource::new(product)
        },
        ..shop.auditor()
    };
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let pool = shop.pool.clone();
    let watching = tokio::spawn(async move {
        let mut longest = 0.0_f64;
        while !*stopped.borrow_and_update() {
            let age: Option<f64> = sqlx::query_scalar(
                "SELECT max(extract(epoch FROM clock_timestamp() - xact_start))::float8 FROM pg_stat_activity
                 WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'",
            )
            .fetch_one(&pool)
            .await
            .unwrap();
            longest = longest.max(age.unwrap_or_default());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        longest
    });
    let began = std::time::Instant::now();
    let audited = auditor.run().await.unwrap();
    let took = began.elapsed();
    stop.send_replace(true);
    let longest = watching.await.unwrap();
    let Audited::Done(findings, checked) = audited else {
        unreachable!()
    };
    println!("{checked} orders in {took:.1?}; the longest snapshot {longest:.3} s");
    assert_eq!(findings.listed(), [], "{} findings", findings.count());
    assert_eq!(i64::try_from(checked), Ok(orders));
}
