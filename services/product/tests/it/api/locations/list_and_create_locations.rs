//! `GET /locations` and `POST /locations`

use serde_json::json;
use sqlx::PgPool;

use crate::support::shop::Shop;

#[sqlx::test]
async fn every_shop_has_a_main_location_and_gets_more(pool: PgPool) {
    let shop = Shop::open(pool);
    let create = |code: &str, priority: i16| {
        let body = json!({ "code": code, "name": "Hall 1", "priority": priority });
        let call = shop.post("/locations").by(&shop.admin);
        async move { call.json(&body).await }
    };
    let made = create("berlin-1", 10).await.ok(201);
    assert_eq!(
        (&made["code"], &made["name"], &made["priority"]),
        (&json!("berlin-1"), &json!("Hall 1"), &json!(10))
    );
    create("berlin-1", 0).await.refused(409, "location_taken");
    create("main", 0).await.refused(409, "location_taken");
    create("aachen", 0).await.ok(201);
    let codes = |query: &str| {
        let call = shop.get(&format!("/locations?{query}")).by(&shop.admin);
        async move {
            let page = call.send().await.ok(200);
            let rows = page["data"].as_array().unwrap().iter();
            let codes: Vec<_> = rows
                .map(|row| row["code"].as_str().unwrap().to_owned())
                .collect();
            (codes, page["page"].clone())
        }
    };
    let (all, page) = codes("include_total=true").await;
    assert_eq!(all, ["aachen", "berlin-1", "main"]);
    assert_eq!(page["total"]["value"], 3);
    let (first, page) = codes("limit=2").await;
    assert_eq!(first, ["aachen", "berlin-1"]);
    let cursor = page["next_cursor"].as_str().unwrap();
    let (rest, _) = codes(&format!("limit=2&cursor={cursor}")).await;
    assert_eq!(rest, ["main"]);
}

#[sqlx::test]
async fn fields_that_break_a_rule_and_strangers_are_refused(pool: PgPool) {
    let shop = Shop::open(pool);
    for (body, pointer) in [
        (json!({ "code": "Berlin", "name": "B" }), "/code"),
        (json!({ "code": "berlin", "name": " " }), "/name"),
        (
            json!({ "code": "berlin", "name": "B", "priority": -1 }),
            "/priority",
        ),
        (
            json!({ "code": "berlin", "name": "B", "priority": 1001 }),
            "/priority",
        ),
        (
            json!({ "code": "berlin", "name": "B", "open": true }),
            "/open",
        ),
    ] {
        let call = shop.post("/locations").by(&shop.admin);
        call.json(&body).await.invalid_at(pointer);
    }
    let body = json!({ "code": "berlin", "name": "B" });
    shop.post("/locations")
        .json(&body)
        .await
        .refused(401, "token_missing");
    shop.get("/locations")
        .send()
        .await
        .refused(401, "token_missing");
    for user in [&shop.customer, &shop.vendor] {
        let create = shop.post("/locations").by(user);
        create.json(&body).await.refused(403, "forbidden");
        let list = shop.get("/locations").by(user);
        list.send().await.refused(403, "forbidden");
    }
}

#[sqlx::test]
async fn units_are_set_and_adjusted_where_the_request_says(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    let body = json!({ "code": "east", "name": "East", "priority": 7 });
    let create = shop.post("/locations").by(&shop.admin);
    create.json(&body).await.ok(201);
    let set = |body: serde_json::Value, etag: &'static str| {
        let call = shop.put("/inventory/MUG").by(&shop.vendor).keyed();
        async move { call.header("if-match", etag).json(&body).await }
    };
    let adjust = |body: serde_json::Value| {
        let call = shop.post("/inventory/MUG/adjustments").by(&shop.vendor);
        async move { call.keyed().json(&body).await }
    };
    // A single location need not be named.
    set(json!({ "on_hand": 6 }), "\"5\"").await.ok(200);
    let here = set(json!({ "on_hand": 4, "location": "east" }), "\"6\"").await;
    assert_eq!(here.etag(), "\"10\"");
    assert_eq!(
        here.ok(200)["locations"],
        json!([
            { "location": "main", "on_hand": 6, "held": 0, "allocated": 0, "available": 6 },
            { "location": "east", "on_hand": 4, "held": 0, "allocated": 0, "available": 4 },
        ])
    );
    set(json!({ "on_hand": 1 }), "*")
        .await
        .invalid_at("/location");
    let elsewhere = json!({ "on_hand": 1, "location": "west" });
    set(elsewhere, "*").await.invalid_at("/location");
    set(json!({ "on_hand": 4, "location": "East" }), "*")
        .await
        .invalid_at("/location");
    adjust(json!({ "delta": 1, "reason": "a", "location": "east" }))
        .await
        .ok(200);
    adjust(json!({ "delta": -2, "reason": "b" })).await.ok(200);
    adjust(json!({ "delta": 1, "reason": "c", "location": "west" }))
        .await
        .invalid_at("/location");
    assert_eq!(shop.counters_at("MUG", "main").await, (4, 0, 0));
    assert_eq!(shop.counters_at("MUG", "east").await, (5, 0, 0));
    let priority: i16 = sqlx::query_scalar("SELECT priority FROM stock WHERE location = 'east'")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(priority, 7);
    let movements = shop.get("/inventory/MUG/movements").by(&shop.vendor);
    let movements = movements.send().await.ok(200);
    assert_eq!(movements["data"][1]["warehouse"], "east");
    shop.assert_counts_add_up().await;
}
