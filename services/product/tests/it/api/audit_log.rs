//! What an admin changes is an entry of the audit log, and what others change is none.

use std::collections::BTreeSet;

use audit_log::Outbox;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use product::{http::openapi, infrastructure::postgres::audit_outbox::PgOutbox};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Shop, User};

/// What is called: method, path, body, status, and the entry's action and names of data.
type Operation = (
    &'static str,
    &'static str,
    Value,
    u16,
    (&'static str, &'static [&'static str]),
);

/// Every operation that changes something, in an order in which each succeeds.
fn operations() -> Vec<Operation> {
    let counts: &[&str] = &[
        "delta",
        "force",
        "location",
        "low_stock_threshold",
        "on_hand",
    ];
    let counted = |action| (action, counts);
    vec![
        (
            "POST",
            "/products",
            json!({ "sku": "NEW", "name": "Secret name", "price": "1.00" }),
            201,
            ("product.created", &["on_hand", "sku"]),
        ),
        (
            "PATCH",
            "/products/{id}",
            json!({ "name": "Secret name" }),
            200,
            ("product.updated", &["fields"]),
        ),
        (
            "PUT",
            "/products/{id}",
            json!({ "description": "Secret text" }),
            200,
            ("product.updated", &["fields"]),
        ),
        (
            "POST",
            "/products/{id}/disable",
            Value::Null,
            200,
            ("product.disabled", &[]),
        ),
        (
            "POST",
            "/products/{id}/enable",
            Value::Null,
            200,
            ("product.enabled", &[]),
        ),
        (
            "PUT",
            "/inventory/{sku}",
            json!({ "on_hand": 5, "reason": "Secret reason" }),
            200,
            counted("stock.set"),
        ),
        (
            "POST",
            "/inventory/{sku}/adjustments",
            json!({ "delta": 1, "reason": "Secret reason" }),
            200,
            counted("stock.adjusted"),
        ),
        (
            "POST",
            "/inventory/audit",
            Value::Null,
            200,
            ("stock.audited", &["findings"]),
        ),
        (
            "POST",
            "/locations",
            json!({ "code": "berlin", "name": "Secret name" }),
            201,
            ("location.created", &["priority"]),
        ),
        (
            "DELETE",
            "/products/{id}",
            Value::Null,
            204,
            ("product.deleted", &[]),
        ),
    ]
}

async fn call(shop: &Shop, user: &User, product: &str, operation: &Operation) -> (u16, Value) {
    let (method, path, body, ..) = operation;
    let path = path.replace("{id}", product).replace("{sku}", "MUG");
    let mut call = shop.request(method, &format!("/api/v1{path}")).by(user);
    if path != "/locations" && path != "/inventory/audit" {
        call = call.keyed();
    }
    if *method == "PATCH" || *method == "PUT" {
        call = call.header("if-match", "*");
    }
    let answer = match body {
        Value::Null => call.send().await,
        body => call.json(body).await,
    };
    (answer.status.as_u16(), answer.body)
}

fn session(user: &User) -> String {
    let claims = user.token.split('.').nth(1).unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["sid"].as_str().unwrap().to_owned()
}

#[sqlx::test]
async fn each_change_by_an_admin_leaves_one_entry(pool: PgPool) {
    let shop = Shop::open(pool);
    let outbox = PgOutbox(shop.pool.clone());
    let product = shop.product("MUG", 7).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(outbox.due(100).await.unwrap(), [], "a vendor's product");
    for operation in operations() {
        let (method, path, _, expected, (action, names)) = &operation;
        let (status, body) = call(&shop, &shop.admin, &product, &operation).await;
        assert_eq!(status, *expected, "{method} {path}: {body}");
        let entries = outbox.due(100).await.unwrap();
        let [entry] = &entries[..] else {
            panic!("{method} {path} has left {entries:?}");
        };
        let target = match *path {
            "/products" => body["id"].as_str().unwrap(),
            "/locations" => "berlin",
            "/inventory/audit" => "stock",
            path if path.contains("{sku}") => "MUG",
            _ => &product,
        };
        assert_eq!(
            (entry.action.as_str(), entry.target.as_str()),
            (*action, target),
            "{method} {path}"
        );
        assert_eq!(entry.actor, shop.admin.id, "{method} {path}");
        assert_eq!(entry.session.to_string(), session(&shop.admin));
        let data: Vec<_> = entry.data.as_object().unwrap().keys().collect();
        assert_eq!(data, *names, "{method} {path}");
        assert!(!entry.data.to_string().contains("Secret"), "{entry:?}");
        outbox.remove(&[entry.id]).await.unwrap();
    }
}

#[sqlx::test]
async fn a_change_by_a_vendor_or_one_that_is_refused_leaves_no_entry(pool: PgPool) {
    let shop = Shop::open(pool);
    let outbox = PgOutbox(shop.pool.clone());
    let product = shop.product("MUG", 7).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for operation in operations() {
        let (method, path, _, expected, _) = &operation;
        let (refused, _) = call(&shop, &shop.customer, &product, &operation).await;
        assert_eq!(refused, 403, "{method} {path}");
        let (status, body) = call(&shop, &shop.vendor, &product, &operation).await;
        let for_admins = matches!(*path, "/locations" | "/inventory/audit");
        let expected = if for_admins { 403 } else { *expected };
        assert_eq!(status, expected, "{method} {path}: {body}");
    }
    let main = json!({ "code": "main", "name": "Main" });
    let taken = shop.post("/locations").by(&shop.admin).json(&main);
    taken.await.refused(409, "location_taken");
    let gone = shop.delete(&format!("/products/{product}")).by(&shop.admin);
    gone.send().await.refused(404, "not_found");
    assert_eq!(outbox.due(100).await.unwrap(), []);
}

#[sqlx::test]
async fn a_repeated_request_leaves_one_entry(pool: PgPool) {
    let shop = Shop::open(pool);
    let body = json!({ "sku": "NEW", "name": "New", "price": "1.00" });
    for _ in 0..2 {
        let call = shop.post("/products").by(&shop.admin);
        let call = call.header("idempotency-key", "once");
        assert_eq!(call.json(&body).await.status, 201);
    }
    let outbox = PgOutbox(shop.pool.clone());
    assert_eq!(outbox.due(100).await.unwrap().len(), 1);
}

#[sqlx::test]
async fn a_refused_entry_waits_behind_the_others(pool: PgPool) {
    let shop = Shop::open(pool);
    let outbox = PgOutbox(shop.pool.clone());
    assert_eq!(outbox.backlog().await.unwrap().entries, 0);
    for sku in ["ONE", "TWO"] {
        let body = json!({ "sku": sku, "name": sku, "price": "1.00" });
        let made = shop.post("/products").by(&shop.admin).json(&body);
        assert_eq!(made.await.status, 201);
    }
    let due = outbox.due(100).await.unwrap();
    assert_eq!(outbox.due(1).await.unwrap(), due[..1]);
    outbox.set_aside(due[0].id).await.unwrap();
    assert_eq!(outbox.due(100).await.unwrap(), due[1..]);
    assert_eq!(outbox.backlog().await.unwrap().entries, 2, "none is lost");
    outbox.remove(&[due[1].id]).await.unwrap();
    assert_eq!(outbox.due(100).await.unwrap(), []);
    assert_eq!(outbox.backlog().await.unwrap().entries, 1);
}

#[test]
fn no_operation_that_changes_something_is_forgotten() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            if ["post", "put", "patch", "delete"].contains(&method.as_str()) {
                let path = path.strip_prefix("/api/v1").unwrap();
                documented.insert(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let tried = operations()
        .into_iter()
        .map(|(method, path, ..)| format!("{method} {path}"));
    assert_eq!(documented, tried.collect());
}
