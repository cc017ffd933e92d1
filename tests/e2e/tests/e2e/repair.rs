//! Deleted objects are created again, and no data are lost.

use std::fmt::Debug;

use e2e::{
    Namespace, Person, Stack,
    kubectl::kubectl,
    shop::Product,
    wait::{self, seconds},
};
use k8s_openapi::{
    NamespaceResourceScope,
    api::{
        apps::v1::Deployment, apps::v1::StatefulSet, batch::v1::Job,
        core::v1::PersistentVolumeClaim, core::v1::Secret, core::v1::Service,
    },
};
use kube::{
    ResourceExt as _,
    api::{DeleteParams, ListParams, ObjectMeta, PostParams},
};
use serde::de::DeserializeOwned;

use crate::stacks::rough;

/// Objects that a shop must still have after a repair.
struct Trade {
    customer: Person,
    product: Product,
    order: String,
}

async fn trade(stack: &Stack) -> Trade {
    let shop = stack.shop().unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let customer = shop.register("customer").await.unwrap();
    let product = vendor.sells("Tea cosy", "9.99", 50).await.unwrap();
    let order = customer.orders(&product.sku, 1).await.unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    Trade {
        customer,
        product,
        order,
    }
}

impl Trade {
    /// The account, the product and the order still exist, and the customer can order again.
    async fn continues(self) {
        let what = "the customer logs in, finds the order and buys again";
        let continued = wait::until(what, seconds(90), async || {
            let customer = self.customer.shop.login_again(&self.customer).await?;
            customer
                .get(&format!("/api/v1/orders/{}", self.order))
                .await?
                .expect(200)?;
            let before = customer.available(&self.product).await?;
            customer.orders(&self.product.sku, 1).await?;
            // Customers may see the state of a product from a second ago.
            wait::until("the order is visible", seconds(3), async || {
                let after = customer.available(&self.product).await?;
                anyhow::ensure!(
                    after == before - 1,
                    "{before} were available, and {after} are after an order of 1"
                );
                Ok(())
            })
            .await
        });
        continued.await.unwrap();
    }
}

/// Deletes an object and waits for another of the same name.
async fn delete_and_await<K>(namespace: &Namespace, name: &str, limit: u64) -> K
where
    K: kube::Resource<Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned,
    K::DynamicType: Default,
{
    let api = namespace.api::<K>();
    let old = api.get(name).await.unwrap().uid();
    api.delete(name, &DeleteParams::background()).await.unwrap();
    let what = format!(
        "{} {name} is created again",
        K::kind(&K::DynamicType::default())
    );
    let made = wait::until(what, seconds(limit), async || {
        let found = api.get(name).await?;
        anyhow::ensure!(found.uid() != old, "the old one still exists");
        Ok(found)
    });
    made.await.unwrap()
}

#[tokio::test]
async fn a_deleted_deployment_is_created_again() {
    let rough = rough().await;
    let trade = trade(&rough.stack).await;
    let old = rough
        .namespace
        .api::<Deployment>()
        .get("rough-product")
        .await
        .unwrap()
        .uid();
    delete_and_await::<Deployment>(&rough.namespace, "rough-product", 10).await;
    rough
        .stack
        .deployed("product", old.as_deref())
        .await
        .unwrap();
    rough.stack.ready().await.unwrap();
    trade.continues().await;
}

#[tokio::test]
async fn a_deleted_service_is_created_again() {
    let rough = rough().await;
    let trade = trade(&rough.stack).await;
    for name in ["rough-order", "rough-product-internal"] {
        delete_and_await::<Service>(&rough.namespace, name, 10).await;
    }
    trade.continues().await;
}

#[tokio::test]
async fn a_deleted_database_workload_is_created_again_on_its_volume() {
    let rough = rough().await;
    let trade = trade(&rough.stack).await;
    let volume = volume(&rough.namespace).await;
    delete_and_await::<StatefulSet>(&rough.namespace, "rough-postgres", 30).await;
    rough.stack.ready().await.unwrap();
    trade.continues().await;
    assert_eq!(
        self::volume(&rough.namespace).await,
        volume,
        "the volume was replaced"
    );
}

#[tokio::test]
async fn a_deleted_password_is_replaced_by_one_that_works() {
    let rough = rough().await;
    let trade = trade(&rough.stack).await;
    let secret = delete_and_await::<Secret>(&rough.namespace, "rough-order-database", 30).await;
    logs_in(&rough.stack, &secret).await;
    rough.stack.ready().await.unwrap();
    trade.continues().await;
}

