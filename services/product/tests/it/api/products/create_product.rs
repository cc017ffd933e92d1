//! `POST /products`

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Shop, id};

fn mug() -> Value {
    json!({ "sku": "mug-1", "name": "Blue Mug", "price": "12.50" })
}

#[sqlx::test]
async fn a_vendor_puts_a_product_up_for_sale(pool: PgPool) {
    let shop = Shop::open(pool);
    let body = json!({
        "sku": "mug-1", "name": " Blue Mug ", "description": "Holds\n350 ml.", "price": 12.5, "category": "kitchen",
        "metadata": { "colour": "blue" }, "inventory": { "on_hand": 7 },
    });
    let answer = shop.post("/products").by(&shop.vendor).json(&body).await;
    let id = answer.body["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("/api/v1/products/{id}"));
    assert_eq!(answer.etag(), "\"1\"");
    let product = answer.ok(201);
    assert!(id.starts_with("prd_"));
    assert_eq!(product["sku"], "MUG-1");
    assert_eq!(product["slug"], "blue-mug");
    assert_eq!(product["name"], "Blue Mug");
    assert_eq!(
        product["price"],
        json!({ "amount": "12.50", "minor": 1250, "currency": "USD" })
    );
    assert_eq!(product["vendor_id"], format!("usr_{}", shop.vendor.id));
    assert_eq!(product["status"], "active");
    assert_eq!(
        product["inventory"],
        json!({
            "available": 7, "in_stock": true, "on_hand": 7, "held": 0, "allocated": 0, "warehouse": "main",
        })
    );
    assert_eq!(
        shop.get(&format!("/products/{id}"))
            .by(&shop.vendor)
            .send()
            .await
            .ok(200),
        product
    );
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn only_vendors_and_admins_may(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.post("/products")
        .json(&mug())
        .await
        .refused(401, "token_missing");
    shop.post("/products")
        .header("authorization", "Bearer x")
        .json(&mug())
        .await
        .refused(401, "token_invalid");
    shop.post("/products")
        .by(&shop.customer)
        .json(&mug())
        .await
        .refused(403, "forbidden");
    shop.post("/products")
        .by(&shop.admin)
        .json(&mug())
        .await
        .ok(201);
}

#[sqlx::test]
async fn fields_that_break_a_rule_are_named(pool: PgPool) {
    let shop = Shop::open(pool);
    let long = "x".repeat(201);
    for (field, value, pointer) in [
        ("sku", json!("a b"), "/sku"),
        ("sku", json!("x".repeat(65)), "/sku"),
        ("sku", json!(7), "/sku"),
        ("name", json!("  "), "/name"),
        ("name", json!(long), "/name"),
        ("name", json!("a\u{0}b"), "/name"),
        ("slug", json!("Blue Mug"), "/slug"),
        ("slug", json!("search"), "/slug"),
        (
            "slug",
            json!("01932c5e-7d2a-7c3e-9f00-0242ac120002"),
            "/slug",
        ),
        ("slug", json!("prd_1"), "/slug"),
        ("description", json!("x".repeat(10_001)), "/description"),
        ("price", json!("-1"), "/price"),
        ("price", json!("1.005"), "/price"),
        ("price", json!("1e2"), "/price"),
        ("price", json!("1000000000.01"), "/price"),
        ("price", json!("99999999999999999999"), "/price"),
        ("price", json!(true), "/price"),
        ("category", json!(""), "/category"),
        ("metadata", json!([]), "/metadata"),
        (
            "metadata",
            json!({ "big": "x".repeat(17_000) }),
            "/metadata",
        ),
        ("status", json!("disabled"), "/status"),
        ("inventory", json!({ "on_hand": -1 }), "/inventory/on_hand"),
        (
            "inventory",
            json!({ "on_hand": 1_000_000_001 }),
            "/inventory/on_hand",
        ),
        (
            "inventory",
            json!({ "on_hand": 1, "held": 1 }),
            "/inventory/held",
        ),
        ("colour", json!("blue"), "/colour"),
    ] {
        let mut body = mug();
        body[field] = value;
        shop.post("/products")
            .by(&shop.vendor)
            .json(&body)
            .await
            .invalid_at(pointer);
    }
    shop.post("/products")
        .by(&shop.vendor)
        .json(&json!({ "sku": "A", "name": "A" }))
        .await
        .refused(422, "invalid_request");
}

#[sqlx::test]
async fn bodies_that_are_not_json_are_refused(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.post("/products")
        .by(&shop.vendor)
        .send()
        .await
        .refused(415, "unsupported_media_type");
    let broken = shop
        .post("/products")
        .by(&shop.vendor)
        .header("content-type", "application/json")
        .send()
        .await;
    broken.refused(400, "malformed_json");
    let mut large = mug();
    large["description"] = json!("x".repeat(1024 * 1024));
    shop.post("/products")
        .by(&shop.vendor)
        .json(&large)
        .await
        .refused(413, "body_too_large");
}

#[sqlx::test]
async fn a_sku_is_given_out_once(pool: PgPool) {
    let shop = Shop::open(pool);
    let first = shop.product("MUG-1", 0).await;
    shop.post("/products")
        .by(&shop.other_vendor)
        .json(&mug())
        .await
        .refused(409, "sku_taken");
    shop.delete(&format!("/products/{}", first["id"].as_str().unwrap()))
        .by(&shop.vendor)
        .send()
        .await
        .ok(204);
    shop.post("/products")
        .by(&shop.vendor)
        .json(&mug())
        .await
        .refused(409, "sku_taken");
}

#[sqlx::test]
async fn a_slug_made_from_the_name_gives_way_and_a_chosen_one_does_not(pool: PgPool) {
    let shop = Shop::open(pool);
    let with = |sku: &str, slug: Option<&str>| {
        let mut body = mug();
        body["sku"] = sku.into();
        if let Some(slug) = slug {
            body["slug"] = slug.into();
        }
        body
    };
    let slug = |body: Value| body["slug"].as_str().unwrap().to_owned();
    let post = async |body: Value| shop.post("/products").by(&shop.vendor).json(&body).await;
    assert_eq!(slug(post(with("A", None)).await.ok(201)), "blue-mug");
    assert_eq!(slug(post(with("B", None)).await.ok(201)), "blue-mug-b");
    assert_eq!(
        slug(post(with("C", Some("blue-mug-d"))).await.ok(201)),
        "blue-mug-d"
    );
    assert!(slug(post(with("D", None)).await.ok(201)).starts_with("product-"));
    post(with("E", Some("blue-mug")))
        .await
        .refused(409, "slug_taken");
    assert_eq!(shop.counters("D").await, (0, 0, 0));
    let stock: i64 = sqlx::query_scalar("SELECT count(*) FROM stock")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(stock, 4, "a refused product leaves nothing behind");
}

#[sqlx::test]
async fn a_repeated_request_makes_one_product(pool: PgPool) {
    let shop = Shop::open(pool);
    let key = id().to_string();
    let post = async |body: Value| {
        shop.post("/products")
            .by(&shop.vendor)
            .header("idempotency-key", &key)
            .json(&body)
            .await
    };
    let first = post(mug()).await;
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = shop
        .request("POST", "/api/products")
        .by(&shop.vendor)
        .header("idempotency-key", &key)
        .json(&mug())
        .await;
    assert_eq!(
        (again.header("idempotent-replayed"), again.etag()),
        ("true", first.etag())
    );
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.ok(201), first.ok(201));

    let mut other = mug();
    other["price"] = json!("13.00");
    post(other).await.refused(422, "idempotency_key_reused");
    shop.post("/products")
        .by(&shop.other_vendor)
        .header("idempotency-key", &key)
        .json(&mug())
        .await
        .refused(409, "sku_taken");
    for key in ["", "with space", &"x".repeat(256)] {
        let refused = shop
            .post("/products")
            .by(&shop.vendor)
            .header("idempotency-key", key)
            .json(&mug())
            .await;
        refused.refused(400, "idempotency_key_invalid");
    }
}

#[sqlx::test]
async fn a_refusal_is_not_remembered(pool: PgPool) {
    let shop = Shop::open(pool);
    let key = id().to_string();
    let taken = shop.product("MUG-1", 0).await;
    let post = async || {
        shop.post("/products")
            .by(&shop.vendor)
            .header("idempotency-key", &key)
            .json(&mug())
            .await
    };
    post().await.refused(409, "sku_taken");
    sqlx::query("DELETE FROM products WHERE sku = $1")
        .bind(taken["sku"].as_str())
        .execute(&shop.pool)
        .await
        .unwrap();
    sqlx::query("DELETE FROM stock")
        .execute(&shop.pool)
        .await
        .unwrap();
    assert_eq!(post().await.ok(201)["sku"], "MUG-1");
}

#[sqlx::test]
async fn twins_at_the_same_time_make_one_product(pool: PgPool) {
    let shop = Shop::open(pool);
    let key = id().to_string();
    let body = mug();
    let twins = (0..8).map(|_| {
        shop.post("/products")
            .by(&shop.vendor)
            .header("idempotency-key", &key)
            .json(&body)
    });
    for answer in futures::future::join_all(twins).await {
        match answer.status.as_u16() {
            201 => {}
            409 => answer.refused(409, "idempotency_key_in_use"),
            status => panic!("{status} {}", answer.body),
        }
    }
    let products: i64 = sqlx::query_scalar("SELECT count(*) FROM products")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(products, 1);
}

/// Nine hundred of these were returned as 20 KB, which no release could read: 500 for every list and every batch of
/// reads.
#[sqlx::test]
async fn numbers_of_metadata_come_back_as_they_were_sent(pool: PgPool) {
    let shop = Shop::open(pool);
    let many = vec!["1e19"; 900].join(",");
    let metadata = format!(
        r#""metadata":{{"many":[{many}],"others":[1E+2,-0.10,12345678901234567890123,1e-300],"text":"1e19"}}"#
    );
    let body = format!(r#"{{"sku":"MUG","name":"Mug","price":"1",{metadata}}}"#);
    let created = shop
        .post("/products")
        .by(&shop.vendor)
        .keyed()
        .text(&body)
        .await;
    assert_eq!(created.status, 201, "{}", created.text);
    assert!(created.text.contains(&metadata));
    let path = format!("/products/{}", created.body["id"].as_str().unwrap());
    for path in [&path, "/products"] {
        let shown = shop.get(path).send().await;
        assert_eq!(shown.status, 200);
        assert!(shown.text.contains(&metadata), "{path}");
    }
    let patch = shop.patch(&path).by(&shop.vendor).header("if-match", "*");
    let changed = patch
        .text(r#"{"metadata":{"text":null,"more":2.50}}"#)
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert!(changed.text.contains(r#""more":2.50"#) && changed.text.contains(&many));

    // The previous release reads the other column, and its writes there have precedence.
    let old: Value = sqlx::query_scalar("SELECT metadata FROM products")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(old, json!({}));
    shop.plant(r#"UPDATE products SET metadata = '{"by":"old"}', version = version + 1"#)
        .await;
    let shown = shop.get(&path).send().await.ok(200);
    assert_eq!(shown["metadata"], json!({ "by": "old" }));
    shop.plant("UPDATE products SET metadata = metadata, version = version + 1")
        .await;
}

#[sqlx::test]
async fn metadata_that_could_not_be_read_again_leaves_nothing_behind(pool: PgPool) {
    let shop = Shop::open(pool);
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    for metadata in [
        r#"{"a":{"$serde_json::private::RawValue":"[]"}}"#.to_owned(),
        r#"{"$serde_json::private::Number":"1"}"#.to_owned(),
        format!("{{\"a\":{deep}}}"),
        r#"{"a":"\u0000"}"#.to_owned(),
        r#"["a"]"#.to_owned(),
    ] {
        let body = format!(r#"{{"sku":"MUG","name":"Mug","price":"1","metadata":{metadata}}}"#);
        let refused = shop.post("/products").by(&shop.vendor).text(&body).await;
        assert_eq!(refused.status, 422, "{metadata}: {}", refused.text);
    }
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM products")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(kept, 0);
    let page = shop.get("/products").send().await.ok(200);
    assert_eq!(page["data"], json!([]));
}
