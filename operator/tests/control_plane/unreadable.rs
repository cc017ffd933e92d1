//! A stack that the operator cannot read, as after an upgrade of the resource definition alone, stops no other.

use crate::scene::Scene;
use ecommercestack_crds::{
    ConditionType::{AuthReady, Ready},
    EcommerceStack,
};
use k8s_openapi::{
    api::core::v1::Service,
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use kube::{
    Api, CustomResourceExt as _,
    api::{ApiResource, DeleteParams, DynamicObject, Patch, PatchParams},
};
use serde_json::{Value, json};

/// A value that a newer definition might allow.
const NEWER: &str = "Archive";

async fn allow_a_newer_policy(scene: &Scene) {
    let definitions: Api<CustomResourceDefinition> = Api::all(scene.client.clone());
    let allowed = |part| {
        let schema = "/spec/versions/0/schema/openAPIV3Schema";
        let path = format!("{schema}/properties/{part}/properties/deletionPolicy/enum/-");
        json!({ "op": "add", "path": path, "value": NEWER })
    };
    let patch = json!([allowed("spec"), allowed("status")]);
    let patch: Patch<()> = Patch::Json(serde_json::from_value(patch).unwrap());
    definitions
        .patch(EcommerceStack::crd_name(), &PatchParams::default(), &patch)
        .await
        .unwrap();
}

/// Stacks as the API server returns them, even if they cannot be parsed.
fn objects(scene: &Scene) -> Api<DynamicObject> {
    let resource = ApiResource::erase::<EcommerceStack>(&());
    Api::namespaced_with(scene.client.clone(), &scene.namespace, &resource)
}

async fn merge_status(stacks: &Api<DynamicObject>, name: &str, status: Value) {
    let patch = Patch::Merge(json!({ "status": status }));
    stacks
        .patch_status(name, &PatchParams::default(), &patch)
        .await
        .unwrap();
}

/// The server uses the definition a moment later.
async fn apply_newer(scene: &Scene, name: &str) {
    let stack = json!({
        "apiVersion": "ecommercestack.dev/v1alpha1",
        "kind": "EcommerceStack",
        "metadata": { "name": name },
        "spec": {
            "version": "1",
            "database": { "managed": { "storage": { "size": "1Gi" } } },
            "deletionPolicy": NEWER,
        },
    });
    let parameters = PatchParams::apply("test").force();
    crate::scene::until("a newer policy is taken", async || {
        let patch = Patch::Apply(stack.clone());
        objects(scene).patch(name, &parameters, &patch).await
    })
    .await;
}

#[tokio::test]
async fn a_stack_that_cannot_be_read_says_so_and_stops_no_other() {
    let mut scene = Scene::new("unreadable").await;
    allow_a_newer_policy(&scene).await;
    apply_newer(&scene, "newer").await;
    let newer = objects(&scene);
    let said = |reason: &'static str| {
        let newer = newer.clone();
        async move {
            crate::scene::until(reason, async || {
                let stack = newer
                    .get("newer")
                    .await
                    .map_err(|error| error.to_string())?;
                let conditions = stack.data["status"]["conditions"].as_array().cloned();
                let of_type = |type_| {
                    let mut all = conditions.iter().flatten();
                    all.find(|condition| condition["type"] == type_).cloned()
                };
                match (of_type(Ready.into_str()), of_type(AuthReady.into_str())) {
                    (Some(ready), Some(auth)) if ready["reason"] == reason => Ok((ready, auth)),
                    (ready, _) => Err(format!("{ready:?}")),
                }
            })
            .await
        }
    };
    let (ready, auth) = said("Unreadable").await;
    let message = ready["message"].as_str().unwrap();
    assert!(
        message.contains("spec.deletionPolicy: unknown variant `Archive`"),
        "{message}"
    );
    assert_eq!(auth["status"], "Unknown");

    // Fields of a newer operator stay, also those that this one cannot read.
    let status = json!({ "conditions": [], "deletionPolicy": NEWER, "database": { "systemIdentifier": "7" } });
    merge_status(&newer, "newer", status).await;
    said("Unreadable").await;
    let kept = newer.get("newer").await.unwrap().data["status"].clone();
    assert_eq!(kept["deletionPolicy"], NEWER);
    assert_eq!(kept["database"]["systemIdentifier"], "7");
    let none = json!({ "deletionPolicy": null, "database": null });
    merge_status(&newer, "newer", none).await;

    // From a list at the start, too.
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    scene.stop_operator().await;
    scene.start_operator(&[]);
    let services = scene.api::<Service>();
    services
        .delete("shop-auth", &DeleteParams::default())
        .await
        .unwrap();
    crate::scene::until("the Service is back", async || {
        services.get("shop-auth").await
    })
    .await;

    scene
        .apply("newer", json!({ "deletionPolicy": "Delete" }))
        .await;
    scene.ready("newer").await;
}
