//! A shop with orders in every state, and ways to damage and to repair it.

use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    api::returns::create_return::give_back,
    support::{
        payments::{pay, place, send, settle},
        shop::{Answer, Shop, order_of},
    },
};

/// Every table that the audit reads.
const TABLES: [(&str, &str); 14] = [
    ("orders", ""),
    ("order_items", ""),
    ("sagas", ""),
    ("payments", ""),
    ("refunds", ""),
    (
        "order_events",
        "(order_id, version, event_id, event_type, actor, actor_id, occurred_at, data)",
    ),
    ("unpublished_events", ""),
    ("published_events", ""),
    ("fulfillments", ""),
    ("fulfillment_lines", ""),
    ("returns", ""),
    ("return_lines", ""),
    ("order_shortfalls", ""),
    ("mock_provider_operations", ""),
];

pub struct Damaged {
    pub shop: Shop,
    /// Paid, shipped, delivered, and one unit of it was returned.
    pub back: Uuid,
    /// Paid and not shipped.
    pub paid: Uuid,
}

impl Damaged {
    pub async fn open(pool: PgPool) -> Self {
        let shop = Shop::with_payments(pool).await;
        let customer = shop.customer();
        let back = Box::pin(returned(&shop)).await;
        let (paid, _) = pay(&shop, &customer, "mock_ok").await;
        pay(&shop, &customer, "mock_declined").await;
        place(&shop, &customer, None).await;
        let (cancelled, _) = pay(&shop, &customer, "mock_ok").await;
        let path = format!("/orders/{}/cancel", cancelled.id());
        send(&shop, &customer, &path, Some("a"), &Value::Null).await;
        settle(&shop).await;
        let (_, refunded) = pay(&shop, &customer, "mock_ok").await;
        let path = format!("/payments/{}/refunds", refunded["id"].as_str().unwrap());
        let body = json!({ "amount": "4.00", "reason": "a scratch" });
        let refund = send(&shop, &shop.admin(), &path, Some("a"), &body).await;
        assert_eq!(refund.status, 201, "{refund:?}");
        settle(&shop).await;
        let damaged = Self {
            back: back.uuid(),
            paid: paid.uuid(),
            shop,
        };
        // All events are published and old.
        damaged
            .plant(
                "INSERT INTO published_events (partition, sequence, order_id, version)
                 SELECT partition, row_number() OVER (PARTITION BY partition ORDER BY order_id, version), order_id, version
                 FROM unpublished_events;
                 DELETE FROM unpublished_events;
                 UPDATE order_events SET occurred_at = occurred_at - interval '1 hour';
                 UPDATE event_partitions SET last_sequence = (SELECT count(*) FROM published_events AS done
                     WHERE done.partition = event_partitions.partition);
                 DROP INDEX payments_live;
                 DO $$ DECLARE rule record; BEGIN
                     FOR rule IN SELECT conrelid::regclass AS owner, conname FROM pg_constraint
                         WHERE contype = 'c' AND connamespace = 'public'::regnamespace
                     LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', rule.owner, rule.conname); END LOOP;
                 END $$",
            )
            .await;
        for (table, _) in TABLES {
            let copy = format!("CREATE TABLE sound_{table} AS TABLE {table}");
            damaged.plant(&copy).await;
        }
        damaged
    }

    pub async fn plant(&self, statements: &str) {
        self.shop.tamper(statements).await;
    }

    /// Restores the rows.
    pub async fn mend(&self) {
        for (table, columns) in TABLES {
            let read = columns.trim_matches(['(', ')']);
            let read = if read.is_empty() { "*" } else { read };
            self.plant(&format!(
                "DELETE FROM {table}; INSERT INTO {table} {columns} SELECT {read} FROM sound_{table}"
            ))
            .await;
        }
    }
}

/// An order of two mugs that was paid, shipped and delivered, and of which one was returned.
async fn returned(shop: &Shop) -> Answer {
    let (customer, vendor) = (shop.customer(), shop.vendor_of("MUG-1"));
    let mut body = order_of(&[("MUG-1", 2), ("CUP-1", 1)]);
    body["payment_method"] = "mock_ok".into();
    let order = shop.place(&customer, "back", &body).await;
    settle(shop).await;
    let parcel = shop.ship_all(&shop.admin(), &order).await;
    assert_eq!(shop.shipper().run_once().await.unwrap(), 1);
    let delivered = shop.step(&shop.admin(), &parcel, "deliver").await;
    assert!(delivered.status.is_success(), "{delivered:?}");
    let body = json!({ "items": [{ "sku": "MUG-1", "quantity": 1 }] });
    let asked = give_back(shop, &customer, "r", &order, &body).await;
    for verb in ["approve", "receive"] {
        let done = shop.returning(&vendor, asked.id(), verb).await;
        assert!(done.status.is_success(), "{verb} {done:?}");
    }
    assert_eq!(shop.receiver().run_once().await.unwrap(), 1);
    settle(shop).await;
    order
}
