//! Malicious bodies: each is refused, and the service continues to work.

use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Answer, Person, Shop, order_of};

/// Each was once sent to a running shop.
const BODIES: [&str; 7] = [
    include_str!("../../../../fuzz/corpus/json/unfolding"),
    include_str!("../../../../fuzz/corpus/json/unfolding-beside-nul"),
    include_str!("../../../../fuzz/corpus/json/private-number"),
    include_str!("../../../../fuzz/corpus/json/deep-lists"),
    include_str!("../../../../fuzz/corpus/json/list-for-object"),
    include_str!("../../../../fuzz/corpus/json/out-of-range"),
    include_str!("../../../../fuzz/corpus/json/numbers-that-grow"),
];

const ID: &str = "01932c5e-7d2a-7c3e-9f00-0242ac120002";

async fn send(shop: &Shop, person: &Person, method: &str, path: &str, body: &str) -> Answer {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header("authorization", format!("Bearer {}", person.token))
        .header("content-type", "application/json")
        .header("idempotency-key", "a")
        .header("if-match", "*");
    shop.send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

#[sqlx::test]
async fn bodies_made_to_do_harm_are_422(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    for body in BODIES {
        for (person, method, path) in [
            (&customer, "POST", "/orders".to_owned()),
            (&customer, "PATCH", format!("/orders/{ID}")),
            (&admin, "PUT", format!("/orders/{ID}/status")),
            (&customer, "POST", "/payments".to_owned()),
            (&admin, "PATCH", format!("/payments/{ID}")),
            (&admin, "POST", format!("/payments/{ID}/refunds")),
            (&admin, "POST", format!("/orders/{ID}/fulfillments")),
            (&customer, "POST", format!("/orders/{ID}/returns")),
        ] {
            let answer = send(&shop, person, method, &path, body).await;
            let shown = format!("{method} {path}: {} for {body:.60}", answer.body);
            assert_eq!(answer.status, 422, "{shown}");
            assert!(answer.body.to_string().len() < 8 * 1024, "{shown}");
        }
    }
    let placed = shop.place(&customer, "b", &order_of(&[("MUG-1", 1)])).await;
    assert_eq!(placed.status, 201, "{}", placed.body);
}

#[sqlx::test]
async fn an_address_is_an_object_with_words_that_can_be_seen(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let with = |change: fn(&mut Value)| {
        let mut body = order_of(&[("MUG-1", 1)]);
        change(&mut body);
        body.to_string()
    };
    for (body, pointer) in [
        (
            with(|body| {
                body["shipping_address"] =
                    json!(["Ada", "12 Square", null, "London", null, "SW1Y", "GB"]);
            }),
            "/shipping_address",
        ),
        (
            with(|body| body["items"] = json!([["MUG-1", null, 1]])),
            "/items/0",
        ),
        (
            with(|body| body["shipping_address"]["name"] = json!("Ada\u{202E}")),
            "/shipping_address/name",
        ),
        (
            with(|body| body["shipping_address"]["city"] = json!("Lon\u{200B}don")),
            "/shipping_address/city",
        ),
    ] {
        let answer = send(&shop, &customer, "POST", "/orders", &body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.pointers()),
            (422, vec![pointer]),
            "{body}"
        );
    }
}

#[sqlx::test]
async fn a_status_and_a_capture_mode_are_one_of_their_words(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let admin = shop.admin();
    for word in [
        json!(5),
        json!(true),
        json!([]),
        json!({ "completed": null }),
        json!("king"),
    ] {
        let status = json!({ "status": word }).to_string();
        let answer = send(
            &shop,
            &admin,
            "PUT",
            &format!("/orders/{ID}/status"),
            &status,
        )
        .await;
        assert_eq!(
            (answer.status.as_u16(), answer.pointers()),
            (422, vec!["/status"]),
            "{word}"
        );
        let payment = json!({ "order_id": ID, "payment_method": "mock_ok", "capture": word });
        let answer = send(&shop, &admin, "POST", "/payments", &payment.to_string()).await;
        assert_eq!(
            (answer.status.as_u16(), answer.pointers()),
            (422, vec!["/capture"]),
            "{word}"
        );
    }
}

#[sqlx::test]
async fn an_address_from_before_the_rule_is_still_read(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let placed = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    shop.tamper(
        r#"UPDATE orders SET shipping_address = shipping_address || '{"name": "A\u200bda", "region": "\u202e"}'"#,
    )
    .await;
    let path = format!("/api/v1/orders/{}", placed.id());
    let read = shop.get(&customer, &path).await;
    assert_eq!(read.status, 200, "{}", read.body);
    assert_eq!(read.body["shipping_address"]["name"], "A\u{200B}da");
}
