//! A deleted customer is erased from their orders.

use std::{fs, time::Duration};

use clock::Jitter;
use order::{infrastructure::postgres::PgOrders, personal_data::EraseCustomer, values::UserId};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Answer, Person, Shop, order_of};

const NAME: &str = "Zaphodine";

impl Shop {
    async fn erase(&self, customer: &Person) -> usize {
        let orders = PgOrders::shared(&self.pool, Jitter::random());
        let erase = EraseCustomer::new(orders);
        erase.run(UserId(customer.id)).await.unwrap()
    }

    /// How many rows of any table hold the text in any column.
    async fn rows_with(&self, text: &str) -> Vec<String> {
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap();
        assert!(tables.len() > 10, "{tables:?}");
        let mut found = Vec::new();
        for table in tables {
            let query = format!("SELECT t::text FROM {table} AS t WHERE strpos(t::text, $1) > 0");
            let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(text)
                .fetch_all(&self.pool)
                .await
                .unwrap();
            found.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        found
    }
}

fn named_order() -> Value {
    let mut body = order_of(&[("MUG-1", 1)]);
    body["shipping_address"]["name"] = json!(NAME);
    body["note"] = json!(format!("ring for {NAME}"));
    body
}

async fn place(shop: &Shop, customer: &Person, key: &str) -> Answer {
    let placed = shop.place(customer, key, &named_order()).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    shop.drive().await;
    placed
}

/// Ships and delivers it, which completes it.
async fn complete(shop: &Shop, order: &Answer) {
    let admin = shop.admin();
    let fulfillment = shop.ship_all(&admin, order).await;
    shop.shipper().run_once().await.unwrap();
    assert_eq!(shop.step(&admin, &fulfillment, "deliver").await.status, 200);
    assert_eq!(shop.order(order).await["status"], "completed");
}

#[sqlx::test]
async fn an_order_keeps_its_address_until_it_has_ended(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, other) = (shop.customer(), shop.customer());
    let ended = place(&shop, &customer, "a").await;
    complete(&shop, &ended).await;
    let open = place(&shop, &customer, "b").await;
    let of_other = place(&shop, &other, "c").await;
    complete(&shop, &of_other).await;

    assert_eq!(shop.erase(&customer).await, 1, "the open order is kept");
    let erased = shop.order(&ended).await;
    assert_eq!(erased["shipping_address"], Value::Null);
    assert_eq!(erased["note"], Value::Null);
    assert_eq!(erased["status"], "completed");
    for kept in [&open, &of_other] {
        assert_eq!(shop.order(kept).await["shipping_address"]["name"], NAME);
    }

    complete(&shop, &open).await;
    assert_eq!(shop.erase(&customer).await, 0);
    let version = shop.order(&ended).await["version"].clone();
    assert_eq!(
        version, erased["version"],
        "an erased order is not written again"
    );
    assert_eq!(
        shop.order(&of_other).await["shipping_address"]["name"],
        NAME
    );
    assert_eq!(shop.count("order_event_gaps").await, 0);
    let told: Vec<(String, String)> = sqlx::query_as(
        "SELECT actor, data ->> 'status' FROM order_events WHERE event_type = 'order.anonymized'",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(told, vec![("system".to_owned(), "completed".to_owned()); 2]);
}

#[sqlx::test]
async fn no_table_holds_a_text_of_an_erased_customer(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, "a").await;
    complete(&shop, &order).await;
    shop.tamper(&format!(
        "UPDATE fulfillments SET carrier = 'van of {NAME}', tracking_number = '{NAME}', tracking_url = 'https://carrier.test/{NAME}';
         INSERT INTO returns (id, order_id, status, reason, refund_minor)
         SELECT gen_random_uuid(), id, 'requested', '{NAME} changed their mind', 0 FROM orders;
         INSERT INTO payments (id, order_id, user_id, provider, method, capture, currency, amount_minor,
                               authorized_minor, captured_minor, status, note)
         SELECT gen_random_uuid(), id, user_id, 'mock', 'mock_card', 'automatic', currency, 5, 5, 5, 'captured', '{NAME} called'
         FROM orders;
         INSERT INTO refunds (id, payment_id, amount_minor, status, cause, reason)
         SELECT gen_random_uuid(), id, 1, 'failed', 'requested', '{NAME} asked' FROM payments"
    ))
    .await;
    assert_eq!(shop.erase(&customer).await, 1, "a return is under way");
    assert_eq!(shop.rows_with(NAME).await.len(), 5);
    shop.tamper("UPDATE returns SET status = 'rejected'").await;
    assert_eq!(shop.erase(&customer).await, 0);
    assert_eq!(shop.rows_with(NAME).await, Vec::<String>::new());
}

