//! An unreadable row is left out of lists and batches, and fails no other row.

use serde_json::Value;
use sqlx::PgPool;

use product::stock::reservations::commit;

use crate::support::shop::{OPERATOR_TOKEN, Shop, order};

fn column<'a>(page: &'a Value, name: &str) -> Vec<&'a str> {
    let rows = page["data"].as_array().unwrap().iter();
    rows.map(|row| row[name].as_str().unwrap()).collect()
}

/// Values that a newer release or a manual change may write.
const PRODUCTS: [&str; 4] = [
    "ALTER TABLE products DROP CONSTRAINT products_status_known;
     UPDATE products SET status = 'archived' WHERE sku = 'BAD'",
    "UPDATE products SET created_at = 'infinity' WHERE sku = 'BAD'",
    "UPDATE products SET updated_at = '-infinity' WHERE sku = 'BAD'",
    // The previous release stored this for some numbers.
    "UPDATE products SET metadata_as_sent = NULL,
         metadata = jsonb_build_object('a', (SELECT jsonb_agg(1e308::numeric) FROM generate_series(1, 900)))
     WHERE sku = 'BAD'",
];

async fn lists_and_reads_go_on(pool: PgPool, wrong: &'static str) {
    let shop = Shop::open(pool);
    let mut paths = Vec::new();
    for sku in ["A", "BAD", "C"] {
        let product = shop.product(sku, 1).await;
        paths.push(format!("/products/{}", product["id"].as_str().unwrap()));
    }
    shop.plant(wrong).await;
    for sort in ["created_at", "-created_at", "price", "-price", "name"] {
        for user in [&shop.customer, &shop.vendor, &shop.admin] {
            let path = format!("/products?include_total=true&sort={sort}");
            let page = shop.get(&path).by(user).send().await.ok(200);
            let mut found = column(&page, "sku");
            found.sort_unstable();
            assert_eq!(found, ["A", "C"], "{wrong}, {sort}");
        }
    }
    let own = shop.get("/vendor/products").by(&shop.vendor).send().await;
    assert_eq!(column(&own.ok(200), "sku"), ["C", "A"]);
    // A page with only the unreadable row is not the last one.
    let mut path = "/products?limit=1&sort=price".to_owned();
    let mut found = Vec::new();
    loop {
        let page = shop.get(&path).send().await.ok(200);
        found.extend(column(&page, "sku").into_iter().map(ToOwned::to_owned));
        let Some(cursor) = page["page"]["next_cursor"].as_str() else {
            break;
        };
        path = format!("/products?limit=1&sort=price&cursor={cursor}");
    }
    assert_eq!(found, ["A", "C"], "{wrong}");
    // Each read is one statement, and is made twice: the reader must survive the first.
    for _ in 0..2 {
        let reads = (0..30).map(|number| shop.get(&paths[number % 3]).by(&shop.vendor).send());
        for (number, answer) in futures::future::join_all(reads).await.iter().enumerate() {
            let expected = if number % 3 == 1 { 404 } else { 200 };
            assert_eq!(answer.status, expected, "{wrong}: {}", answer.body);
        }
    }
    let inventory = shop.get("/inventory").by(&shop.vendor).send().await;
    assert_eq!(column(&inventory.ok(200), "sku"), ["A", "BAD", "C"]);
    let orders = [order(&[("A", 1)]), order(&[("BAD", 1)]), order(&[("C", 1)])];
    let verdicts = shop.reserve(&orders).await;
    for place in [0, 2] {
        assert!(
            crate::support::shop::held(&verdicts[place]).is_some(),
            "{wrong}"
        );
    }
}

#[sqlx::test]
async fn a_product_of_an_unknown_status(pool: PgPool) {
    lists_and_reads_go_on(pool, PRODUCTS[0]).await;
}

#[sqlx::test]
async fn a_product_made_at_no_time(pool: PgPool) {
    lists_and_reads_go_on(pool, PRODUCTS[1]).await;
}

#[sqlx::test]
async fn a_product_changed_at_no_time(pool: PgPool) {
    lists_and_reads_go_on(pool, PRODUCTS[2]).await;
}

#[sqlx::test]
async fn a_product_with_metadata_beyond_bounds(pool: PgPool) {
    lists_and_reads_go_on(pool, PRODUCTS[3]).await;
}

