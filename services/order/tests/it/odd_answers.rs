//! Responses of product with one invalid entry: it fails its own order, saga or shipment, and no other.

use std::time::{Duration, Instant};

use db::testing::eventually;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::place,
    product::Bend,
    shop::{Answer, Person, Shop, address, order_of},
};

/// 20,000 of one product, named in two ways.
fn too_many(shop: &Shop, sku: &str) -> Value {
    json!({
        "items": [
            { "sku": sku, "quantity": 10_000 },
            { "product_id": shop.product.id_of(sku), "quantity": 10_000 },
        ],
        "shipping_address": address(),
    })
}

/// Units are released by a separate call.
async fn comes_back(shop: &Shop, sku: &str, units: u32) {
    eventually(&format!("{units} units"), async || {
        shop.product.available(sku) == units
    })
    .await;
}

async fn place_beside(shop: &Shop, odd: &Value) -> (Answer, Answer) {
    let (customer, neighbour) = (shop.customer(), shop.customer());
    let body = order_of(&[("MUG-1", 1)]);
    tokio::join!(
        shop.place(&customer, "odd", odd),
        shop.place(&neighbour, "even", &body),
    )
}

#[sqlx::test]
async fn more_units_of_a_product_than_an_order_may_have_are_refused_at_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.product.stock("HEAP", 1, 100_000);
    let began = Instant::now();
    let (odd, even) = place_beside(&shop, &too_many(&shop, "HEAP")).await;
    assert_eq!(odd.refusal(), (422, "too_many_units"), "{odd:?}");
    assert_eq!(odd.body["sku"], "HEAP");
    assert_eq!(even.status, 201, "{even:?}");
    assert!(
        shop.product.calls("reserve").len() <= 2,
        "nothing was unknown, so nothing is sent again"
    );
    assert!(began.elapsed() < Duration::from_secs(3));
    comes_back(&shop, "HEAP", 100_000).await;
    assert_eq!(shop.count("orders").await, 1);
}

#[sqlx::test]
async fn a_verdict_that_cannot_be_used_fails_its_own_order_and_gives_its_units_back(pool: PgPool) {
    let bends: [(&str, Bend); 9] = [
        ("an empty name", |verdict| {
            verdict["lines"][0]["name"] = json!(" ");
        }),
        ("a name beyond measure", |verdict| {
            verdict["lines"][0]["name"] = json!("x".repeat(500_000));
        }),
        ("a name that is no text", |verdict| {
            verdict["lines"][0]["name"] = json!("a\u{0}b");
        }),
        ("a negative price", |verdict| {
            verdict["lines"][0]["unit_price_minor"] = json!(-1);
        }),
        ("a price beyond i64", |verdict| {
            verdict["lines"][0]["unit_price_minor"] = json!(u64::MAX);
        }),
        ("an odd SKU", |verdict| {
            verdict["lines"][0]["sku"] = json!("ä b");
        }),
        ("no unit", |verdict| {
            verdict["lines"][0]["quantity"] = json!(0);
        }),
        ("no currency", |verdict| {
            verdict["currency"] = json!("shells");
        }),
        ("an unknown word", |verdict| {
            verdict["verdict"] = json!("a_newer_word");
        }),
    ];
    let shop = Shop::open(pool).await;
    for (what, bend) in bends {
        shop.product.bend(&"CUP-1", bend);
        let calls = shop.product.calls("reserve").len();
        let (odd, even) = place_beside(&shop, &order_of(&[("CUP-1", 2)])).await;
        assert_eq!(
            odd.refusal(),
            (409, "item_not_orderable"),
            "{what}: {odd:?}"
        );
        assert_eq!(even.status, 201, "{what}: {even:?}");
        assert!(shop.product.calls("reserve").len() <= calls + 2, "{what}");
        comes_back(&shop, "CUP-1", 100).await;
    }
    shop.product.unbend();
    let fine = shop
        .place(&shop.customer(), "a", &order_of(&[("CUP-1", 2)]))
        .await;
    assert_eq!(fine.status, 201, "{fine:?}");
}