#[sqlx::test]
async fn an_order_that_fails_does_not_stop_the_others(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let mut orders = Vec::new();
    for key in ["a", "b", "c"] {
        let order = place(&shop, &customer, key).await;
        complete(&shop, &order).await;
        orders.push(order);
    }
    // The event of its next version is there already.
    shop.tamper(&format!(
        "INSERT INTO order_events (order_id, version, event_type, actor, data)
         SELECT id, version + 1, 'order.updated', 'system', '{{}}' FROM orders WHERE id = '{}'",
        orders[1].uuid()
    ))
    .await;
    assert_eq!(shop.erase(&customer).await, 1);
    for (order, kept) in orders.iter().zip([false, true, false]) {
        let address = &shop.order(order).await["shipping_address"];
        assert_eq!(!address.is_null(), kept);
    }
}

#[sqlx::test]
async fn a_customer_of_several_batches_is_erased_whole(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, "a").await;
    complete(&shop, &order).await;
    shop.tamper(
        "INSERT INTO orders (id, user_id, status, currency, items_minor, total_minor, shipping_address, version)
         SELECT gen_random_uuid(), user_id, status, currency, items_minor, total_minor, shipping_address, 1
         FROM orders, generate_series(1, 250);
         INSERT INTO order_events (order_id, version, event_type, actor, data)
         SELECT id, 1, 'order.created', 'system', '{}' FROM orders
         WHERE NOT EXISTS (SELECT FROM order_events WHERE order_id = orders.id)",
    )
    .await;
    assert_eq!(shop.erase(&customer).await, 0);
    let left = shop.count("orders WHERE anonymized_at IS NULL").await;
    assert_eq!((left, shop.count("orders").await), (0, 251));
}

#[sqlx::test]
async fn a_cancelled_order_is_kept_until_its_money_is_on_its_way_back(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, "a").await;
    let cancel = format!("/api/v1/orders/{}/cancel", order.id());
    let headers = [("idempotency-key", "c")];
    let cancelled = shop
        .ask(&customer, "POST", &cancel, &headers, &Value::Null)
        .await;
    assert_eq!(cancelled.status, 202, "{cancelled:?}");
    shop.drive_out().await;
    assert_eq!(shop.order(&order).await["status"], "cancelled");
    // The provider told of the capture when the saga had ended.
    shop.tamper(
        "INSERT INTO payments (id, order_id, user_id, provider, method, capture, currency, amount_minor,
                               authorized_minor, captured_minor, status)
         SELECT gen_random_uuid(), id, user_id, 'mock', 'mock_card', 'automatic', currency, 5, 5, 5, 'captured' FROM orders",
    )
    .await;
    assert_eq!(
        shop.count("sagas WHERE finished_at IS NULL").await,
        0,
        "no saga keeps the order"
    );
    assert_eq!(shop.erase(&customer).await, 1);
    assert_eq!(shop.order(&order).await["shipping_address"]["name"], NAME);
    shop.tamper(
        "INSERT INTO refunds (id, payment_id, amount_minor, status, cause)
         SELECT gen_random_uuid(), id, 5, 'succeeded', 'cancelled' FROM payments",
    )
    .await;
    assert_eq!(shop.erase(&customer).await, 0);
    assert_eq!(shop.order(&order).await["shipping_address"], Value::Null);
}

#[sqlx::test]
async fn a_planned_fulfillment_of_an_ended_order_cannot_ship(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let order = place(&shop, &customer, "a").await;
    let planned = shop.pack(&admin, &order, &json!({})).await;
    let cancel = format!("/api/v1/orders/{}/cancel", order.id());
    let headers = [("idempotency-key", "c")];
    shop.ask(&customer, "POST", &cancel, &headers, &Value::Null)
        .await;
    shop.drive_out().await;
    assert_eq!(shop.order(&order).await["status"], "cancelled");
    assert_eq!(shop.erase(&customer).await, 0);
    let refused = shop.step(&admin, &planned, "ship").await;
    assert_eq!(refused.status, 409, "{refused:?}");
}

