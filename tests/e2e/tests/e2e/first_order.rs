//! From an applied stack to a confirmed order, and the stack's status in kubectl.

use e2e::{
    kubectl::kubectl,
    stack::condition,
    wait::{self, seconds},
};
use ecommercestack_crds::ConditionType;

use crate::stacks::calm;

#[tokio::test]
async fn an_order_takes_units_off_sale_and_is_confirmed() {
    let calm = calm().await;
    let shop = calm.stack.shop().unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let customer = shop.register("customer").await.unwrap();
    let product = vendor.sells("Enamel mug", "12.50", 5).await.unwrap();

    let order = customer.orders(&product.sku, 2).await.unwrap();

    assert_eq!(order["totals"]["total"]["minor"], 2500);
    assert_eq!(order["currency"], "USD");
    assert_eq!(customer.available(&product).await.unwrap(), 3);
    let stock = vendor
        .get(&format!("/api/v1/inventory/{}", product.sku))
        .await
        .unwrap()
        .expect(200)
        .unwrap();
    let stock = stock.json().unwrap();
    let counters = ["on_hand", "held", "allocated", "available"]
        .map(|counter| stock[counter].as_i64().unwrap());
    assert_eq!(counters, [5, 0, 2, 3], "{stock}");
}

#[tokio::test]
async fn an_order_sent_twice_is_one_order() {
    let calm = calm().await;
    let shop = calm.stack.shop().unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let customer = shop.register("customer").await.unwrap();
    let product = vendor.sells("Bread knife", "39.00", 5).await.unwrap();

    let key = e2e::cluster::unique("twice");
    let first = customer
        .tries_to_order(&product.sku, 1, &key)
        .await
        .unwrap()
        .expect(201)
        .unwrap();
    let second = customer
        .tries_to_order(&product.sku, 1, &key)
        .await
        .unwrap()
        .expect(201)
        .unwrap();

    assert_eq!(first.json().unwrap()["id"], second.json().unwrap()["id"]);
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(customer.available(&product).await.unwrap(), 4);
    let other = customer
        .tries_to_order(&product.sku, 2, &key)
        .await
        .unwrap();
    assert_eq!(
        other.status, 422,
        "the same key with another body: {}",
        other.body
    );
}

#[tokio::test]
async fn the_administrator_logs_in_with_the_credentials_in_the_secret() {
    let administrator = calm().await.stack.administrator().await.unwrap();
    let profile = administrator
        .get("/api/v1/auth/profile")
        .await
        .unwrap()
        .expect(200)
        .unwrap();
    let roles = profile.json().unwrap()["roles"].clone();
    assert!(
        roles.as_array().unwrap().contains(&"admin".into()),
        "{roles}"
    );
    administrator
        .get("/api/v1/orders")
        .await
        .unwrap()
        .expect(200)
        .unwrap();
}

#[tokio::test]
async fn kubectl_get_shows_the_state_of_the_shop_in_one_line() {
    let calm = calm().await;
    let line = kubectl([
        "-n",
        &calm.namespace.name,
        "get",
        "estack",
        "calm",
        "--no-headers",
        "-o",
        "wide",
    ])
    .await;
    let line = line.unwrap().ok().unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    let version = e2e::environment::version();
    assert_eq!(
        words[..4],
        ["calm", "True", "Running", version.as_str()],
        "{line}"
    );
    assert!(words[4].contains(&calm.stack.host()), "{line}");
}

#[tokio::test]
async fn every_condition_is_about_the_current_spec() {
    let calm = calm().await;
    let what = "every condition is of the current generation";
    let found = wait::until(what, seconds(30), async || {
        let stack = calm.stack.get().await?;
        let conditions = stack.status.clone().unwrap_or_default().conditions;
        let stale = conditions
            .iter()
            .find(|one| one.observed_generation != stack.metadata.generation);
        anyhow::ensure!(stale.is_none(), "{stale:?}");
        Ok(stack)
    });
    let stack = found.await.unwrap();
    for (kind, status) in [
        (ConditionType::Ready, "True"),
        (ConditionType::Available, "True"),
        (ConditionType::Progressing, "False"),
        (ConditionType::Degraded, "False"),
        (ConditionType::PostgresReady, "True"),
        (ConditionType::AuthReady, "True"),
        (ConditionType::ProductReady, "True"),
        (ConditionType::OrderReady, "True"),
    ] {
        let found =
            condition(&stack, kind).unwrap_or_else(|| panic!("no condition {}", kind.into_str()));
        assert_eq!(found.status, status, "{found:?}");
    }
}
