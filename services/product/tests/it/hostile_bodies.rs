//! Malicious bodies: each is refused, and the service continues to work.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{INTERNAL_TOKEN, Shop};

/// Each was once sent to a running shop.
const BODIES: [&str; 7] = [
    include_str!("../../../../fuzz/corpus/json/unfolding"),
    include_str!("../../../../fuzz/corpus/json/unfolding-beside-nul"),
    include_str!("../../../../fuzz/corpus/json/private-number"),
    include_str!("../../../../fuzz/corpus/json/private-escaped"),
    include_str!("../../../../fuzz/corpus/json/deep-lists"),
    include_str!("../../../../fuzz/corpus/json/list-for-name"),
    include_str!("../../../../fuzz/corpus/json/numbers-that-grow"),
];

#[sqlx::test]
async fn bodies_made_to_do_harm_are_422(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 1).await;
    let path = format!("/products/{}", mug["id"].as_str().unwrap());
    for (index, body) in BODIES.into_iter().enumerate() {
        let metadata = format!(
            r#"{{"sku":"A{index}","name":"A {index}","price":"1","metadata":{{"a":{body}}}}}"#
        );
        for answer in [
            shop.post("/products").by(&shop.vendor).text(body).await,
            shop.post("/products")
                .by(&shop.vendor)
                .text(&metadata)
                .await,
            shop.patch(&path)
                .by(&shop.vendor)
                .header("if-match", "*")
                .text(body)
                .await,
            shop.put("/inventory/MUG")
                .by(&shop.vendor)
                .keyed()
                .header("if-match", "*")
                .text(body)
                .await,
            shop.post("/inventory/MUG/adjustments")
                .by(&shop.vendor)
                .keyed()
                .text(body)
                .await,
            shop.post("/locations").by(&shop.admin).text(body).await,
            shop.internal("/internal/reservations")
                .header("authorization", &format!("Bearer {INTERNAL_TOKEN}"))
                .text(body)
                .await,
        ] {
            // Lists and numbers are valid metadata, up to its depth.
            if answer.status != 201 {
                assert_eq!(answer.status, 422, "{} for {body:.60}", answer.body);
            }
            // The value is returned as it was sent and does not grow; the test itself prints 1e308 as 1e+308.
            let length = answer.body.to_string().len();
            assert!(
                length < 2 * body.len() + 8 * 1024,
                "{length} bytes for {body:.60}"
            );
        }
    }
    assert_eq!(shop.get(&path).send().await.body["name"], "The MUG");
}

#[sqlx::test]
async fn a_list_is_no_change(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 1).await;
    let path = format!("/products/{}", mug["id"].as_str().unwrap());
    let change = shop.patch(&path).by(&shop.vendor).header("if-match", "*");
    let answer = change.json(&json!(["Renamed"])).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["errors"][0]["pointer"]),
        (422, &json!(""))
    );
}

#[sqlx::test]
async fn a_status_is_one_of_its_words(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 1).await;
    let path = format!("/products/{}", mug["id"].as_str().unwrap());
    for status in [
        json!(null),
        json!(5),
        json!(true),
        json!([]),
        json!({ "draft": null }),
    ] {
        let body = json!({ "sku": "CUP", "name": "Cup", "price": "1", "status": status });
        let change = json!({ "status": status });
        for answer in [
            shop.post("/products").by(&shop.vendor).json(&body).await,
            shop.patch(&path)
                .by(&shop.vendor)
                .header("if-match", "*")
                .json(&change)
                .await,
        ] {
            let pointer = &answer.body["errors"][0]["pointer"];
            assert_eq!(
                (answer.status.as_u16(), pointer),
                (422, &json!("/status")),
                "{status}"
            );
        }
    }
}

#[sqlx::test]
async fn names_that_hide_something_are_refused(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 1).await;
    let path = format!("/products/{}", mug["id"].as_str().unwrap());
    for name in [
        "Mug\u{202E}txt",
        "M\u{200B}ug",
        "\u{2066}Mug",
        "M\u{200D}ug",
    ] {
        for member in ["name", "category"] {
            let change = shop.patch(&path).by(&shop.vendor).header("if-match", "*");
            let answer = change.json(&json!({ member: name })).await;
            assert_eq!(answer.status, 422, "{member} {name:?}");
        }
        let place = json!({ "code": "x", "name": name });
        let answer = shop.post("/locations").by(&shop.admin).json(&place).await;
        assert_eq!(answer.status, 422, "{name:?}");
    }
}

#[sqlx::test]
async fn what_a_caller_is_told_is_private_and_what_a_guest_is_told_varies(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 1).await;
    let own = shop.get("/vendor/products").by(&shop.vendor).send().await;
    assert_eq!(own.header("cache-control"), "private, no-store");
    let shown = shop.get("/products").send().await;
    assert_eq!(
        (shown.status.as_u16(), shown.header("vary")),
        (200, "Authorization, Authentication")
    );
    let none: Value = shop.get("/none").send().await.body;
    assert_eq!(none["status"], 404);
}
