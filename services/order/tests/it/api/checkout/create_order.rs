//! `POST /orders` by one customer at a time, while product works.

use access::Role;
use axum::{
    body::Body,
    http::{HeaderValue, Request},
};
use db::testing::eventually;
use order::checkout::QueueLimits;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Shop, address, order_of, post};

#[sqlx::test]
async fn an_order_is_placed_and_then_confirmed(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, product) = (shop.customer(), shop.product.clone());
    let mut body = order_of(&[("mug-1", 2), ("CUP-1", 1)]);
    body["note"] = " Ring twice.\nThanks ".into();
    body["expected_total"] = "22.48".into();
    let placed = shop.place(&customer, "a", &body).await;
    let usd =
        |amount: &str, minor: i64| json!({ "amount": amount, "minor": minor, "currency": "USD" });
    let line = |sku: &str, price: Value, quantity: u32, total: Value| {
        json!({
            "product_id": format!("prd_{}", product.id_of(sku)), "vendor_id": format!("usr_{}", product.vendor_of(sku)),
            "sku": sku, "name": format!("A {sku}"), "unit_price": price, "quantity": quantity, "line_total": total,
        })
    };
    assert_eq!(placed.status, 201, "{placed:?}");
    let expected = json!({
        "id": placed.id(), "number": 1001, "user_id": format!("usr_{}", customer.id), "status": "pending",
        "payment_status": "unpaid", "fulfillment_status": "unfulfilled",
        "items": [line("MUG-1", usd("9.99", 999), 2, usd("19.98", 1998)), line("CUP-1", usd("2.50", 250), 1, usd("2.50", 250))],
        "totals": {
            "items": usd("22.48", 2248), "shipping": usd("0.00", 0), "tax": usd("0.00", 0), "discount": usd("0.00", 0),
            "total": usd("22.48", 2248),
        },
        "currency": "USD",
        "shipping_address": { "name": "Ada", "line1": "12 Square", "city": "London", "postal_code": "SW1Y", "country": "GB" },
        "note": "Ring twice.\nThanks", "created_at": placed.body["created_at"], "updated_at": placed.body["created_at"],
    });
    assert_eq!(placed.body, expected);
    assert_eq!(
        placed.headers["location"],
        format!("/api/v1/orders/{}", placed.id())
    );
    assert_eq!(placed.headers["etag"], "\"1\"");
    assert!(!placed.replayed());

    assert_eq!(shop.drive().await.settled, 1);
    let read = shop
        .get(&customer, placed.headers["location"].to_str().unwrap())
        .await;
    assert_eq!(
        (&read.body["status"], &read.headers["etag"]),
        (&json!("confirmed"), &HeaderValue::from_static("\"2\""))
    );
    assert_eq!(product.holds()[0].state, "committed");
    assert_eq!(product.holds()[0].order_id, placed.uuid());
}

#[sqlx::test]
async fn with_the_sagas_running_an_order_is_confirmed_at_once(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let _sagas = shop.start_sagas();
    let customer = shop.customer();
    let placed = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    let path = format!("/api/v1/orders/{}", placed.id());
    // Nothing polls here: the process that places the order hands it to its own loop.
    eventually("the order is confirmed", async || {
        shop.get(&customer, &path).await.body["status"] == "confirmed"
    })
    .await;
}

#[sqlx::test]
async fn a_product_is_named_by_its_id_too_and_items_of_one_are_one_line(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let id = shop.product.id_of("MUG-1");
    let item = |id: String, quantity: u32| json!({ "product_id": id, "quantity": quantity });
    let body = json!({
        "items": [item(format!("prd_{id}"), 1), { "sku": "CUP-1", "quantity": 1 }, item(id.to_string(), 2)],
        "shipping_address": address(),
    });
    let placed = shop.place(&shop.customer(), "a", &body).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    let lines: Vec<_> = placed.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (&item["sku"], &item["quantity"]))
        .collect();
    assert_eq!(
        lines,
        [(&json!("MUG-1"), &json!(3)), (&json!("CUP-1"), &json!(1))]
    );
}

#[sqlx::test]
async fn a_repeated_request_answers_with_the_same_order(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, body) = (shop.customer(), order_of(&[("MUG-1", 1)]));
    let first = shop.place(&customer, "a", &body).await;
    shop.drive().await;
    for path in ["/api/v1/orders", "/api/orders", "/orders"] {
        let mut again = post(&customer, "a", &body);
        *again.uri_mut() = path.parse().unwrap();
        let again = shop.send(again).await;
        assert_eq!(
            (again.status.as_u16(), again.replayed()),
            (201, true),
            "{path}"
        );
        assert_eq!(
            (again.id(), &again.body["status"]),
            (first.id(), &json!("confirmed")),
            "{path}"
        );
        assert_eq!(again.headers["location"], first.headers["location"]);
    }
    assert_eq!(
        (shop.count("orders").await, shop.product.available("MUG-1")),
        (1, 99)
    );
    assert_eq!(
        shop.product.calls("reserve").len(),
        1,
        "a replay asks product nothing"
    );
}