#[sqlx::test]
async fn no_view_shows_an_erased_customer_and_an_old_etag_changes_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, admin, vendor) = (shop.customer(), shop.admin(), shop.vendor_of("MUG-1"));
    let order = place(&shop, &customer, "a").await;
    complete(&shop, &order).await;
    let path = format!("/api/v1/orders/{}", order.id());
    let history = format!("{path}/history");
    let of_user = format!("/api/v1/orders/user/usr_{}", customer.id);
    let views = [
        (&customer, path.as_str(), true),
        (&admin, &path, true),
        (&customer, &history, false),
        (&admin, &history, false),
        (&customer, "/api/v1/orders", true),
        (&admin, "/api/v1/orders", true),
        (&admin, "/api/v1/orders/status/completed", true),
        (&admin, &of_user, true),
        (&vendor, "/api/v1/vendor/orders", true),
    ];
    for (person, view, shown) in views {
        let before = shop.get(person, view).await;
        assert_eq!(before.status, 200, "{view}");
        assert_eq!(before.body.to_string().contains(NAME), shown, "{view}");
    }
    let etag = shop.get(&customer, &path).await.headers["etag"].clone();

    assert_eq!(shop.erase(&customer).await, 0);
    for (person, view, _) in views {
        let after = shop.get(person, view).await;
        assert_eq!(after.status, 200, "{view}");
        let text = after.body.to_string();
        assert!(!text.contains(NAME), "{view}: {text}");
        assert!(text.contains("completed"), "{view} still has the order");
    }
    let stale = [("if-match", etag.to_str().unwrap())];
    let note = json!({ "note": NAME });
    let refused = shop.ask(&admin, "PATCH", &path, &stale, &note).await;
    assert_eq!(refused.refusal(), (412, "precondition_failed"));
    assert_eq!(shop.rows_with(NAME).await, Vec::<String>::new());
}

#[sqlx::test]
async fn an_order_that_cannot_be_read_does_not_stop_the_others(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    for key in ["a", "b", "c"] {
        let order = place(&shop, &customer, key).await;
        complete(&shop, &order).await;
    }
    shop.tamper(
        "ALTER TABLE orders DROP CONSTRAINT orders_status_check;
         UPDATE orders SET status = 'odd' WHERE number = 1001;
         ALTER TABLE fulfillments DROP CONSTRAINT fulfillments_status_check;
         UPDATE fulfillments SET status = 'odd' WHERE order_id = (SELECT id FROM orders WHERE number = 1002)",
    )
    .await;
    assert_eq!(shop.erase(&customer).await, 2);
    let kept: Vec<i64> =
        sqlx::query_scalar("SELECT number FROM orders WHERE anonymized_at IS NULL ORDER BY number")
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    assert_eq!(kept, [1001, 1002]);
}

#[sqlx::test]
async fn an_erasure_that_ends_midway_leaves_whole_orders_and_is_repeated(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    for key in ["a", "b"] {
        let order = place(&shop, &customer, key).await;
        complete(&shop, &order).await;
    }
    // It writes the order's row and then waits for the row of the fulfillment, until its process ends.
    shop.tamper("UPDATE fulfillments SET carrier = 'Royal Mail'")
        .await;
    let mut held = shop.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM fulfillments FOR UPDATE")
        .execute(&mut *held)
        .await
        .unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(1), shop.erase(&customer)).await;
    assert!(ended.is_err(), "it waited");
    held.rollback().await.unwrap();
    let untouched =
        "orders WHERE anonymized_at IS NULL AND shipping_address ->> 'name' IS NOT NULL";
    assert_eq!(shop.count(untouched).await, 2);

    // After the commit and before the report: the same user is erased once more.
    assert_eq!(shop.erase(&customer).await, 0);
    assert_eq!(shop.erase(&customer).await, 0);
    let told = "order_events WHERE event_type = 'order.anonymized'";
    assert_eq!(
        (shop.count(untouched).await, shop.count(told).await),
        (0, 2)
    );
}

/// The statement of the committed query data that pages through a customer's orders.
fn paging() -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx");
    let mut statements = fs::read_dir(folder).unwrap().filter_map(|entry| {
        let kept = fs::read_to_string(entry.unwrap().path()).unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        let statement = kept["query"].as_str().unwrap().to_owned();
        let pages = statement.contains("anonymized_at IS NULL") && statement.contains("LIMIT $3");
        pages.then_some(statement)
    });
    let statement = statements.next().unwrap();
    assert_eq!(statements.next(), None);
    statement
}

#[sqlx::test]
async fn the_orders_of_a_customer_are_paged_by_their_index(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let placed = place(&shop, &customer, "a").await;
    for statement in [
        "INSERT INTO orders (id, user_id, currency, items_minor, total_minor, shipping_address)
         SELECT gen_random_uuid(), gen_random_uuid(), 'USD', 1, 1, '{}' FROM generate_series(1, 10000)",
        "ANALYZE orders",
    ] {
        shop.tamper(statement).await;
    }
    for after in ["NULL".to_owned(), format!("'{}'", placed.uuid())] {
        let query = paging()
            .replace("$1", &format!("'{}'", customer.id))
            .replace("$2", &after)
            .replace("$3", "100");
        let plan: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("EXPLAIN {query}")))
            .fetch_all(&shop.pool)
            .await
            .unwrap();
        assert!(
            plan.iter().any(|line| line.contains("orders_of_user")),
            "{plan:#?}"
        );
        assert!(
            plan.iter().all(|line| !line.contains("Seq Scan")),
            "{plan:#?}"
        );
    }
}
