//! `POST /returns/{id}/approve`, `/receive` and `/reject`.

use access::Role;
use axum::http::StatusCode;
use clock::Jitter;
use order::{
    fulfillment::MoveStock,
    infrastructure::{postgres::PgOrders, product_client::CatalogHttp},
    payments::postgres::PgPayments,
    returns::ReceiveReturns,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::create_return::{give_back, shipped};
use crate::support::{
    counting::unreadable_rows,
    payments::{pay, payment_of, settle},
    product::Fault,
    shop::{Answer, Person, Shop, order_of},
};

impl Shop {
    pub fn receiver(&self) -> MoveStock<ReceiveReturns<CatalogHttp, PgPayments>, PgOrders> {
        MoveStock {
            direction: ReceiveReturns {
                stock: self.reservations.clone(),
                payments: PgPayments::new(self.pool.clone(), self.pool.clone(), Jitter::random()),
            },
            queue: self.orders_in_postgres(),
            jitter: Jitter::random(),
        }
    }

    pub async fn returning(&self, person: &Person, id: &str, verb: &str) -> Answer {
        let path = format!("/api/v1/returns/{id}/{verb}");
        self.ask(person, "POST", &path, &[], &Value::Null).await
    }
}

#[sqlx::test]
async fn goods_come_back_once_whatever_becomes_of_the_answers(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shipped(&shop, &customer, &[("MUG-1", 3)]).await;
    let vendor = shop.vendor_of("MUG-1");
    let body = json!({ "items": [{ "sku": "MUG-1", "quantity": 2 }] });
    let asked = give_back(&shop, &customer, "r", &order, &body).await;
    for verb in ["approve", "receive"] {
        for _ in 0..2 {
            let done = shop.returning(&vendor, asked.id(), verb).await;
            assert!(done.status.is_success(), "{verb} {done:?}");
        }
    }
    let receiver = shop.receiver();
    for fault in [
        Fault::Answer(StatusCode::SERVICE_UNAVAILABLE),
        Fault::LoseAnswer,
    ] {
        shop.product.next(fault);
        assert_eq!(receiver.run_once().await.unwrap(), 1);
        shop.execute("UPDATE returns SET due_at = now()").await;
    }
    let (one, two) = tokio::join!(receiver.run_once(), receiver.run_once());
    assert_eq!(one.unwrap() + two.unwrap(), 1);
    assert_eq!(
        (
            shop.product.gone(order.uuid(), "MUG-1"),
            shop.product.available("MUG-1")
        ),
        (1, 99)
    );
    let done = shop.returning(&vendor, asked.id(), "receive").await;
    assert_eq!(
        (done.status.as_u16(), &done.body["status"]),
        (202, &json!("received"))
    );
    let told: Vec<String> =
        sqlx::query_scalar("SELECT event_type FROM order_events ORDER BY version OFFSET 5")
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    assert_eq!(
        told,
        [
            "return.requested",
            "return.approved",
            "return.receiving",
            "return.received"
        ]
    );
    assert_eq!(shop.count("order_event_gaps").await, 0);
}

#[sqlx::test]
async fn the_money_for_what_came_back_goes_back_once(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let mut body = order_of(&[("MUG-1", 3)]);
    body["payment_method"] = json!("mock_ok");
    let order = shop.place(&customer, "a", &body).await;
    settle(&shop).await;
    shop.ship_all(&admin, &order).await;
    shop.shipper().run_once().await.unwrap();
    let asked = give_back(
        &shop,
        &customer,
        "r",
        &order,
        &json!({ "items": [{ "sku": "MUG-1", "quantity": 1 }] }),
    )
    .await;
    assert_eq!(asked.status, 201, "{asked:?}");
    shop.returning(&admin, asked.id(), "approve").await;
    shop.returning(&admin, asked.id(), "receive").await;
    let receiver = shop.receiver();
    receiver.run_once().await.unwrap();
    // The worker died before it wrote the result, and the next one reports both again.
    shop.execute("UPDATE returns SET status = 'receiving', due_at = now()")
        .await;
    receiver.run_once().await.unwrap();
    settle(&shop).await;
    let payment = payment_of(&shop, &customer, &order).await;
    assert_eq!(
        (&payment["status"], &payment["refunded"]["amount"]),
        (&json!("partially_refunded"), &json!("9.99"))
    );
    assert_eq!(
        shop.order(&order).await["payment_status"],
        "partially_refunded"
    );
    let refunds: Vec<(String, i64)> = sqlx::query_as("SELECT cause, amount_minor FROM refunds")
        .fetch_all(&shop.pool)
        .await
        .unwrap();
    assert_eq!(refunds, [("returned".to_owned(), 999)]);
    assert_eq!(shop.count("order_event_gaps").await, 0);
}

#[sqlx::test]
async fn steps_out_of_order_are_refused_and_rejected_goods_may_be_asked_for_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let order = shipped(&shop, &customer, &[("MUG-1", 1)]).await;
    let asked = give_back(&shop, &customer, "r", &order, &json!({})).await;
    let refused = shop.returning(&admin, asked.id(), "receive").await;
    assert_eq!(
        (refused.refusal(), &refused.body["current_status"]),
        ((409, "no_such_transition"), &json!("requested"))
    );
    for _ in 0..2 {
        assert_eq!(
            shop.returning(&admin, asked.id(), "reject").await.body["status"],
            "rejected"
        );
    }
    for verb in ["approve", "receive"] {
        let refused = shop.returning(&admin, asked.id(), verb).await;
        assert_eq!(refused.refusal(), (409, "no_such_transition"), "{verb}");
    }
    let again = give_back(&shop, &customer, "again", &order, &json!({})).await;
    assert_eq!(again.status, 201);
    // A return that product refuses is approved again, with the reason.
    shop.execute("UPDATE return_lines SET quantity = 9").await;
    shop.returning(&admin, again.id(), "approve").await;
    shop.returning(&admin, again.id(), "receive").await;
    shop.receiver().run_once().await.unwrap();
    let list = shop
        .get(&admin, &format!("/api/v1/orders/{}/returns", order.id()))
        .await;
    let refused = &list.body["data"][1];
    assert_eq!(
        (&refused["status"], &refused["refusal"]),
        (&json!("approved"), &json!("too_many"))
    );
    assert_eq!(shop.receiver().run_once().await.unwrap(), 0);
}

