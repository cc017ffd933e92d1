//! A deleted customer is erased from their orders.

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
        "UPDATE fulfillments SET tracking_number = '{NAME}', tracking_url = 'https://carrier.test/{NAME}';
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