/// The previous release stored this, and could not read it again.
#[sqlx::test]
async fn metadata_that_the_release_before_could_not_read_is_shown_and_mended(pool: PgPool) {
    let shop = Shop::open(pool);
    let product = shop.product("MUG", 1).await;
    let path = format!("/products/{}", product["id"].as_str().unwrap());
    shop.plant(
        "UPDATE products SET metadata_as_sent = NULL, metadata = jsonb_build_object(
               '$serde_json::private::RawValue', '[[[]]]', 'n', (SELECT jsonb_agg(1e19::numeric) FROM generate_series(1, 900)))",
    )
    .await;
    let shown = shop.get(&path).send().await;
    assert_eq!(shown.status, 200);
    assert!(shown.text.contains("10000000000000000000"));
    assert_eq!(
        column(&shop.get("/products").send().await.ok(200), "sku"),
        ["MUG"]
    );
    let patch = async |body: &str| {
        let call = shop.patch(&path).by(&shop.vendor).header("if-match", "*");
        call.text(body).await
    };
    patch(r#"{"metadata":{"colour":"blue"}}"#)
        .await
        .invalid_at("/metadata");
    let mended = patch(r#"{"metadata":null}"#).await.ok(200);
    assert_eq!(mended["metadata"], serde_json::json!({}));
}

#[sqlx::test]
async fn what_cannot_be_read_at_all_is_mended_by_its_vendor(pool: PgPool) {
    let shop = Shop::open(pool);
    let product = shop.product("BAD", 1).await;
    let path = format!("/products/{}", product["id"].as_str().unwrap());
    shop.plant(PRODUCTS[3]).await;
    let patch = async |body: &str| {
        let call = shop.patch(&path).by(&shop.vendor).header("if-match", "*");
        call.text(body).await
    };
    patch(r#"{"name":"Mug"}"#)
        .await
        .refused(422, "invalid_request");
    patch(r#"{"metadata":null}"#).await.ok(200);
    shop.get(&path).send().await.ok(200);
}

#[sqlx::test]
async fn movements_reservations_and_locations(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 9).await;
    let orders = [
        order(&[("MUG", 1)]),
        order(&[("MUG", 1)]),
        order(&[("MUG", 1)]),
    ];
    shop.reserve(&orders).await;
    commit(&shop.pool, &[orders[0].order_id]).await.unwrap();
    for delta in [1, 2] {
        let body = serde_json::json!({ "delta": delta, "reason": "found" });
        let call = shop.post("/inventory/MUG/adjustments").by(&shop.vendor);
        call.keyed().json(&body).await.ok(200);
    }
    shop.plant(
        "ALTER TABLE movements DISABLE TRIGGER movements_append_only;
         ALTER TABLE movements DROP CONSTRAINT movements_kind_known;
         UPDATE movements SET kind = 'stolen' WHERE delta = 1;
         UPDATE movements SET created_at = '-infinity' WHERE delta = 9;
         INSERT INTO locations (code, name, created_at) VALUES ('bad', 'Bad', 'infinity')",
    )
    .await;
    let get = async |path: &str| shop.get(path).by(&shop.admin).send().await.ok(200);
    assert_eq!(get("/inventory/MUG/movements").await["data"][0]["delta"], 2);
    assert_eq!(
        column(&get("/inventory/MUG/movements").await, "kind"),
        ["adjustment"]
    );
    assert_eq!(column(&get("/locations").await, "code"), ["main"]);

    shop.plant(
        "ALTER TABLE holds DROP CONSTRAINT holds_state_known; ALTER TABLE holds DROP CONSTRAINT holds_request_whole;
         UPDATE holds SET state = 'frozen', ended_at = now() WHERE order_id = (
             SELECT order_id FROM holds ORDER BY order_id DESC LIMIT 1);
         UPDATE holds SET expires_at = 'infinity' WHERE state = 'held'",
    )
    .await;
    for query in ["", "?sku=MUG", "?include_total=true"] {
        let page = get(&format!("/inventory/reservations{query}")).await;
        assert_eq!(column(&page, "state"), ["committed"], "{query}");
    }
    assert_eq!(
        crate::support::shop::held(&shop.reserve(&orders[..1]).await[0]),
        Some(orders[0].order_id)
    );
}

/// An infinite time in the database does not fail other requests.
#[sqlx::test]
async fn a_hold_without_an_end_fails_no_batch(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 9).await;
    let orders = [order(&[("MUG", 1)]), order(&[("MUG", 1)])];
    shop.reserve(&orders[..1]).await;
    shop.plant("UPDATE holds SET expires_at = 'infinity'").await;
    let verdicts = shop.reserve(&orders).await;
    for (order, verdict) in orders.iter().zip(&verdicts) {
        assert_eq!(crate::support::shop::held(verdict), Some(order.order_id));
    }
}

#[sqlx::test]
async fn what_cannot_be_read_back_is_not_written(pool: PgPool) {
    let shop = Shop::open(pool);
    let product = shop.product("MUG", 1).await;
    let path = format!("/products/{}", product["id"].as_str().unwrap());
    shop.plant(
        "ALTER TABLE products DROP CONSTRAINT products_status_known;
         CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN NEW.status := 'archived'; RETURN NEW; END $$;
         CREATE TRIGGER spoil BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION spoil()",
    )
    .await;
    let create = serde_json::json!({ "sku": "CUP", "name": "Cup", "price": "1" });
    let created = shop.post("/products").by(&shop.vendor).json(&create).await;
    created.refused(422, "invalid_request");
    let change = serde_json::json!({ "name": "Pot" });
    let patch = shop.patch(&path).by(&shop.vendor).header("if-match", "*");
    patch.json(&change).await.refused(422, "invalid_request");
    let disable = shop.post(&format!("{path}/disable")).by(&shop.vendor);
    disable.send().await.refused(422, "invalid_request");
    assert_eq!(
        shop.get(&path).by(&shop.vendor).send().await.ok(200),
        product
    );
    assert_eq!(
        column(&shop.get("/products").send().await.ok(200), "sku"),
        ["MUG"]
    );
    let audit = shop.observe("/internal/audit");
    let audit = audit.header("authorization", &format!("Bearer {OPERATOR_TOKEN}"));
    audit.send().await.ok(200);
}
