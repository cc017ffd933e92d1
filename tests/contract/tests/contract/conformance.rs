//! schemathesis sends requests that the document allows, and others, to each operation, and checks the responses.

use std::process::Command;

use access::Role;
use local_shop::{Binaries, Member, Plan, Shop, Workload};
use reqwest::Client;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{document, package};

#[tokio::test]
async fn auth_conforms_to_its_document() {
    let shop = start();
    let auth = url(&shop, Workload::Auth);
    conforms(&shop, Workload::Auth, ("SHOP_AUTH_URL", &auth));
}

#[tokio::test]
async fn product_conforms_to_its_document() {
    let shop = start();
    let token = all_roles(&shop);
    sell(&shop, &token).await;
    conforms(&shop, Workload::Product, ("SHOP_TOKEN", &token));
}

#[tokio::test]
async fn order_conforms_to_its_document() {
    let shop = start();
    let token = all_roles(&shop);
    sell(&shop, &token).await;
    conforms(&shop, Workload::Order, ("SHOP_TOKEN", &token));
}

/// A shop without limits by address or customer, so that every request is processed.
pub fn start() -> Shop {
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration")]
    let binaries = std::env::var("CONTRACT_BINARIES").unwrap();
    let unlimited = [
        (Workload::Auth, "ADDRESS_LIMIT_PER_MINUTE"),
        (Workload::Auth, "LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE"),
        (Workload::Auth, "ACCOUNT_LIMIT_PER_15_MINUTES"),
        (Workload::Product, "GUEST_LIMIT_PER_ADDRESS_PER_MINUTE"),
        (Workload::Order, "CHANGES_PER_CUSTOMER_PER_MINUTE"),
        (Workload::Order, "MAX_QUEUED_PER_CUSTOMER"),
        (Workload::Order, "MAX_UNPAID_PER_CUSTOMER"),
        (Workload::Order, "MAX_UNPAID_UNITS_PER_SKU"),
    ];
    let mut environment: Vec<_> = unlimited
        .into_iter()
        .map(|(workload, name)| (workload, name.to_owned(), "1000000".to_owned()))
        .collect();
    for workload in [Workload::Order, Workload::Worker] {
        environment.push((workload, "PAYMENT_PROVIDER".to_owned(), "mock".to_owned()));
    }
    let plan = Plan {
        environment,
        ..Plan::new(Binaries::in_folder(binaries.as_ref()))
    };
    Shop::start(plan).unwrap()
}

/// A token with every role, so that no operation is answered with 403.
fn all_roles(shop: &Shop) -> String {
    let roles = [Role::Customer, Role::Vendor, Role::Admin];
    shop.tokens().sign(Uuid::from_u128(1), &roles).unwrap()
}

fn url(shop: &Shop, workload: Workload) -> String {
    shop.url(Member(workload, 0)).unwrap()
}

/// The product of the documents' examples.
async fn sell(shop: &Shop, token: &str) {
    let product = json!({
        "sku": "MUG-1", "name": "Mug", "price": "9.99", "status": "active", "inventory": {"on_hand": 1_000_000},
    });
    let answer = Client::new()
        .post(format!("{}/api/v1/products", url(shop, Workload::Product)))
        .bearer_auth(token)
        .json(&product)
        .send()
        .await
        .unwrap();
    let (status, body) = (answer.status(), answer.json::<Value>().await.unwrap());
    assert!(status.is_success(), "{status}: {body}");
}

fn conforms(shop: &Shop, workload: Workload, credentials: (&str, &str)) {
    let status = Command::new("st")
        .arg("--config-file")
        .arg(package().join("schemathesis.toml"))
        .arg("run")
        .arg(document(workload.database()))
        .args(["--url", &url(shop, workload)])
        .env("PYTHONPATH", package())
        .env("SCHEMATHESIS_HOOKS", "hooks")
        .env(credentials.0, credentials.1)
        // schemathesis stores examples of failures there.
        .current_dir(shop.folder())
        .status()
        .unwrap();
    assert!(status.success(), "schemathesis: {status}");
}
