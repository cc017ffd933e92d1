//! `PATCH /products/{id}` and its alias `PUT`

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Answer, Shop, User, id};

async fn change(
    shop: &Shop,
    method: &str,
    product: &Value,
    user: &User,
    tag: &str,
    body: &Value,
) -> Answer {
    let path = format!("/api/v1/products/{}", product["id"].as_str().unwrap());
    shop.request(method, &path)
        .by(user)
        .header("if-match", tag)
        .json(body)
        .await
}

#[sqlx::test]
async fn absent_members_stay_and_null_takes_away(pool: PgPool) {
    let shop = Shop::open(pool);
    let body = json!({
        "sku": "MUG", "name": "Mug", "description": "Old.", "price": "1", "category": "kitchen", "metadata": { "a": 1, "b": { "c": 2 } },
    });
    let before = shop
        .post("/products")
        .by(&shop.vendor)
        .json(&body)
        .await
        .ok(201);
    let patch =
        json!({ "price": "2.50", "category": null, "metadata": { "b": { "c": null, "d": 3 } } });
    let answer = change(&shop, "PATCH", &before, &shop.vendor, "\"1\"", &patch).await;
    assert_eq!(answer.etag(), "\"2\"");
    let after = answer.ok(200);
    assert_eq!(after["price"]["minor"], 250);
    assert_eq!(after["category"], Value::Null);
    assert_eq!(after["metadata"], json!({ "a": 1, "b": { "d": 3 } }));
    assert_eq!(
        (&after["name"], &after["description"], &after["slug"]),
        (&before["name"], &before["description"], &before["slug"])
    );

    let put = json!({ "name": "Jug", "slug": "jug", "description": "", "metadata": null, "status": "draft" });
    let after = change(&shop, "PUT", &before, &shop.admin, "*", &put)
        .await
        .ok(200);
    assert_eq!(
        (&after["name"], &after["metadata"], &after["status"]),
        (&json!("Jug"), &json!({}), &json!("draft"))
    );
    shop.get("/products/jug")
        .by(&shop.vendor)
        .send()
        .await
        .ok(200);
}

#[sqlx::test]
async fn a_change_needs_the_version_it_is_based_on(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 1).await;
    let path = format!("/products/{}", mug["id"].as_str().unwrap());
    let patch = json!({ "name": "New" });
    shop.patch(&path)
        .by(&shop.vendor)
        .json(&patch)
        .await
        .refused(428, "if_match_required");
    change(&shop, "PATCH", &mug, &shop.vendor, "\"9\"", &patch)
        .await
        .refused(412, "precondition_failed");
    change(&shop, "PATCH", &mug, &shop.vendor, "W/\"1\"", &patch)
        .await
        .refused(412, "precondition_failed");
    change(&shop, "PATCH", &mug, &shop.vendor, "\"1\"", &patch)
        .await
        .ok(200);
    change(&shop, "PATCH", &mug, &shop.vendor, "\"1\"", &patch)
        .await
        .refused(412, "precondition_failed");
}

#[sqlx::test]
async fn two_changes_at_once_do_not_lose_one(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 1).await;
    let (name, price) = (json!({ "name": "New" }), json!({ "price": "7" }));
    let (one, two) = tokio::join!(
        change(&shop, "PATCH", &mug, &shop.vendor, "*", &name),
        change(&shop, "PATCH", &mug, &shop.vendor, "*", &price),
    );
    one.ok(200);
    two.ok(200);
    let after = shop.get("/products/the-mug").send().await.ok(200);
    assert_eq!(
        (&after["name"], &after["price"]["minor"]),
        (&json!("New"), &json!(700))
    );

    let changes = (0..6).map(|_| change(&shop, "PATCH", &mug, &shop.vendor, "\"3\"", &name));
    let answers = futures::future::join_all(changes).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 200).count(),
        1,
        "one version is the base of one change"
    );
}

#[sqlx::test]
async fn products_of_others_are_not_there(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 1).await;
    let patch = json!({ "name": "Mine now" });
    change(&shop, "PATCH", &mug, &shop.other_vendor, "*", &patch)
        .await
        .refused(404, "not_found");
    change(&shop, "PATCH", &mug, &shop.customer, "*", &patch)
        .await
        .refused(403, "forbidden");
    let nothing = json!({ "id": id().to_string() });
    change(&shop, "PATCH", &nothing, &shop.admin, "*", &patch)
        .await
        .refused(404, "not_found");
    shop.patch("/products/the-mug")
        .by(&shop.vendor)
        .header("if-match", "*")
        .json(&patch)
        .await
        .refused(404, "not_found");
}

#[sqlx::test]
async fn fields_that_break_a_rule_are_named(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 1).await;
    shop.product("CUP", 1).await;
    for (patch, pointer) in [
        (json!({ "name": null }), "/name"),
        (json!({ "price": null }), "/price"),
        (json!({ "price": "1.005" }), "/price"),
        (json!({ "price": "-1" }), "/price"),
        (json!({ "slug": "search" }), "/slug"),
        (json!({ "status": "sold" }), "/status"),
        (json!({ "metadata": 7 }), "/metadata"),
        (
            json!({ "metadata": { "big": "x".repeat(17_000) } }),
            "/metadata",
        ),
        (json!({ "sku": "OTHER" }), "/sku"),
        (json!({ "vendor_id": id() }), "/vendor_id"),
    ] {
        change(&shop, "PATCH", &mug, &shop.vendor, "*", &patch)
            .await
            .invalid_at(pointer);
    }
    change(
        &shop,
        "PATCH",
        &mug,
        &shop.vendor,
        "*",
        &json!({ "slug": "the-cup" }),
    )
    .await
    .refused(409, "slug_taken");
}
