//! The findings of a shop's own audits, as conditions of its stack.

use e2e::{
    Stack,
    kubectl::kubectl,
    stack::condition,
    wait::{self, seconds},
};
use ecommercestack_crds::ConditionType;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use reqwest::Method;
use serde_json::json;

use crate::stacks::own;

/// The operator reads a result within 30 seconds, and the first audit begins within another 30.
const LIMIT: u64 = 180;

async fn says(stack: &Stack, kind: ConditionType, status: &str, reason: &str) -> Condition {
    let what = format!("{} is {status} ({reason})", kind.into_str());
    let found = wait::until(what, seconds(LIMIT), async || {
        let found = condition(&stack.get().await?, kind);
        let found = found.ok_or_else(|| anyhow::anyhow!("no such condition yet"))?;
        anyhow::ensure!(
            (found.status.as_str(), found.reason.as_str()) == (status, reason),
            "{found:?}"
        );
        Ok(found)
    });
    found.await.unwrap()
}

#[tokio::test]
async fn audits_become_conditions_and_a_wrong_count_is_reported() {
    let namespace = own("audits").await;
    let stack = namespace.stack("shop");
    stack.apply(&json!({})).await.unwrap();
    stack.serving().await.unwrap();
    let shop = stack.shop().unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let sku = vendor.sells("Audited mug", "1.00", 5).await.unwrap().sku;
    let customer = shop.register("customer").await.unwrap();
    customer.orders(&sku, 2).await.unwrap();
    for kind in [ConditionType::StockConsistent, ConditionType::SagasFlowing] {
        says(&stack, kind, "True", "Consistent").await;
    }

    // The unit of stock belongs to no reservation.
    let administrator = stack.administrator().await.unwrap();
    let audit = async || {
        let audit = administrator.request(Method::POST, "/api/v1/inventory/audit");
        let audit = e2e::Answer::of(audit).await.unwrap();
        audit.expect(200).unwrap();
    };
    let database = stack.database();
    let change = async |change: &str| {
        let statement = format!("UPDATE stock SET {change} WHERE sku = '{sku}'");
        database.run("product", &statement).await.unwrap();
    };
    change("held = held + 1").await;
    audit().await;
    let found = says(&stack, ConditionType::StockConsistent, "False", "held").await;
    assert!(found.message.contains(&sku), "{}", found.message);
    // A user reads the finding there, and the shop continues to serve.
    let described = ["-n", &namespace.name, "describe", "ecommercestack", "shop"];
    let described = kubectl(described).await.unwrap().ok().unwrap();
    assert!(described.contains(&found.message), "{described}");
    says(&stack, ConditionType::Ready, "True", "Running").await;
    says(&stack, ConditionType::SagasFlowing, "True", "Consistent").await;
    customer.orders(&sku, 1).await.unwrap();

    change("held = held - 1").await;
    audit().await;
    says(&stack, ConditionType::StockConsistent, "True", "Consistent").await;
    namespace.delete().await.unwrap();
}

/// `order audit` in a pod of the worker, as after a restore.
#[tokio::test]
async fn orders_are_audited_on_request_and_findings_are_reported() {
    let namespace = own("order-audit").await;
    let stack = namespace.stack("shop");
    stack.apply(&json!({})).await.unwrap();
    stack.serving().await.unwrap();
    let shop = stack.shop().unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let sku = vendor.sells("Audited cup", "1.00", 5).await.unwrap().sku;
    let customer = shop.register("customer").await.unwrap();
    let order = customer.orders(&sku, 2).await.unwrap();
    customer
        .confirmed(order["id"].as_str().unwrap())
        .await
        .unwrap();
    says(&stack, ConditionType::SagasFlowing, "True", "Consistent").await;
    let change = "SET session_replication_role = replica; UPDATE order_items SET sku = 'NOT-THIS'";
    stack.database().run("order", change).await.unwrap();
    let worker = format!("deploy/{}", stack.object("order-worker"));
    let audit = [
        "-n",
        &namespace.name,
        "exec",
        &worker,
        "--",
        "/usr/local/bin/order",
        "audit",
    ];
    let audited = kubectl(audit).await.unwrap();
    assert!(
        audited.ok().is_err(),
        "the audit must fail if there are findings"
    );
    let found = says(&stack, ConditionType::SagasFlowing, "False", "hold_units").await;
    assert!(found.message.contains(&sku), "{}", found.message);
    says(&stack, ConditionType::StockConsistent, "True", "Consistent").await;
    namespace.delete().await.unwrap();
}
