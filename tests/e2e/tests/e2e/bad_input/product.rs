//! Invalid requests for products and stock.

use e2e::{Person, cluster::unique};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Stage, TEN_MEBIBYTES, UNUSED, refused, stage, text};

fn product(field: &str, value: Value) -> Value {
    let mut body = json!({ "sku": unique("BAD").to_uppercase(), "name": "Sieve", "price": "5.00" });
    body[field] = value;
    body
}

#[tokio::test]
async fn invalid_products_are_refused() {
    let Stage {
        vendor,
        product: sold,
        ..
    } = stage().await;
    let request = |method: Method| vendor.request(method, "/api/v1/products");
    let post = || request(Method::POST).header("Idempotency-Key", unique("bad"));
    let with = |field: &str, value: Value| post().json(&product(field, value));
    let huge = format!("{{\"name\": \"{}\"}}", "x".repeat(TEN_MEBIBYTES));
    refused([
        (
            400,
            vec![
                ("broken JSON", text(post(), "{\"sku\"")),
                ("no body", text(post(), "")),
            ],
        ),
        (405, vec![("wrong method", request(Method::DELETE))]),
        (409, vec![("SKU taken", with("sku", json!(sold.sku)))]),
        (413, vec![("10 MiB", text(post(), huge))]),
        (
            415,
            vec![(
                "plain text",
                post().header("Content-Type", "text/plain").body("x"),
            )],
        ),
        (
            422,
            vec![
                ("unknown field", with("colour", json!("red"))),
                ("no name", with("name", Value::Null)),
                ("empty name", with("name", json!(""))),
                (
                    "name of 100,000 letters",
                    with("name", json!("x".repeat(100_000))),
                ),
                ("NUL in its name", with("name", json!("a\0b"))),
                ("NUL in its description", with("description", json!("a\0b"))),
                ("SKU with a space", with("sku", json!("A B"))),
                ("SKU too long", with("sku", json!("A".repeat(65)))),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn invalid_prices_are_refused() {
    let Stage { vendor, .. } = stage().await;
    let price = |literal: &'static str| {
        let request = vendor.request(Method::POST, "/api/v1/products");
        let body = product("price", json!("PRICE"))
            .to_string()
            .replace("\"PRICE\"", literal);
        (
            literal,
            text(request.header("Idempotency-Key", unique("bad")), body),
        )
    };
    let literals = [
        "\"-1.00\"",
        "-1",
        "-0.01",
        "\"99999999999999999999999999\"",
        "99999999999999999999999999",
        "9223372036854775807",
        "1e3",
        "1E400",
        "\"1e3\"",
        "\"1.005\"",
        "1.005",
        "\"\"",
        "\" 1.00\"",
        "\"1,00\"",
        "\"cheap\"",
        "[1]",
        "{}",
        "true",
        "null",
    ];
    refused([(422, literals.map(price).into())]).await;
}

#[tokio::test]
async fn invalid_reads_of_products_are_refused() {
    let Stage { shop, .. } = stage().await;
    let read = |path: &str| shop.request(Method::GET, &format!("/api/v1/products{path}"));
    let unknown_route = shop.request(Method::GET, "/api/v1/product/nothing/at/all");
    refused([
        (
            404,
            vec![
                ("unknown product", read(&format!("/prd_{UNUSED}"))),
                ("id of an order", read(&format!("/ord_{UNUSED}"))),
                ("NUL in its id", read("/a%00b")),
                ("unknown route", unknown_route),
            ],
        ),
        (
            422,
            vec![
                ("empty page", read("?limit=0")),
                ("page that is too large", read("?limit=101")),
                ("limit that is not a number", read("?limit=some")),
                ("unknown parameter", read("?colour=red")),
                ("bad cursor", read("?cursor=nonsense")),
                ("NUL in a parameter", read("?cursor=%00")),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn changes_without_permission_or_of_an_old_version_are_refused() {
    let Stage {
        vendor,
        rival,
        customer,
        product: sold,
        ..
    } = stage().await;
    let change = |who: &Person| {
        let request = who.request(Method::PATCH, &format!("/api/v1/products/{}", sold.id));
        request.json(&json!({ "name": "Mine now" }))
    };
    refused([
        (
            403,
            vec![("of a customer", change(&customer).header("If-Match", "*"))],
        ),
        (
            404,
            vec![("of another vendor", change(&rival).header("If-Match", "*"))],
        ),
        (
            412,
            vec![(
                "precondition_failed",
                change(&vendor).header("If-Match", "\"77\""),
            )],
        ),
        (428, vec![("without If-Match", change(&vendor))]),
    ])
    .await;
}

#[tokio::test]
async fn invalid_stock_levels_are_refused() {
    let Stage {
        vendor,
        rival,
        customer,
        product: sold,
        ..
    } = stage().await;
    let path = format!("/api/v1/inventory/{}", sold.sku);
    let bare = |who: &Person| who.request(Method::PUT, &path);
    let keyed = |who: &Person| bare(who).header("Idempotency-Key", unique("bad"));
    let set = |literal: &str| {
        text(
            keyed(&vendor).header("If-Match", "*"),
            format!("{{\"on_hand\": {literal}}}"),
        )
    };
    let ten = json!({ "on_hand": 10 });
    refused([
        (
            400,
            vec![(
                "without a key",
                bare(&vendor).header("If-Match", "*").json(&ten),
            )],
        ),
        (
            403,
            vec![
                (
                    "of a customer",
                    keyed(&customer).header("If-Match", "*").json(&ten),
                ),
                ("read by a customer", customer.request(Method::GET, &path)),
            ],
        ),
        (
            404,
            vec![
                (
                    "of another vendor",
                    keyed(&rival).header("If-Match", "*").json(&ten),
                ),
                (
                    "of an unknown SKU",
                    vendor.request(Method::GET, "/api/v1/inventory/NO-SUCH-SKU"),
                ),
            ],
        ),
        (409, vec![("less than is ordered", set("0"))]),
        (
            412,
            vec![(
                "precondition_failed",
                keyed(&vendor).header("If-Match", "\"999\"").json(&ten),
            )],
        ),
        (
            422,
            vec![
                ("negative", set("-1")),
                ("huge", set("99999999999999999999")),
                ("the largest of 64 bits", set("9223372036854775807")),
                ("a fraction", set("1.5")),
                ("a text", set("\"many\"")),
                ("unknown field", set("1, \"held\": 0")),
            ],
        ),
        (428, vec![("without If-Match", keyed(&vendor).json(&ten))]),
    ])
    .await;
}

#[tokio::test]
async fn invalid_adjustments_are_refused() {
    let Stage {
        vendor,
        product: sold,
        ..
    } = stage().await;
    let adjust = |literal: &str| {
        let path = format!("/api/v1/inventory/{}/adjustments", sold.sku);
        let request = vendor
            .request(Method::POST, &path)
            .header("Idempotency-Key", unique("bad"));
        text(
            request,
            format!("{{\"delta\": {literal}, \"reason\": \"count\"}}"),
        )
    };
    refused([
        (409, vec![("more units than exist", adjust("-1000"))]),
        (
            422,
            vec![
                ("huge", adjust("99999999999999999999")),
                ("the largest of 64 bits", adjust("9223372036854775807")),
                ("the smallest of 64 bits", adjust("-9223372036854775808")),
                ("zero", adjust("0")),
                ("a text", adjust("\"a few\"")),
            ],
        ),
    ])
    .await;
}
