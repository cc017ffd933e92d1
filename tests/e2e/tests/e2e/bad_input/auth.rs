//! Invalid requests for accounts and tokens.

use e2e::{Person, cluster::unique, shop::order_of};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Stage, TEN_MEBIBYTES, UNUSED, refused, stage, text};

/// A registration with one invalid field.
fn registration(change: &str, value: Value) -> Value {
    let mut body = json!({
        "email": unique("x") + "@example.com", "password": "long enough, surely", "full_name": "Ann Example",
    });
    body[change] = value;
    body
}

#[tokio::test]
async fn invalid_registrations_are_refused() {
    let Stage { shop, customer, .. } = stage().await;
    let register = || shop.request(Method::POST, "/api/v1/auth/register");
    let with = |field: &str, value: Value| register().json(&registration(field, value));
    let long = json!(format!("{}@example.com", "x".repeat(300)));
    refused([
        (
            400,
            vec![
                ("broken JSON", text(register(), "{\"email\": ")),
                ("no body", text(register(), "")),
            ],
        ),
        (
            403,
            vec![("as an administrator", with("role", json!("admin")))],
        ),
        (
            404,
            vec![(
                "unknown route",
                shop.request(Method::GET, "/api/v1/auth/nothing"),
            )],
        ),
        (
            405,
            vec![(
                "wrong method",
                shop.request(Method::DELETE, "/api/v1/auth/register"),
            )],
        ),
        (
            409,
            vec![("e-mail taken", with("email", json!(customer.email)))],
        ),
        (
            413,
            vec![("10 MiB", text(register(), " ".repeat(TEN_MEBIBYTES)))],
        ),
        (
            415,
            vec![
                (
                    "plain text",
                    register().header("Content-Type", "text/plain").body("{}"),
                ),
                ("no media type", register().body("{}")),
            ],
        ),
        (
            422,
            vec![
                ("not an object", text(register(), "[]")),
                ("unknown field", with("is_admin", json!(true))),
                ("no e-mail", with("email", Value::Null)),
                ("not an e-mail", with("email", json!("ann"))),
                ("e-mail as a number", with("email", json!(7))),
                ("e-mail too long", with("email", long)),
                ("password too short", with("password", json!("short"))),
                (
                    "password too long",
                    with("password", json!("x".repeat(100_000))),
                ),
                ("NUL in a name", with("full_name", json!("a\0b"))),
                ("unknown role", with("role", json!("king"))),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn invalid_logins_are_refused() {
    let Stage { shop, customer, .. } = stage().await;
    let post = |path: &str, body: Value| shop.request(Method::POST, path).json(&body);
    let login = |body: Value| post("/api/v1/auth/login", body);
    refused([
        (
            401,
            vec![
                (
                    "wrong password",
                    login(json!({ "email": customer.email, "password": "no" })),
                ),
                (
                    "unknown account",
                    login(json!({ "email": "unknown@example.com", "password": "no" })),
                ),
                (
                    "unknown refresh token",
                    post("/api/v1/auth/refresh", json!({ "refresh_token": "x" })),
                ),
            ],
        ),
        (
            422,
            vec![
                ("no password", login(json!({ "email": customer.email }))),
                (
                    "unknown field",
                    login(json!({ "email": "a@b.example", "password": "x", "more": 1 })),
                ),
                (
                    "NUL",
                    login(json!({ "email": "a\0@b.example", "password": "x" })),
                ),
            ],
        ),
    ])
    .await;
}

/// Invalid tokens that are more or less similar to the customer's.
fn bad_tokens(customer: &Person, vendor: &Person) -> Vec<String> {
    let (signed, signature) = customer.token.rsplit_once('.').unwrap();
    let (head, claims) = signed.split_once('.').unwrap();
    // The last character of a base64url signature contains padding bits, so the first one is changed.
    let first = if signature.starts_with('A') { "B" } else { "A" };
    let vendors_claims = vendor.token.split('.').nth(1).unwrap();
    vec![
        String::new(),
        "garbage".to_owned(),
        "a.b.c".to_owned(),
        "x".repeat(5_000),
        signed.to_owned(),
        format!("{signed}.{first}{}", &signature[1..]),
        format!("{head}.{vendors_claims}.{signature}"),
        // {"alg":"none","typ":"at+jwt"}
        format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{claims}."),
    ]
}

#[tokio::test]
async fn callers_without_a_valid_token_are_refused_by_every_service() {
    let Stage {
        shop,
        vendor,
        customer,
        ..
    } = stage().await;
    let places = [
        (Method::GET, "/api/v1/auth/profile"),
        (Method::POST, "/api/v1/products"),
        (Method::GET, "/api/v1/orders"),
    ];
    let mut rows = Vec::new();
    for (method, path) in places {
        let request = || shop.request(method.clone(), path).json(&json!({}));
        rows.push(("no token", request()));
        rows.push((
            "basic credentials",
            request().basic_auth("ann", Some("secret")),
        ));
        for token in bad_tokens(&customer, &vendor) {
            rows.push(("a bad token", request().bearer_auth(token)));
        }
    }
    refused([(401, rows)]).await;
}

#[tokio::test]
async fn callers_without_permission_are_refused() {
    let Stage {
        vendor,
        customer,
        neighbour,
        product,
        order,
        ..
    } = stage().await;
    let sell = customer
        .request(Method::POST, "/api/v1/products")
        .json(&json!({}));
    let buy = vendor
        .request(Method::POST, "/api/v1/orders")
        .header("Idempotency-Key", unique("bad"));
    let read = |who: &Person, id: &str| who.request(Method::GET, &format!("/api/v1/orders/{id}"));
    refused([
        (
            403,
            vec![
                ("product of a customer", sell),
                ("order of a vendor", buy.json(&order_of(&product.sku, 1))),
            ],
        ),
        (
            404,
            vec![
                ("order of another customer", read(&neighbour, &order)),
                ("unknown order", read(&customer, &format!("ord_{UNUSED}"))),
            ],
        ),
    ])
    .await;
}
