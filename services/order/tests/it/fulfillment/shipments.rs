//! Shipments that are reported to product: once whatever happens, and never after a cancellation.

use std::time::Duration;

use axum::http::StatusCode;
use clock::{Ids, Jitter};
use order::{
    fulfillment::{
        MoveStock, ShipFulfillments,
        model::{
            Fulfillment, FulfillmentAction, FulfillmentChange, Movement, MovementOutcome, Tracking,
        },
        ports::MovementQueue,
    },
    infrastructure::{postgres::PgOrders, product_client::CatalogHttp},
    orders::{
        model::{Selection, Seller},
        ports::{OrdersWith, Saved},
    },
    values::{Leased, OrderId, Postponement, UserId},
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{
    counting::unreadable_rows,
    product::Fault,
    shop::{Answer, Person, Shop, order_of},
};

impl Shop {
    pub fn shipper(&self) -> MoveStock<ShipFulfillments<CatalogHttp>, PgOrders> {
        MoveStock {
            direction: ShipFulfillments {
                stock: self.reservations.clone(),
            },
            queue: self.orders_in_postgres(),
            jitter: Jitter::random(),
        }
    }

    pub fn orders_in_postgres(&self) -> PgOrders {
        PgOrders::shared(&self.pool, Jitter::random())
    }

    /// Creates a fulfillment of all remaining units of an order and ships it; returns its id.
    pub async fn ship_all(&self, person: &Person, order: &Answer) -> String {
        let id = self.pack(person, order, &json!({})).await;
        let shipped = self.step(person, &id, "ship").await;
        assert_eq!(shipped.status, 202, "{shipped:?}");
        id
    }

    pub async fn pack(&self, person: &Person, order: &Answer, body: &Value) -> String {
        let path = format!("/api/v1/orders/{}/fulfillments", order.id());
        let packed = self.ask(person, "POST", &path, &[], body).await;
        assert_eq!(packed.status, 201, "{packed:?}");
        packed.id().to_owned()
    }

    pub async fn step(&self, person: &Person, parcel: &str, verb: &str) -> Answer {
        let path = format!("/api/v1/fulfillments/{parcel}/{verb}");
        self.ask(person, "POST", &path, &[], &Value::Null).await
    }

    pub async fn order(&self, order: &Answer) -> Value {
        let path = format!("/api/v1/orders/{}", order.id());
        self.get(&self.admin(), &path).await.body
    }

    /// An order whose stock is committed.
    pub async fn confirmed(&self, items: &[(&str, u32)]) -> Answer {
        let order = self.place(&self.customer(), "a", &order_of(items)).await;
        self.drive().await;
        order
    }
}

async fn told(shop: &Shop, order: &Answer) -> Vec<String> {
    sqlx::query_scalar("SELECT event_type FROM order_events WHERE order_id = $1 ORDER BY version")
        .bind(order.uuid())
        .fetch_all(&shop.pool)
        .await
        .unwrap()
}

#[sqlx::test]
async fn a_parcel_is_shipped_once_whatever_becomes_of_the_answers(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 3)]).await;
    shop.ship_all(&shop.vendor_of("MUG-1"), &order).await;
    let shipper = shop.shipper();
    for fault in [
        Fault::Answer(StatusCode::SERVICE_UNAVAILABLE),
        Fault::LoseAnswer,
    ] {
        shop.product.next(fault);
        assert_eq!(shipper.run_once().await.unwrap(), 1);
        let (waits, error): (bool, String) =
            sqlx::query_as("SELECT due_at > now(), last_error FROM fulfillments")
                .fetch_one(&shop.pool)
                .await
                .unwrap();
        assert!(waits && error.starts_with("the outcome of a call to product is not known"));
        assert_eq!(
            shop.order(&order).await["fulfillment_status"],
            "unfulfilled"
        );
        shop.execute("UPDATE fulfillments SET due_at = now()").await;
    }
    assert_eq!(
        shop.product.gone(order.uuid(), "MUG-1"),
        3,
        "product did it"
    );
    // Two workers at once.
    let twin = shop.twin().shipper();
    let (one, two) = tokio::join!(shipper.run_once(), twin.run_once());
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    assert_eq!(shop.order(&order).await["fulfillment_status"], "shipped");
    assert_eq!(shop.product.gone(order.uuid(), "MUG-1"), 3);
    assert_eq!(
        told(&shop, &order).await,
        [
            "order.created",
            "order.confirmed",
            "fulfillment.created",
            "fulfillment.shipping",
            "order.shipped"
        ]
    );
}