#[sqlx::test]
async fn what_an_order_cannot_be_made_of_goes_back_at_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.product.stock("GOLD", i64::MAX / 2, 100);
    let dear = shop
        .place(&shop.customer(), "dear", &order_of(&[("GOLD", 50)]))
        .await;
    assert_eq!(dear.refusal(), (422, "total_too_large"));
    comes_back(&shop, "GOLD", 100).await;
}

#[sqlx::test]
async fn a_saga_whose_answer_is_odd_waits_alone(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let body = order_of(&[("MUG-1", 1)]);
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(shop.place(&shop.customer(), "a", &body).await);
    }
    let bends: [Bend; 3] = [
        |entry| entry["outcome"] = json!("a_newer_word"),
        |entry| *entry = json!({ "outcome": "committed" }),
        |entry| *entry = json!(7),
    ];
    for bend in bends {
        shop.product.bend(&orders[1].uuid(), bend);
        shop.lose_leases().await;
        shop.work().await;
        assert_eq!(status(&shop, &orders[0]).await, "confirmed");
        assert_eq!(status(&shop, &orders[1]).await, "pending");
        assert_eq!(status(&shop, &orders[2]).await, "confirmed");
    }
    let error: String =
        sqlx::query_scalar("SELECT last_error FROM sagas WHERE finished_at IS NULL")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert!(
        error.contains("response for this order is invalid"),
        "{error}"
    );
    shop.product.unbend();
    shop.lose_leases().await;
    shop.work().await;
    assert_eq!(status(&shop, &orders[1]).await, "confirmed");
}

#[sqlx::test]
async fn holds_that_are_extended_or_given_back_do_not_wait_for_an_odd_one(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (odd, even) = (shop.customer(), shop.customer());
    let orders = [
        place(&shop, &odd, None).await,
        place(&shop, &even, None).await,
    ];
    shop.product
        .bend(&orders[0].uuid(), |entry| entry["outcome"] = json!(null));
    shop.drive_out().await;
    assert_eq!(shop.count("sagas WHERE hold_until IS NOT NULL").await, 1);
    for (order, customer) in orders.iter().zip([&odd, &even]) {
        cancel(&shop, customer, order).await;
    }
    shop.drive_out().await;
    assert_eq!(status(&shop, &orders[0]).await, "pending");
    assert_eq!(status(&shop, &orders[1]).await, "cancelled");
    shop.product.unbend();
    shop.drive_on().await;
    assert_eq!(status(&shop, &orders[0]).await, "cancelled");
}

#[sqlx::test]
async fn a_parcel_whose_answer_is_odd_waits_alone(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let vendor = shop.vendor_of("MUG-1");
    let orders = [
        shop.confirmed(&[("MUG-1", 1)]).await,
        shop.confirmed(&[("MUG-1", 1)]).await,
    ];
    let odd = shop.ship_all(&vendor, &orders[0]).await;
    shop.ship_all(&vendor, &orders[1]).await;
    let parcel = odd.strip_prefix("ful_").unwrap().to_owned();
    shop.product
        .bend(&parcel, |entry| entry["outcome"] = json!("a_newer_word"));
    assert_eq!(shop.shipper().run_once().await.unwrap(), 2);
    let shipped = |order: Value| order["fulfillment_status"].clone();
    assert_eq!(shipped(shop.order(&orders[0]).await), "unfulfilled");
    assert_eq!(shipped(shop.order(&orders[1]).await), "shipped");
    shop.product.unbend();
    shop.execute("UPDATE fulfillments SET due_at = now()").await;
    shop.shipper().run_once().await.unwrap();
    assert_eq!(shipped(shop.order(&orders[0]).await), "shipped");
}

async fn status(shop: &Shop, order: &Answer) -> String {
    shop.order(order).await["status"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn cancel(shop: &Shop, person: &Person, order: &Answer) {
    let path = format!("/api/v1/orders/{}/cancel", order.id());
    let headers = [("idempotency-key", "cancel")];
    let wanted = shop
        .ask(person, "POST", &path, &headers, &Value::Null)
        .await;
    assert_eq!(wanted.status, 202, "{wanted:?}");
}