#[sqlx::test]
async fn a_key_belongs_to_one_request_of_one_customer(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, other) = (shop.customer(), shop.customer());
    let first = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    let reused = shop.place(&customer, "a", &order_of(&[("MUG-1", 2)])).await;
    assert_eq!(reused.refusal(), (422, "idempotency_key_reused"));
    let others = shop.place(&other, "a", &order_of(&[("MUG-1", 2)])).await;
    assert_eq!(others.status, 201);
    assert_ne!(others.id(), first.id());
}

#[sqlx::test]
async fn sold_out_says_which_lines_and_stores_nothing(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, body) = (shop.customer(), order_of(&[("MUG-1", 1), ("LAST-1", 3)]));
    let refused = shop.place(&customer, "a", &body).await;
    assert_eq!(refused.refusal(), (409, "out_of_stock"));
    assert_eq!(
        refused.body["lines"],
        json!([{ "sku": "LAST-1", "requested": 3, "available": 1 }])
    );
    assert_eq!(
        (
            shop.count("orders").await,
            shop.count("idempotency_keys").await
        ),
        (0, 0)
    );
    shop.product.restock("LAST-1", 3);
    let placed = shop.place(&customer, "a", &body).await;
    assert_eq!(
        (placed.status.as_u16(), placed.replayed()),
        (201, false),
        "a refusal is not kept for a key"
    );
}

#[sqlx::test]
async fn unknown_products_are_pointed_at(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let body = json!({
        "items": [
            { "sku": "NONE", "quantity": 1 }, { "sku": "MUG-1", "quantity": 1 }, { "sku": "none", "quantity": 1 },
            { "product_id": shop.product.vendor_of("MUG-1"), "quantity": 1 },
        ],
        "shipping_address": address(),
    });
    let refused = shop.place(&shop.customer(), "a", &body).await;
    assert_eq!(refused.refusal(), (422, "unknown_product"));
    assert_eq!(
        refused.pointers(),
        ["/items/0/sku", "/items/2/sku", "/items/3/product_id"]
    );
}

#[sqlx::test]
async fn another_total_than_expected_is_refused(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, mut body) = (shop.customer(), order_of(&[("MUG-1", 2)]));
    body["expected_total"] = json!(19.97);
    let refused = shop.place(&customer, "a", &body).await;
    assert_eq!(refused.refusal(), (409, "price_changed"));
    assert_eq!(refused.body["total"]["amount"], "19.98");
    assert_eq!(shop.product.available("MUG-1"), 100);
    body["expected_total"] = json!("19.98");
    assert_eq!(shop.place(&customer, "a", &body).await.status, 201);
}

#[sqlx::test]
async fn only_customers_place_orders(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let body = order_of(&[("MUG-1", 1)]);
    for roles in [&[Role::Vendor][..], &[Role::Admin], &[]] {
        assert_eq!(
            shop.place(&shop.person(roles), "a", &body).await.refusal(),
            (403, "forbidden"),
            "{roles:?}"
        );
    }
    let mut anonymous = post(&shop.customer(), "a", &body);
    anonymous.headers_mut().remove("authorization");
    let refused = shop.send(anonymous).await;
    assert_eq!(refused.refusal(), (401, "token_missing"));
    assert!(refused.headers.contains_key("www-authenticate"));
}

#[sqlx::test]
async fn a_request_without_a_usable_key_or_body_is_refused(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, body) = (shop.customer(), order_of(&[("MUG-1", 1)]));
    let mut keyless = post(&customer, "a", &body);
    keyless.headers_mut().remove("idempotency-key");
    assert_eq!(
        shop.strict().send(keyless).await.refusal(),
        (400, "idempotency_key_required")
    );
    assert_eq!(
        shop.place(&customer, &"k".repeat(256), &body)
            .await
            .refusal(),
        (400, "idempotency_key_invalid")
    );

    let mut form = post(&customer, "a", &body);
    form.headers_mut()
        .insert("content-type", "text/plain".parse().unwrap());
    assert_eq!(
        shop.send(form).await.refusal(),
        (415, "unsupported_media_type")
    );
    let send = |text: String| {
        let request = Request::post("/api/v1/orders")
            .header("authorization", format!("Bearer {}", customer.token))
            .header("content-type", "application/json")
            .header("idempotency-key", "a");
        shop.send(request.body(Body::from(text)).unwrap())
    };
    assert_eq!(
        send("{\"items\": [".to_owned()).await.refusal(),
        (400, "malformed_json")
    );
    assert_eq!(
        send(" ".repeat(1024 * 1024 + 1)).await.refusal(),
        (413, "body_too_large")
    );
    assert_eq!(shop.product.calls("reserve").len(), 0);
}