#[sqlx::test]
async fn many_parcels_go_in_one_call_also_of_one_order(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let admin = shop.admin();
    let mut orders = Vec::new();
    for _ in 0..3 {
        let order = shop.confirmed(&[("MUG-1", 2), ("CUP-1", 1)]).await;
        for items in [
            json!([{ "sku": "mug-1", "quantity": 1 }]),
            json!([{ "sku": "MUG-1", "quantity": 1 }, { "sku": "CUP-1", "quantity": 1 }]),
        ] {
            let id = shop.pack(&admin, &order, &json!({ "items": items })).await;
            assert_eq!(shop.step(&admin, &id, "ship").await.status, 202);
        }
        orders.push(order);
    }
    assert_eq!(shop.shipper().run_once().await.unwrap(), 6);
    let sizes: Vec<usize> = shop
        .product
        .calls("ship")
        .iter()
        .map(|call| call.size)
        .collect();
    assert_eq!(sizes, [6]);
    for order in &orders {
        assert_eq!(shop.order(order).await["fulfillment_status"], "shipped");
        assert_eq!(shop.product.gone(order.uuid(), "MUG-1"), 2);
    }
    assert_eq!(shop.count("order_event_gaps").await, 0);
}

struct Shipments(PgOrders);

impl Shipments {
    /// With the answer that product gives.
    async fn take(&self, lease: Duration) -> Vec<(Leased<Uuid, Movement>, MovementOutcome)> {
        let taken = MovementQueue::<Movement>::take(&self.0, 9, lease).await;
        let done = |one| (one, MovementOutcome::Done);
        taken.unwrap().into_iter().map(done).collect()
    }
}

#[sqlx::test]
async fn a_lease_that_passed_on_writes_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 1)]).await;
    shop.ship_all(&shop.admin(), &order).await;
    let shipments = Shipments(shop.orders_in_postgres());
    let stale = shipments.take(Duration::ZERO).await;
    let fresh = shipments.take(Duration::from_secs(10)).await;
    assert!(shipments.take(Duration::ZERO).await.is_empty());
    let later = Postponement {
        lease: stale[0].0.lease,
        pause: Duration::from_secs(999),
        reason: "stale".to_owned(),
    };
    MovementQueue::<Movement>::postpone(&shipments.0, &[later])
        .await
        .unwrap();
    assert_eq!(shipments.0.settle(&stale).await.unwrap(), 0);
    assert_eq!(
        shop.order(&order).await["fulfillment_status"],
        "unfulfilled"
    );
    assert_eq!(shipments.0.settle(&fresh).await.unwrap(), 1);
    assert_eq!(shipments.0.settle(&fresh).await.unwrap(), 0, "it has ended");
    assert_eq!(shop.order(&order).await["fulfillment_status"], "shipped");
    assert_eq!(shop.count("order_event_gaps").await, 0);
}

#[sqlx::test]
async fn what_product_refuses_can_be_tried_again_or_given_up(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let vendor = shop.vendor_of("MUG-1");
    let order = shop.confirmed(&[("MUG-1", 1)]).await;
    shop.product.end_holds("lost");
    let id = shop.ship_all(&vendor, &order).await;
    shop.shipper().run_once().await.unwrap();
    let path = format!("/api/v1/orders/{}/fulfillments", order.id());
    let parcels = shop.get(&vendor, &path).await.body;
    assert_eq!(
        (
            &parcels["data"][0]["status"],
            &parcels["data"][0]["refusal"]
        ),
        (&json!("planned"), &json!("gone"))
    );
    assert_eq!(
        told(&shop, &order).await.last().unwrap(),
        "fulfillment.refused"
    );
    shop.product.end_holds("committed");
    assert_eq!(shop.step(&vendor, &id, "ship").await.status, 202);
    shop.shipper().run_once().await.unwrap();
    let parcels = shop.get(&vendor, &path).await.body;
    assert_eq!(parcels["data"][0]["status"], "shipped");
    assert!(parcels["data"][0].get("refusal").is_none());
}