#[sqlx::test]
async fn returns_are_for_sellers_of_all_that_is_in_them(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shipped(&shop, &customer, &[("MUG-1", 1), ("CUP-1", 1)]).await;
    let mixed = give_back(&shop, &customer, "r", &order, &json!({})).await;
    let admin = shop.admin();
    let absent = "ret_01932c5e-7d2a-7c3e-9f00-0242ac120002";
    for verb in ["approve", "receive", "reject"] {
        for (person, id, status) in [
            (&shop.vendor_of("MUG-1"), mixed.id(), 404),
            (&shop.person(&[Role::Vendor]), mixed.id(), 404),
            (&customer, mixed.id(), 403),
            (&shop.person(&[]), mixed.id(), 403),
            (&admin, absent, 404),
        ] {
            let refused = shop.returning(person, id, verb).await;
            assert_eq!(refused.status.as_u16(), status, "{verb} {id}");
        }
    }
    assert_eq!(
        shop.returning(&admin, mixed.id(), "approve").await.status,
        200
    );
}

#[sqlx::test]
async fn a_return_that_cannot_be_read_waits_and_the_others_are_received(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let order = shipped(&shop, &customer, &[("MUG-1", 2)]).await;
    let body = json!({ "items": [{ "sku": "MUG-1", "quantity": 1 }] });
    for key in ["r", "s"] {
        let asked = give_back(&shop, &customer, key, &order, &body).await;
        for verb in ["approve", "receive"] {
            let done = shop.returning(&admin, asked.id(), verb).await;
            assert!(done.status.is_success(), "{verb} {done:?}");
        }
    }
    shop.tamper(
        "UPDATE return_lines SET sku = '' WHERE return_id = (SELECT min(id::text)::uuid FROM returns)",
    )
    .await;
    assert_eq!(shop.receiver().run_once().await.unwrap(), 1);
    let waiting: Vec<(String, bool)> =
        sqlx::query_as("SELECT last_error, due_at > now() FROM returns WHERE status = 'receiving'")
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    assert_eq!(waiting, [("invalid row: sku".to_owned(), true)]);
    assert_eq!(shop.count("returns WHERE status = 'received'").await, 1);
}

/// A return of everything, which is to be reported to product; its id.
async fn receiving(shop: &Shop, customer: &Person, order: &Answer) -> String {
    let asked = give_back(shop, customer, order.id(), order, &json!({})).await;
    for verb in ["approve", "receive"] {
        let done = shop.returning(&shop.admin(), asked.id(), verb).await;
        assert!(done.status.is_success(), "{verb} {done:?}");
    }
    asked.id().to_owned()
}

#[sqlx::test]
async fn a_return_of_an_order_that_cannot_be_read_waits_and_the_others_are_received(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        let customer = shop.customer();
        let order = shipped(&shop, &customer, &[("MUG-1", 1)]).await;
        receiving(&shop, &customer, &order).await;
        orders.push(order.uuid());
    }
    shop.tamper(
        "ALTER TABLE orders DROP CONSTRAINT orders_status_check;
         UPDATE orders SET status = 'frozen' WHERE number = 1002",
    )
    .await;
    let receiving = Box::pin(async { assert_eq!(shop.receiver().run_once().await.unwrap(), 3) });
    assert_eq!(unreadable_rows(receiving).await, ["order"]);
    let waiting: Vec<(Uuid, String, bool)> = sqlx::query_as(
        "SELECT order_id, last_error, due_at > now() FROM returns WHERE status = 'receiving'",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    let reason = "invalid row: status".to_owned();
    assert_eq!(waiting, [(orders[1], reason, true)]);

    shop.tamper("UPDATE orders SET status = 'confirmed' WHERE number = 1002")
        .await;
    shop.execute("UPDATE returns SET due_at = now()").await;
    assert_eq!(shop.receiver().run_once().await.unwrap(), 1);
    assert_eq!(shop.count("returns WHERE status = 'received'").await, 3);
    assert_eq!(shop.count("order_event_gaps").await, 0);
}

/// It may be the one that the money is to go back from.
#[sqlx::test]
async fn a_return_whose_payment_cannot_be_read_is_not_received_without_its_money(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let (order, _) = pay(&shop, &customer, "mock_ok").await;
    shop.ship_all(&admin, &order).await;
    shop.shipper().run_once().await.unwrap();
    receiving(&shop, &customer, &order).await;
    shop.tamper("UPDATE payments SET provider = 'newer'").await;
    assert_eq!(shop.receiver().run_once().await.unwrap(), 1);
    let waiting: Vec<(String, bool)> =
        sqlx::query_as("SELECT last_error, due_at > now() FROM returns WHERE status = 'receiving'")
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    assert!(
        matches!(&waiting[..], [(reason, true)] if reason.ends_with(": provider")),
        "{waiting:?}"
    );

    shop.tamper("UPDATE payments SET provider = 'mock'").await;
    shop.execute("UPDATE returns SET due_at = now()").await;
    assert_eq!(shop.receiver().run_once().await.unwrap(), 1);
    settle(&shop).await;
    let payment = payment_of(&shop, &customer, &order).await;
    assert_eq!(payment["status"], "refunded");
}