#[tokio::test]
async fn all_secrets_deleted_at_once_are_created_again_and_match_each_other() {
    const NAMES: [&str; 6] = [
        "postgres",
        "auth-database",
        "product-database",
        "order-database",
        "jwt",
        "internal-tokens",
    ];
    let rough = rough().await;
    let trade = trade(&rough.stack).await;
    let volume = volume(&rough.namespace).await;
    let secrets = rough.namespace.api::<Secret>();
    for name in NAMES {
        secrets
            .delete(&rough.stack.object(name), &DeleteParams::default())
            .await
            .unwrap();
    }
    for name in NAMES {
        let made = wait::until(
            format!("Secret {name} is created again"),
            seconds(30),
            async || Ok(secrets.get(&rough.stack.object(name)).await?),
        );
        let secret = made.await.unwrap();
        if name.ends_with("-database") {
            logs_in(&rough.stack, &secret).await;
        }
    }
    rough.stack.ready().await.unwrap();
    trade.continues().await;
    assert_eq!(
        self::volume(&rough.namespace).await,
        volume,
        "the volume was replaced"
    );
}

#[tokio::test]
async fn changes_to_a_deployment_are_reverted_and_the_shop_is_ready_again() {
    let rough = rough().await;
    let trade = trade(&rough.stack).await;
    for change in ["DATABASE_URL=changed", "ACCOUNT_LIMIT_PER_15_MINUTES=9999"] {
        let deployment = rough
            .namespace
            .api::<Deployment>()
            .get("rough-auth")
            .await
            .unwrap();
        let before = deployment.spec.template.spec;
        let arguments = [
            "-n",
            &rough.namespace.name,
            "set",
            "env",
            "deployment/rough-auth",
            change,
        ];
        kubectl(arguments).await.unwrap().ok().unwrap();
        wait::until(format!("{change} is reverted"), seconds(30), async || {
            let found = rough
                .namespace
                .api::<Deployment>()
                .get("rough-auth")
                .await?;
            anyhow::ensure!(found.spec.template.spec == before, "not yet");
            Ok(())
        })
        .await
        .unwrap();
        rough.stack.ready().await.unwrap();
    }
    trade.continues().await;
}

#[tokio::test]
async fn a_job_without_the_operators_label_still_belongs_to_the_stack() {
    let rough = rough().await;
    let jobs = rough.namespace.api::<Job>();
    let job = jobs
        .list(&ListParams::default())
        .await
        .unwrap()
        .items
        .remove(0)
        .name_any();
    let arguments = [
        "-n",
        &rough.namespace.name,
        "label",
        "job",
        &job,
        "ecommercestack.dev/stack-",
    ];
    kubectl(arguments).await.unwrap().ok().unwrap();
    wait::until("the label is back", seconds(30), async || {
        let found = jobs.get_metadata(&job).await?;
        anyhow::ensure!(
            found.labels().contains_key("ecommercestack.dev/stack"),
            "not yet"
        );
        Ok(())
    })
    .await
    .unwrap();
    rough.stack.ready().await.unwrap();
}

#[tokio::test]
async fn a_deleted_initial_password_is_not_created_again_and_auth_starts_without_it() {
    let rough = rough().await;
    let trade = trade(&rough.stack).await;
    let secrets = rough.namespace.api::<Secret>();
    let name = rough.stack.object("admin");
    let secret = secrets.get(&name).await.unwrap();
    secrets
        .delete(&name, &DeleteParams::default())
        .await
        .unwrap();
    let arguments = [
        "-n",
        &rough.namespace.name,
        "rollout",
        "restart",
        "deployment/rough-auth",
    ];
    kubectl(arguments).await.unwrap().ok().unwrap();
    let arguments = [
        "-n",
        &rough.namespace.name,
        "rollout",
        "status",
        "deployment/rough-auth",
        "--timeout=90s",
    ];
    kubectl(arguments).await.unwrap().ok().unwrap();
    rough.stack.ready().await.unwrap();
    trade.continues().await;
    assert!(secrets.get_opt(&name).await.unwrap().is_none());
    // Other scenarios log in with it, so it is put back.
    let kept = Secret {
        metadata: ObjectMeta {
            name: Some(name),
            labels: secret.metadata.labels,
            annotations: secret.metadata.annotations,
            ..ObjectMeta::default()
        },
        data: secret.data,
        ..Secret::default()
    };
    secrets.create(&PostParams::default(), &kept).await.unwrap();
}

/// Waits until the database accepts the password in the Secret.
async fn logs_in(stack: &Stack, secret: &Secret) {
    let uri = secret.data.as_ref().unwrap()["uri"].0.clone();
    let uri = String::from_utf8(uri).unwrap();
    let pod = stack.object("postgres-0");
    let arguments = [
        "-n",
        &stack.namespace,
        "exec",
        &pod,
        "-c",
        "postgres",
        "--",
        "psql",
        "-Atc",
        "SELECT 1",
        &uri,
    ];
    let what = format!("the database accepts the password in {}", secret.name_any());
    wait::until(what, seconds(60), async || kubectl(arguments).await?.ok())
        .await
        .unwrap();
}

/// The name of the volume with the data.
async fn volume(namespace: &Namespace) -> String {
    let claims = namespace
        .api::<PersistentVolumeClaim>()
        .list(&ListParams::default())
        .await
        .unwrap();
    let volumes: Vec<_> = claims
        .into_iter()
        .filter_map(|claim| claim.spec?.volume_name)
        .collect();
    assert_eq!(volumes.len(), 1, "{volumes:?}");
    volumes.into_iter().collect()
}