#[sqlx::test]
async fn a_shipment_that_cannot_be_read_waits_and_the_others_leave(pool: PgPool) {
    let shop = Shop::open(pool).await;
    for _ in 0..2 {
        let order = shop.confirmed(&[("MUG-1", 1)]).await;
        shop.ship_all(&shop.admin(), &order).await;
    }
    shop.tamper(
        "UPDATE fulfillment_lines SET sku = '' WHERE fulfillment_id = (SELECT min(id::text)::uuid FROM fulfillments)",
    )
    .await;
    assert_eq!(shop.shipper().run_once().await.unwrap(), 1);
    let waiting: Vec<(String, bool)> = sqlx::query_as(
        "SELECT last_error, due_at > now() FROM fulfillments WHERE status = 'shipping'",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(waiting, [("invalid row: sku".to_owned(), true)]);
    assert_eq!(shop.count("fulfillments WHERE status = 'shipped'").await, 1);
}

#[sqlx::test]
async fn a_shipment_of_an_order_that_cannot_be_read_waits_and_the_others_leave(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        let order = shop.confirmed(&[("MUG-1", 2)]).await;
        shop.ship_all(&shop.admin(), &order).await;
        orders.push(order);
    }
    shop.tamper(
        "ALTER TABLE orders DROP CONSTRAINT orders_payment_status_check;
         UPDATE orders SET payment_status = 'disputed' WHERE number = 1002",
    )
    .await;
    let shipping = async { assert_eq!(shop.shipper().run_once().await.unwrap(), 3) };
    assert_eq!(unreadable_rows(shipping).await, ["order"]);
    let waiting: Vec<(Uuid, String, bool)> = sqlx::query_as(
        "SELECT order_id, last_error, due_at > now() FROM fulfillments WHERE status = 'shipping'",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    let reason = "invalid row: payment_status".to_owned();
    assert_eq!(waiting, [(orders[1].uuid(), reason, true)]);
    let shipped = "orders WHERE fulfillment_status = 'shipped'";
    assert_eq!(shop.count(shipped).await, 2);
    assert_eq!(shop.count("order_items WHERE shipped = 2").await, 2);

    shop.tamper("UPDATE orders SET payment_status = 'unpaid' WHERE number = 1002")
        .await;
    shop.execute("UPDATE fulfillments SET due_at = now()").await;
    assert_eq!(shop.shipper().run_once().await.unwrap(), 1);
    assert_eq!(shop.count(shipped).await, 3);
    assert_eq!(shop.product.gone(orders[1].uuid(), "MUG-1"), 2);
    assert_eq!(shop.count("order_event_gaps").await, 0);
}

#[sqlx::test]
async fn a_step_that_was_decided_on_another_version_is_not_written(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let order = shop.confirmed(&[("MUG-1", 1)]).await;
    let (admin, id) = (
        Seller::Admin(UserId(shop.admin().id)),
        OrderId(order.uuid()),
    );
    let store = shop.orders_in_postgres();
    let parcel = order::values::FulfillmentId(Ids::system().uuid());
    let read = async || {
        let found = OrdersWith::<Fulfillment>::find_with(&store, id).await;
        found.unwrap().unwrap()
    };
    let mut planned = read().await;
    planned
        .plan(admin, parcel, &Selection::Rest, Tracking::default())
        .unwrap();
    assert_eq!(store.save_with(&planned).await.unwrap(), Saved::Written);
    let (mut ship, mut cancel) = (read().await, read().await);
    ship.act(admin, parcel, FulfillmentAction::Ship).unwrap();
    cancel
        .act(admin, parcel, FulfillmentAction::Cancel)
        .unwrap();
    assert!(matches!(ship.change(), Some(FulfillmentChange::Ship(_))));
    let (one, two) = tokio::join!(store.save_with(&ship), store.save_with(&cancel));
    let saved = [one.unwrap(), two.unwrap()];
    assert!(
        saved.contains(&Saved::Written) && saved.contains(&Saved::Changed),
        "{saved:?}"
    );
    assert_eq!(shop.count("order_event_gaps").await, 0);
}

#[sqlx::test]
async fn shipping_and_cancelling_exclude_each_other(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let admin = shop.admin();
    let (mut shipped, mut cancelled) = (0, 0);
    for round in 0..12 {
        let order = shop.confirmed(&[("MUG-1", 1)]).await;
        let parcel = shop.pack(&admin, &order, &json!({})).await;
        let cancel = format!("/api/v1/sagas/{}/compensate", order.uuid());
        let key = format!("k{round}");
        let headers = [("idempotency-key", key.as_str())];
        let nothing = Value::Null;
        let later =
            |late: bool| tokio::time::sleep(Duration::from_millis(if late { 3 } else { 0 }));
        let (ship, cancel) = tokio::join!(
            async {
                later(round % 3 == 0).await;
                shop.step(&admin, &parcel, "ship").await
            },
            async {
                later(round % 3 == 1).await;
                shop.ask(&admin, "POST", &cancel, &headers, &nothing).await
            },
        );
        assert!(
            ship.status == 202 || cancel.status == 202,
            "{ship:?} {cancel:?}"
        );
        for _ in 0..2 {
            shop.drive_out().await;
            shop.shipper().run_once().await.unwrap();
            shop.execute("UPDATE sagas SET due_at = now() WHERE finished_at IS NULL")
                .await;
        }
        shop.drive_out().await;
        let state = shop.order(&order).await;
        let gone = shop.product.gone(order.uuid(), "MUG-1");
        if ship.status == 202 {
            shipped += 1;
            assert_eq!((gone, &state["fulfillment_status"]), (1, &json!("shipped")));
            assert_ne!(state["status"], "cancelled", "what left is not cancelled");
        } else {
            cancelled += 1;
            assert_eq!(
                (gone, &state["status"]),
                (0, &json!("cancelled")),
                "{ship:?}"
            );
        }
    }
    assert!(
        shipped > 0 && cancelled > 0,
        "{shipped} shipped, {cancelled} cancelled"
    );
    assert_eq!(shop.count("order_event_gaps").await, 0);
}
