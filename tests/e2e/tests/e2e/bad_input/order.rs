//! Invalid requests for orders.

use e2e::{cluster::unique, shop::order_of};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Stage, TEN_MEBIBYTES, UNUSED, refused, stage, text};

#[tokio::test]
async fn invalid_orders_are_refused() {
    let Stage {
        customer, product, ..
    } = stage().await;
    let post = || {
        customer
            .request(Method::POST, "/api/v1/orders")
            .header("Idempotency-Key", unique("bad"))
    };
    let with = |pointer: &str, value: Value| {
        let mut body = order_of(&product.sku, 1);
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[field] = value;
        post().json(&body)
    };
    let item = |item: Value| with("/items", json!([item]));
    let one = json!({ "sku": product.sku, "quantity": 1 });
    refused([
        (
            409,
            vec![(
                "total that has changed",
                with("/expected_total", json!("0.01")),
            )],
        ),
        (
            422,
            vec![
                ("unknown field", with("/discount", json!("100%"))),
                (
                    "price of an item",
                    item(json!({ "sku": product.sku, "quantity": 1, "price": "0.01" })),
                ),
                ("no items", with("/items", json!([]))),
                ("1,000 items", with("/items", vec![one; 1_000].into())),
                ("neither SKU nor id", item(json!({ "quantity": 1 }))),
                (
                    "id of a user",
                    item(json!({ "product_id": format!("usr_{UNUSED}"), "quantity": 1 })),
                ),
                (
                    "unknown product",
                    item(json!({ "sku": "NO-SUCH-SKU", "quantity": 1 })),
                ),
                (
                    "NUL in a SKU",
                    item(json!({ "sku": "A\0B", "quantity": 1 })),
                ),
                (
                    "NUL in the address",
                    with("/shipping_address/city", json!("a\0b")),
                ),
                (
                    "address without a city",
                    with("/shipping_address/city", Value::Null),
                ),
                (
                    "address of 100,000 characters",
                    with("/shipping_address/line1", json!("x".repeat(100_000))),
                ),
                ("negative total", with("/expected_total", json!("-1.00"))),
                (
                    "huge total",
                    with("/expected_total", json!("99999999999999999999")),
                ),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn invalid_quantities_are_refused() {
    let Stage {
        customer, product, ..
    } = stage().await;
    let quantity = |literal: &'static str| {
        let request = customer.request(Method::POST, "/api/v1/orders");
        let body = order_of(&product.sku, 4711)
            .to_string()
            .replace("4711", literal);
        (
            literal,
            text(request.header("Idempotency-Key", unique("bad")), body),
        )
    };
    let literals = [
        "0",
        "-1",
        "1.5",
        "10001",
        "1000000000",
        "4294967296",
        "9223372036854775808",
        "99999999999999999999",
        "1e2",
        "\"two\"",
        "[1]",
        "null",
    ];
    refused([
        (409, vec![quantity("100")]),
        (422, literals.map(quantity).into()),
    ])
    .await;
}

#[tokio::test]
async fn malformed_orders_are_refused() {
    let Stage {
        shop,
        customer,
        product,
        ..
    } = stage().await;
    let bare = |method: Method| customer.request(method, "/api/v1/orders");
    let keyed = |key: &str| bare(Method::POST).header("Idempotency-Key", key);
    let post = || keyed(&unique("bad"));
    let body = order_of(&product.sku, 1);
    let anonymous = shop
        .request(Method::POST, "/api/v1/orders")
        .header("Idempotency-Key", "k");
    refused([
        (
            400,
            vec![
                ("broken JSON", text(post(), "{\"items\": [")),
                ("no body", text(post(), "")),
                ("key with a space", keyed("a b").json(&body)),
                ("key of 256 letters", keyed(&"k".repeat(256)).json(&body)),
            ],
        ),
        (401, vec![("no token", anonymous.json(&body))]),
        (405, vec![("wrong method", bare(Method::DELETE))]),
        (
            413,
            vec![("10 MiB", text(post(), " ".repeat(TEN_MEBIBYTES)))],
        ),
        (
            415,
            vec![(
                "plain text",
                post().header("Content-Type", "text/plain").body("x"),
            )],
        ),
    ])
    .await;
}

#[tokio::test]
async fn invalid_reads_of_orders_are_refused() {
    let Stage { customer, .. } = stage().await;
    let read = |path: &str| customer.request(Method::GET, &format!("/api/v1/orders{path}"));
    refused([
        (
            404,
            vec![
                ("malformed id", read("/nonsense")),
                ("id of a product", read(&format!("/prd_{UNUSED}"))),
                ("unknown route", read(&format!("/ord_{UNUSED}/nothing"))),
            ],
        ),
        (
            422,
            vec![
                ("unknown state", read("?status=nonsense")),
                ("bad time", read("?from=yesterday")),
                ("page that is too large", read("?limit=1000")),
                ("bad cursor", read("?cursor=bm9uc2Vuc2U")),
                ("unknown parameter", read("?colour=red")),
            ],
        ),
    ])
    .await;
}
