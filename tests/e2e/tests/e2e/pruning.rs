//! Objects that a stack no longer needs are removed; similar objects of others stay.

use e2e::{
    kubectl::{kubectl, kubectl_with_input},
    wait::{self, seconds},
};
use serde_json::{Value, json};

use crate::stacks::rough;

/// An object that an older operator could have left: labelled, and owned by the stack.
fn leftover(kind: &str, version: &str, name: &str, stack: &Value, spec: &Value) -> Value {
    let mut object = json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": {
            "name": name,
            "labels": {
                "app.kubernetes.io/managed-by": "ecommercestack-operator",
                "ecommercestack.dev/stack": stack["name"],
            },
            "ownerReferences": [{
                "apiVersion": "ecommercestack.dev/v1alpha1", "kind": "EcommerceStack", "controller": true,
                "name": stack["name"], "uid": stack["uid"],
            }],
        },
    });
    for (field, value) in spec.as_object().unwrap() {
        object[field] = value.clone();
    }
    object
}

#[tokio::test]
async fn objects_that_a_stack_no_longer_needs_are_removed_and_foreign_ones_stay() {
    let rough = rough().await;
    let namespace = rough.namespace.name.as_str();
    let metadata = rough.stack.get().await.unwrap().metadata;
    let stack = json!({ "name": metadata.name, "uid": metadata.uid });
    let labels = json!({ "app": "nothing" });
    let template = json!({
        "metadata": { "labels": labels },
        "spec": { "containers": [{ "name": "nothing", "image": "nothing" }] },
    });
    let selector = json!({ "matchLabels": labels });
    let role =
        json!({ "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "nothing" });
    let port = json!([{ "port": 80 }]);
    let deployment =
        json!({ "spec": { "replicas": 0, "selector": selector, "template": template } });
    let kinds = [
        ("ServiceAccount", "v1", json!({})),
        ("Service", "v1", json!({ "spec": { "ports": port } })),
        ("Deployment", "apps/v1", deployment),
        (
            "NetworkPolicy",
            "networking.k8s.io/v1",
            json!({ "spec": { "podSelector": selector } }),
        ),
        (
            "PodDisruptionBudget",
            "policy/v1",
            json!({ "spec": { "selector": selector } }),
        ),
        (
            "Role",
            "rbac.authorization.k8s.io/v1",
            json!({ "rules": [] }),
        ),
        (
            "RoleBinding",
            "rbac.authorization.k8s.io/v1",
            json!({ "roleRef": role }),
        ),
    ];
    let mut objects: Vec<Value> = kinds
        .iter()
        .map(|(kind, version, spec)| leftover(kind, version, "rough-old", &stack, spec))
        .collect();
    let mut foreign = leftover(
        "Service",
        "v1",
        "rough-like",
        &stack,
        &json!({ "spec": { "ports": port } }),
    );
    foreign["metadata"]["labels"]["ecommercestack.dev/stack"] = json!("another");
    objects.push(foreign);
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": objects }).to_string();
    kubectl_with_input(["-n", namespace, "create", "-f", "-"], &list)
        .await
        .unwrap()
        .ok()
        .unwrap();

    // Without an ingress in the spec, the Ingress is not needed either.
    rough
        .stack
        .apply(&json!({ "ingress": null }))
        .await
        .unwrap();
    let kinds = "serviceaccounts,services,deployments,networkpolicies,poddisruptionbudgets,roles,rolebindings,ingresses";
    let left = || kubectl(["-n", namespace, "get", kinds, "-o", "name"]);
    let removed = wait::until("everything unneeded is removed", seconds(30), async || {
        let left = left().await?.ok()?;
        let unneeded = |line: &&str| line.ends_with("/rough-old") || line.starts_with("ingress");
        let unneeded: Vec<_> = left.lines().filter(unneeded).collect();
        anyhow::ensure!(unneeded.is_empty(), "{}", unneeded.join(" "));
        Ok(left)
    });
    let left = removed.await.unwrap();
    assert!(
        left.contains("service/rough-like"),
        "another stack's Service is gone: {left}"
    );
    assert!(
        left.contains("service/rough-order"),
        "a Service that the stack needs is gone: {left}"
    );

    kubectl(["-n", namespace, "delete", "service", "rough-like"])
        .await
        .unwrap()
        .ok()
        .unwrap();
    rough.stack.apply(&json!({})).await.unwrap();
    rough.stack.serving().await.unwrap();
}
