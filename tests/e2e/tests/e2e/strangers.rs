//! Objects of somebody else under a name that the stack needs: reported, and left alone.

use std::collections::BTreeMap;

use ecommercestack_crds::{ConditionType, Reason};
use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use serde_json::json;

use crate::stacks::own;

#[tokio::test]
async fn a_strangers_object_of_the_same_name_is_reported_and_left_alone() {
    let namespace = own("stranger").await;
    let stack = namespace.stack("shop");
    let services = namespace.api::<Service>();
    let port = ServicePort {
        port: 4711,
        ..ServicePort::default()
    };
    let stranger = Service {
        metadata: ObjectMeta {
            name: Some("shop-product".to_owned()),
            labels: Some(BTreeMap::from([(
                "owner".to_owned(),
                "somebody".to_owned(),
            )])),
            ..ObjectMeta::default()
        },
        spec: Some(ServiceSpec {
            ports: Some(vec![port]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    };
    let before = services
        .create(&PostParams::default(), &stranger)
        .await
        .unwrap();

    let none = json!({ "replicas": 0 });
    let idle =
        json!({ "components": { "auth": none, "product": none, "order": none, "worker": none } });
    stack.apply(&idle).await.unwrap();
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
