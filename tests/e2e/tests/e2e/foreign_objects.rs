//! Objects that do not belong to a stack and have a name that it needs: they are reported and left unchanged.

use std::collections::BTreeMap;

use ecommercestack_crds::{ConditionType, Reason};
use k8s_openapi::api::core::v1::{ConfigMap, Service, ServicePort, ServiceSpec};
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use serde_json::{Value, json};

use crate::stacks::own;

#[tokio::test]
async fn a_foreign_object_of_the_same_name_is_reported_and_left_unchanged() {
    let namespace = own("foreign").await;
    let stack = namespace.stack("shop");
    let services = namespace.api::<Service>();
    let port = ServicePort {
        port: 4711,
        ..ServicePort::default()
    };
    let foreign = Service {
        metadata: ObjectMeta {
            name: Some("shop-product".to_owned()),
            labels: Some(BTreeMap::from([("owner".to_owned(), "another".to_owned())])),
            ..ObjectMeta::default()
        },
        spec: Some(ServiceSpec {
            ports: Some(vec![port]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    };
    let before = services
        .create(&PostParams::default(), &foreign)
        .await
        .unwrap();

    stack.apply(&without_pods()).await.unwrap();
    let found = stack
        .reports(ConditionType::Ready, "False", Reason::Conflict, 120)
        .await
        .unwrap();
    assert!(found.message.contains("shop-product"), "{found:?}");
    let after = services.get("shop-product").await.unwrap();
    assert_eq!(
        (after.metadata.resource_version, after.spec),
        (before.metadata.resource_version, before.spec)
    );

    services
        .delete("shop-product", &DeleteParams::default())
        .await
        .unwrap();
    stack.ready().await.unwrap();
    let ours = services
        .get("shop-product")
        .await
        .unwrap()
        .spec
        .unwrap()
        .ports
        .unwrap();
    assert_eq!(ours[0].port, 80);
    namespace.delete().await.unwrap();
}

#[tokio::test]
async fn state_that_patroni_left_of_a_removed_database_does_not_stop_a_new_one() {
    let namespace = own("leftover").await;
    let stack = namespace.stack("shop");
    for name in ["shop-postgres-config", "shop-postgres-leader"] {
        let state = ConfigMap {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                labels: Some(BTreeMap::from([(
                    "cluster-name".to_owned(),
                    "shop-postgres".to_owned(),
                )])),
                annotations: Some(BTreeMap::from([
                    ("initialize".to_owned(), "4711".to_owned()),
                    ("leader".to_owned(), "shop-postgres-0".to_owned()),
                ])),
                ..ObjectMeta::default()
            },
            ..ConfigMap::default()
        };
        namespace
            .api()
            .create(&PostParams::default(), &state)
            .await
            .unwrap();
    }
    stack.apply(&without_pods()).await.unwrap();
    stack.ready().await.unwrap();
    let identifier = stack
        .database()
        .run(
            "postgres",
            "SELECT system_identifier FROM pg_control_system()",
        )
        .await;
    let state = namespace
        .api::<ConfigMap>()
        .get("shop-postgres-config")
        .await
        .unwrap();
    assert_eq!(
        state.metadata.annotations.unwrap()["initialize"],
        identifier.unwrap().trim()
    );
    namespace.delete().await.unwrap();
}

/// A stack with only its database.
fn without_pods() -> Value {
    let none = json!({ "replicas": 0 });
    json!({ "components": { "auth": none, "product": none, "order": none, "worker": none } })
}
