//! `GET /products`

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection, PgPool};

use crate::support::shop::{Shop, order};

fn skus(page: &Value) -> Vec<&str> {
    page["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|product| product["sku"].as_str().unwrap())
        .collect()
}

/// A: 3.00, two units; B: 1.00, none; C: 2.00 of another vendor, five; D: a draft.
async fn filled(pool: PgPool) -> Shop {
    let shop = Shop::open(pool);
    for (sku, name, price, on_hand, status) in [
        ("A", "Blue mug", "3", 2, "active"),
        ("B", "Blue jug 100%", "1", 0, "active"),
        ("D", "Red mug", "9", 1, "draft"),
    ] {
        let body = json!({ "sku": sku, "name": name, "price": price, "status": status, "inventory": { "on_hand": on_hand } });
        shop.post("/products")
            .by(&shop.vendor)
            .json(&body)
            .await
            .ok(201);
    }
    let body = json!({ "sku": "C", "name": "Cup", "description": "Blue too.", "price": "2", "inventory": { "on_hand": 5 } });
    shop.post("/products")
        .by(&shop.other_vendor)
        .json(&body)
        .await
        .ok(201);
    shop
}

#[sqlx::test]
async fn each_sees_what_is_meant_for_them(pool: PgPool) {
    let shop = filled(pool).await;
    let list = || shop.get("/products?sort=name");
    assert_eq!(skus(&list().send().await.ok(200)), ["B", "A", "C"]);
    assert_eq!(
        skus(&list().by(&shop.customer).send().await.ok(200)),
        ["B", "A", "C"]
    );
    assert_eq!(
        skus(&list().by(&shop.vendor).send().await.ok(200)),
        ["B", "A", "C", "D"]
    );
    assert_eq!(
        skus(&list().by(&shop.other_vendor).send().await.ok(200)),
        ["B", "A", "C"]
    );
    assert_eq!(
        skus(&list().by(&shop.admin).send().await.ok(200)),
        ["B", "A", "C", "D"]
    );
    let seen = list().by(&shop.vendor).send().await.ok(200);
    assert_eq!(seen["data"][1]["inventory"]["on_hand"], 2, "own");
    assert_eq!(
        seen["data"][2]["inventory"],
        json!({ "available": 5, "in_stock": true }),
        "another vendor's"
    );
}

#[sqlx::test]
async fn filters_narrow_the_list(pool: PgPool) {
    let shop = filled(pool).await;
    shop.reserve(&[order(&[("A", 2)])]).await;
    let vendor = shop.other_vendor.id;
    for (query, expected) in [
        ("q=blue", vec!["A", "B", "C"]),
        ("q=BLUE%20mug", vec!["A"]),
        ("q=mug%20blu", vec!["A"]),
        ("q=100%25", vec!["B"]),
        ("q=blue%20jug%20100%25", vec!["B"]),
        ("q=mug_", vec![]),
        ("q=%20", vec!["A", "B", "C"]),
        (&format!("vendor=usr_{vendor}"), vec!["C"]),
        (&format!("vendor={vendor}&q=mug"), vec![]),
        ("min_price=2", vec!["A", "C"]),
        ("max_price=2.00", vec!["B", "C"]),
        ("min_price=1.5&max_price=2.5", vec!["C"]),
        ("in_stock=true", vec!["C"]),
        ("in_stock=false", vec!["A", "B"]),
    ] {
        let page = shop
            .get(&format!("/products?include_total=true&{query}"))
            .send()
            .await
            .ok(200);
        let mut found = skus(&page);
        found.sort_unstable();
        assert_eq!(found, expected, "{query}");
        assert_eq!(
            page["page"]["total"],
            json!({ "value": expected.len(), "relation": "eq" }),
            "{query}"
        );
    }
}

#[sqlx::test]
async fn every_sort_goes_on_behind_its_cursor(pool: PgPool) {
    let shop = filled(pool).await;
    for (sort, expected) in [
        ("-created_at", ["C", "B", "A"]),
        ("created_at", ["A", "B", "C"]),
        ("price", ["B", "C", "A"]),
        ("-price", ["A", "C", "B"]),
        ("name", ["B", "A", "C"]),
    ] {
        for filter in ["", "&q=blue", "&in_stock=false"] {
            let mut found = Vec::new();
            let mut path = format!("/products?limit=1&sort={sort}{filter}");
            loop {
                let page = shop.get(&path).send().await.ok(200);
                found.extend(skus(&page).into_iter().map(ToOwned::to_owned));
                let Some(cursor) = page["page"]["next_cursor"].as_str() else {
                    break;
                };
                path = format!("/products?limit=1&sort={sort}{filter}&cursor={cursor}");
            }
            let expected: Vec<_> = expected
                .iter()
                .filter(|sku| filter != "&in_stock=false" || **sku == "B")
                .collect();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{sort}{filter}");
        }
    }
    let second = shop
        .get("/products?sort=price&limit=1&page=2")
        .send()
        .await
        .ok(200);
    assert_eq!(skus(&second), ["C"]);
}

#[sqlx::test]
async fn prices_that_are_the_same_are_told_apart(pool: PgPool) {
    let shop = Shop::open(pool);
    for number in 0..7 {
        shop.product(&format!("P{number}"), 1).await;
    }
    let mut path = "/products?limit=3&sort=-price".to_owned();
    let mut found = Vec::new();
    loop {
        let page = shop.get(&path).send().await.ok(200);
        found.extend(skus(&page).into_iter().map(ToOwned::to_owned));
        let Some(cursor) = page["page"]["next_cursor"].as_str() else {
            break;
        };
        path = format!("/products?limit=3&sort=-price&cursor={cursor}");
    }
    found.sort_unstable();
    assert_eq!(found, ["P0", "P1", "P2", "P3", "P4", "P5", "P6"]);
}

#[sqlx::test]
async fn questions_that_break_a_rule_are_refused(pool: PgPool) {
    let shop = filled(pool).await;
    let page = shop.get("/products?limit=1").send().await.ok(200);
    let cursor = page["page"]["next_cursor"].as_str().unwrap();
    for query in [
        "sort=stock".to_owned(),
        "limit=0".into(),
        "limit=101".into(),
        "page=0".into(),
        "page=10001".into(),
        "colour=blue".into(),
        "min_price=1e3".into(),
        "max_price=1.005".into(),
        "in_stock=maybe".into(),
        "vendor=prd_01932c5e-7d2a-7c3e-9f00-0242ac120002".into(),
        "q=%00".into(),
        format!("q={}", "x".repeat(201)),
        // The search index cannot look these up.
        "q=e".into(),
        "q=mu".into(),
        "q=%25".into(),
        "q=_".into(),
        "q=%25%25%25%25".into(),
        "q=a-b-c".into(),
        "q=blue%20mu".into(),
        format!("q={}", ["mug"; 9].join("%20")),
        "cursor=x".into(),
        format!("cursor={cursor}&sort=price"),
        format!("cursor={cursor}&q=blue"),
        format!("cursor={cursor}&page=2"),
    ] {
        shop.get(&format!("/products?{query}"))
            .send()
            .await
            .refused(422, "invalid_request");
    }
}

/// A client may tamper with a cursor: every invalid one is a 422.
#[sqlx::test]
async fn a_forged_cursor_is_refused(pool: PgPool) {
    let shop = filled(pool).await;
    let page = shop.get("/products?limit=1&sort=name").send().await.ok(200);
    let genuine = decode(page["page"]["next_cursor"].as_str().unwrap());
    for position in [
        json!({ "Name": ["a\u{0}b", uuid::Uuid::nil()] }),
        json!({ "Price": [1, uuid::Uuid::nil()] }),
        json!(1),
    ] {
        let mut forged = genuine.clone();
        forged["key"] = position;
        let path = format!("/products?limit=1&sort=name&cursor={}", encode(&forged));
        shop.get(&path).send().await.refused(422, "invalid_request");
    }
}

/// Searches that read every product, from many clients at once.
#[sqlx::test]
async fn lists_keep_neither_reads_nor_orders_nor_health_waiting(pool: PgPool) {
    let shop = Shop::open(pool);
    let product = shop.product("MUG", 1_000).await;
    shop.plant(
        "INSERT INTO products (id, vendor_id, sku, slug, name, description, price_minor, status)
         SELECT gen_random_uuid(), gen_random_uuid(), 'P' || number, 'p' || number, 'Hay',
             repeat('hay and more hay ', 50), 1, 'active' FROM generate_series(1, 10000) number;
         ANALYZE products",
    )
    .await;
    let path = format!("/products/{}", product["id"].as_str().unwrap());
    let calm = async {
        let mut slowest = std::time::Duration::ZERO;
        for _ in 0..5 {
            let began = std::time::Instant::now();
            shop.get(&path).send().await.ok(200);
            shop.get("/product/health").send().await.ok(200);
            assert_eq!(shop.observe("/readyz").send().await.status, 200);
            assert!(
                crate::support::shop::held(&shop.reserve(&[order(&[("MUG", 1)])]).await[0])
                    .is_some()
            );
            slowest = slowest.max(began.elapsed());
        }
        slowest
    };
    let worst = || async {
        for _ in 0..20 {
            let path = "/products?q=more%20needle&sort=name&include_total=true&in_stock=false";
            let answer = shop.get(path).by(&shop.customer).send().await;
            // Searches may wait.
            assert!(
                [200, 503].contains(&answer.status.as_u16()),
                "{}",
                answer.body
            );
        }
    };
    let flood = futures::future::join_all((0..24).map(|_| worst()));
    let slowest = tokio::select! {
        slowest = calm => slowest,
        _ = flood => std::time::Duration::ZERO,
    };
    assert!(slowest.as_secs() < 4, "{slowest:?}");
}

/// Other requests are served however many lists wait, and whatever they wait for.
#[sqlx::test]
async fn lists_wait_in_connections_of_their_own(pool: PgPool) {
    let options = pool.connect_options().as_ref().clone();
    let [mut locking, mut watching] = [
        PgConnection::connect_with(&options).await.unwrap(),
        PgConnection::connect_with(&options).await.unwrap(),
    ];
    let shop = Shop::open(pool);
    let mut lock = locking.begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE products IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let lists = futures::future::join_all((0..20).map(|_| shop.get("/products").send()));
    let waiting = async {
        loop {
            let waiting: Vec<String> = sqlx::query_scalar(
                "SELECT application_name FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'",
            )
            .fetch_all(&mut watching)
            .await
            .unwrap();
            if waiting.len() >= 2 {
                return waiting;
            }
        }
    };
    tokio::select! {
        waiting = waiting => assert_eq!(waiting, ["lists", "lists"]),
        answers = lists => panic!("{} lists were answered without waiting", answers.len()),
    }
}

/// No list scans the whole table, however many hidden products precede its page, and however few match.
#[sqlx::test]
async fn every_sort_and_filter_finds_its_index(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.plant(
        "INSERT INTO products (id, vendor_id, sku, slug, name, price_minor, status, created_at)
         SELECT gen_random_uuid(), '01932c5e-7d2a-7c3e-9f00-0242ac120002', 'P' || number, 'p' || number,
             'Name ' || number, number, CASE WHEN number < 10 THEN 'active' ELSE 'draft' END,
             now() - make_interval(secs => 20000 - number)
         FROM generate_series(1, 20000) number;
         INSERT INTO stock (sku, on_hand) SELECT sku, CASE WHEN price_minor = 5 THEN 7 ELSE 0 END FROM products;
         ANALYZE products; ANALYZE stock",
    )
    .await;
    for sort in ["created_at", "-created_at", "price", "-price", "name"] {
        for (filter, rows) in [
            ("", 9),
            ("&vendor=01932c5e-7d2a-7c3e-9f00-0242ac120002", 9),
            ("&q=name&max_price=0.05", 5),
            ("&q=name%20needle", 0),
            ("&min_price=0.05&max_price=0.05", 1),
            ("&in_stock=true", 1),
        ] {
            let before = read_by_lists(&shop, "products").await;
            let path = format!("/products?sort={sort}{filter}");
            let page = shop.get(&path).send().await.ok(200);
            assert_eq!(skus(&page).len(), rows, "{path}");
            let read = read_by_lists(&shop, "products").await - before;
            assert!(read < 5_000, "{path}: {read} rows");
        }
    }
}

/// A late page reads the stock of its own products only, not of those before it.
#[sqlx::test]
async fn the_stock_of_what_is_before_a_page_is_not_read(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.plant(
        "INSERT INTO products (id, vendor_id, sku, slug, name, price_minor, status)
         SELECT gen_random_uuid(), gen_random_uuid(), 'P' || number, 'p' || number, 'Name ' || number, number, 'active'
         FROM generate_series(1, 10000) number;
         INSERT INTO stock (sku, on_hand) SELECT sku, 7 FROM products;
         ANALYZE products; ANALYZE stock",
    )
    .await;
    for sort in ["created_at", "-created_at", "price", "-price", "name"] {
        let before = read_by_lists(&shop, "stock").await;
        let path = format!("/products?sort={sort}&page=90&limit=100");
        let page = shop.get(&path).send().await.ok(200);
        assert_eq!(skus(&page).len(), 100, "{path}");
        let read = read_by_lists(&shop, "stock").await - before;
        assert!((100..200).contains(&read), "{path}: {read} rows");
    }
}

/// Rows of this table that lists have read so far, by the statistics of their sessions.
async fn read_by_lists(shop: &Shop, table: &str) -> i64 {
    // Sessions that end report their reads at once.
    shop.end_list_sessions().await;
    sqlx::query_scalar(
        "SELECT (seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_user_tables WHERE relname = $1",
    )
    .bind(table)
    .fetch_one(&shop.pool)
    .await
    .unwrap()
}

fn decode(cursor: &str) -> Value {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(cursor).unwrap()).unwrap()
}

fn encode(cursor: &Value) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(cursor).unwrap())
}