#[sqlx::test]
async fn every_field_that_breaks_a_rule_is_named(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let with = |pointer: &str, value: Value| {
        let mut body = order_of(&[("MUG-1", 1), ("CUP-1", 1)]);
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = if parent.is_empty() {
            &mut body
        } else {
            body.pointer_mut(parent).unwrap()
        };
        match parent {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            other => other[name] = value,
        }
        body
    };
    let long = |length: usize| Value::from("x".repeat(length));
    let cases = [
        ("/items", json!([])),
        (
            "/items",
            vec![json!({ "sku": "MUG-1", "quantity": 1 }); 51].into(),
        ),
        ("/items/0/quantity", json!(0)),
        ("/items/0/quantity", json!(-1)),
        ("/items/0/quantity", json!(10_001)),
        ("/items/0/quantity", json!(99_999_999_999_u64)),
        ("/items/0/quantity", json!(1.5)),
        ("/items/1/quantity", json!("1")),
        ("/items/0/sku", json!("a b")),
        ("/items/0/sku", json!("")),
        ("/items/0/sku", json!("a\0b")),
        ("/items/1", json!({ "quantity": 1 })),
        (
            "/items/1",
            json!({ "sku": "MUG-1", "product_id": shop.product.id_of("MUG-1"), "quantity": 1 }),
        ),
        (
            "/items/1/product_id",
            json!("ord_01932c5e-7d2a-7c3e-9f00-0242ac120002"),
        ),
        ("/shipping_address/name", json!("  ")),
        ("/shipping_address/name", json!("a\0")),
        ("/shipping_address/line1", json!("a\nb")),
        ("/shipping_address/city", long(101)),
        ("/shipping_address/country", json!("GBR")),
        ("/note", long(1_001)),
        ("/note", json!("a\u{7}")),
        ("/expected_total", json!("1.005")),
        ("/expected_total", json!("-1")),
        ("/expected_total", json!("1e3")),
    ];
    for (pointer, value) in cases {
        let refused = shop
            .place(&customer, "a", &with(pointer, value.clone()))
            .await;
        assert_eq!(refused.status, 422, "{pointer} {value}: {refused:?}");
        assert!(
            refused.pointers().contains(&pointer),
            "{pointer} {value}: {refused:?}"
        );
    }
    for pointer in ["/coupon", "/items/0/price", "/shipping_address/planet"] {
        let refused = shop.place(&customer, "a", &with(pointer, json!(1))).await;
        assert_eq!(refused.status, 422, "{pointer}: {refused:?}");
    }
    let heap = order_of(&[("MUG-1", 10_000), ("MUG-1", 1)]);
    assert_eq!(
        shop.place(&customer, "a", &heap).await.pointers(),
        ["/items/1/quantity"]
    );
    let mut several = with("/items/0/quantity", json!(0));
    several["shipping_address"]["city"] = json!("");
    assert_eq!(
        shop.place(&customer, "a", &several).await.pointers().len(),
        2
    );
    assert_eq!(
        shop.product.calls("reserve").len(),
        0,
        "nothing of this reaches product"
    );
}

#[sqlx::test]
async fn a_total_that_cannot_be_kept_is_refused(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.product.stock("GOLD", i64::MAX / 2, 9);
    let customer = shop.customer();
    assert_eq!(
        shop.place(&customer, "a", &order_of(&[("GOLD", 3)]))
            .await
            .refusal(),
        (422, "total_too_large")
    );
    let sum = order_of(&[("GOLD", 2), ("MUG-1", 1)]);
    assert_eq!(
        shop.place(&customer, "b", &sum).await.refusal(),
        (422, "total_too_large")
    );
    assert_eq!(
        shop.place(&customer, "c", &order_of(&[("GOLD", 2)]))
            .await
            .status,
        201
    );
}

#[sqlx::test]
async fn a_customer_has_a_few_places_in_the_queue(pool: PgPool) {
    let limits = QueueLimits {
        per_customer: 2,
        ..QueueLimits::default()
    };
    let shop = Shop::with(pool, limits).await;
    shop.product.always(crate::support::product::Fault::Late(
        std::time::Duration::from_millis(200),
    ));
    let (customer, other, body) = (shop.customer(), shop.customer(), order_of(&[("MUG-1", 1)]));
    let (first, second, third, others) = tokio::join!(
        shop.place(&customer, "a", &body),
        shop.place(&customer, "b", &body),
        shop.place(&customer, "c", &body),
        shop.place(&other, "a", &body),
    );
    assert_eq!(
        (
            first.status.as_u16(),
            second.status.as_u16(),
            others.status.as_u16()
        ),
        (201, 201, 201)
    );
    assert_eq!(third.refusal(), (429, "too_many_requests"));
    assert_eq!(third.headers["retry-after"], "1");
    assert_eq!(shop.place(&customer, "c", &body).await.status, 201);
}

#[sqlx::test]
async fn the_alias_at_the_root_and_the_health_address_answer(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    for path in ["/api/v1/orders", "/api/orders", "/orders"] {
        assert_eq!(shop.get(&customer, path).await.status, 200, "{path}");
    }
    for path in [
        "/api/v1/order/health",
        "/api/orders/health",
        "/api/notifications/health",
    ] {
        let health = shop.get(&customer, path).await;
        assert_eq!(
            (health.status.as_u16(), &health.body["status"]),
            (200, &json!("up")),
            "{path}"
        );
    }
    let answer = shop
        .send(
            Request::delete("/api/v1/orders")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(answer.refusal(), (405, "method_not_allowed"));
}
