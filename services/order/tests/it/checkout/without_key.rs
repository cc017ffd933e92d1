//! Requests as clients of earlier APIs send them: a bearer token and the items only; and shops that require more.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::{place, send},
    shop::{Answer, Person, Rules, Shop, address, at_the_mock, free, order_of},
};

async fn bare(shop: &Shop, person: &Person, path: &str, body: &Value) -> Answer {
    let request = Request::post(path)
        .header("authorization", format!("Bearer {}", person.token))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    shop.send(request).await
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let value = answer.headers.get(name);
    value.map_or("", |value| value.to_str().unwrap())
}

#[sqlx::test]
async fn items_alone_make_an_order_and_the_answer_says_what_a_repeat_does(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let body = json!({ "items": [
        { "product_id": shop.product.id_of("MUG-1"), "quantity": 2 },
        { "product_id": shop.product.id_of("CUP-1"), "quantity": 1 },
    ] });
    let placed = bare(&shop, &customer, "/api/orders", &body).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    assert!(placed.body.get("shipping_address").is_none(), "{placed:?}");
    assert!(header(&placed, "idempotency-notice").contains("is executed again"));
    // Without a key it is another order; with the key of the response it is the same.
    let again = bare(&shop, &customer, "/api/orders", &body).await;
    assert_ne!(again.id(), placed.id());
    let key = header(&placed, "idempotency-key").to_owned();
    let repeated = shop.place(&customer, &key, &body).await;
    assert_eq!((repeated.id(), repeated.replayed()), (placed.id(), true));
    assert_eq!(header(&repeated, "idempotency-notice"), "");
    // It is read as it was written, alone and in lists, and is completed.
    shop.drive().await;
    let read = shop.order(&placed).await;
    assert_eq!(read["status"], "confirmed");
    assert!(read.get("shipping_address").is_none());
    let list = shop.get(&customer, "/api/v1/orders").await;
    assert_eq!(list.body["data"].as_array().unwrap().len(), 2, "{list:?}");
    let vendors = shop.vendor_of("MUG-1");
    let seen = shop.get(&vendors, "/api/v1/vendor/orders").await;
    assert_eq!(seen.status, 200, "{seen:?}");
}

#[sqlx::test]
async fn a_refusal_names_the_key_that_was_made_as_well(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let body = json!({ "items": [{ "sku": "LAST-1", "quantity": 2 }] });
    let refused = bare(&shop, &shop.customer(), "/orders", &body).await;
    assert_eq!(refused.refusal(), (409, "out_of_stock"));
    assert!(!header(&refused, "idempotency-key").is_empty());
}

#[sqlx::test]
async fn every_change_does_without_a_key(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let customer = shop.customer();
    let order = place(&shop, &customer, None).await;
    let body = json!({ "order_id": order.id(), "payment_method": "mock_ok" });
    let paid = bare(&shop, &customer, "/api/v1/payments", &body).await;
    assert_eq!(paid.status, 201, "{paid:?}");
    assert!(!header(&paid, "idempotency-notice").is_empty());
    shop.drive_out().await;
    let path = format!("/payments/{}/refunds", paid.id());
    let refund = send(
        &shop,
        &shop.admin(),
        &path,
        None,
        &json!({ "amount": "1.00" }),
    )
    .await;
    assert_eq!(refund.status, 201, "{refund:?}");
    let path = format!("/orders/{}/cancel", order.id());
    let cancelled = send(&shop, &customer, &path, None, &Value::Null).await;
    assert_eq!(cancelled.status, 202, "{cancelled:?}");
}

#[sqlx::test]
async fn a_shop_may_require_both(pool: PgPool) {
    let rules = Rules {
        require_key: true,
        require_address: true,
        ..Rules::default()
    };
    let shop = Shop::ruled(pool, &at_the_mock(), rules).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let body = order_of(&[("MUG-1", 1)]);
    let bare_body = json!({ "items": [{ "sku": "MUG-1", "quantity": 1 }] });
    let required = (400, "idempotency_key_required");
    assert_eq!(
        bare(&shop, &customer, "/api/v1/orders", &body)
            .await
            .refusal(),
        required
    );
    let without = shop.place(&customer, "a", &bare_body).await;
    assert_eq!(
        (without.status.as_u16(), without.pointers()),
        (422, vec!["/shipping_address"])
    );
    let order = shop.place(&customer, "a", &body).await;
    assert_eq!(order.status, 201, "{order:?}");
    let payment = json!({ "order_id": order.id(), "payment_method": "mock_ok" });
    assert_eq!(
        bare(&shop, &customer, "/api/v1/payments", &payment)
            .await
            .refusal(),
        required
    );
    let paid = send(&shop, &customer, "/payments", Some("a"), &payment).await;
    shop.drive_out().await;
    for path in ["refunds", "capture", "cancel"] {
        let path = format!("/payments/{}/{path}", paid.id());
        let refused = send(&shop, &admin, &path, None, &json!({})).await;
        assert_eq!(refused.refusal(), required, "{path}");
    }
}

#[sqlx::test]
async fn an_order_without_an_address_gets_a_whole_one_or_none(pool: PgPool) {
    let shop = Shop::ruled(pool, &free(), Rules::default()).await;
    let customer = shop.customer();
    let body = json!({ "items": [{ "sku": "MUG-1", "quantity": 1 }] });
    let order = shop.place(&customer, "a", &body).await;
    let path = format!("/api/v1/orders/{}", order.id());
    let headers = [("if-match", "*")];
    let part = json!({ "shipping_address": { "city": "Paris", "country": "fr" } });
    let refused = shop.ask(&customer, "PATCH", &path, &headers, &part).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    assert_eq!(
        refused.pointers(),
        [
            "/shipping_address/name",
            "/shipping_address/line1",
            "/shipping_address/postal_code"
        ]
    );
    let noted = shop
        .ask(
            &customer,
            "PATCH",
            &path,
            &headers,
            &json!({ "note": "ring" }),
        )
        .await;
    assert!(
        noted.status == 200 && noted.body.get("shipping_address").is_none(),
        "{noted:?}"
    );
    let whole = json!({ "shipping_address": address() });
    let changed = shop.ask(&customer, "PATCH", &path, &headers, &whole).await;
    assert_eq!(
        changed.body["shipping_address"]["country"], "GB",
        "{changed:?}"
    );
}

#[sqlx::test]
async fn countries_are_those_of_the_standard_and_old_orders_are_read_all_the_same(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let mut body = order_of(&[("MUG-1", 1)]);
    for country in ["UK", "ZZ", "XX", "EU"] {
        body["shipping_address"]["country"] = json!(country);
        let refused = shop.place(&customer, country, &body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.pointers()),
            (422, vec!["/shipping_address/country"]),
            "{country}"
        );
    }
    body["shipping_address"]["country"] = json!("gb");
    let order = shop.place(&customer, "gb", &body).await;
    assert_eq!(order.body["shipping_address"]["country"], "GB");
    shop.tamper(
        "UPDATE orders SET shipping_address = jsonb_set(shipping_address, '{country}', '\"UK\"')",
    )
    .await;
    let read = shop.order(&order).await;
    assert_eq!(read["shipping_address"]["country"], "UK", "{read}");
    let path = format!("/api/v1/orders/{}", order.id());
    let headers = [("if-match", "*")];
    let part = json!({ "shipping_address": { "country": "uk" } });
    let refused = shop.ask(&customer, "PATCH", &path, &headers, &part).await;
    assert_eq!(refused.status, 422, "{refused:?}");
}
