//! Specs that the API server refuses, with a message that names the field.

use e2e::Stack;
use serde_json::{Value, json};

use crate::stacks::{calm, own};

async fn refused(stack: &Stack, changes: Value, expected: &str) {
    let message = stack.refusal(&stack.manifest(&changes)).await.unwrap();
    assert!(
        message.contains(expected),
        "{changes}: expected {expected:?} in {message:?}"
    );
}

#[tokio::test]
async fn a_new_stack_with_an_invalid_field_is_refused() {
    let namespace = own("refused").await;
    let stack = namespace.stack("shop");
    let size = |size: &str| json!({ "database": { "managed": { "storage": { "size": size } } } });
    let product = |settings: Value| json!({ "components": { "product": settings } });

    refused(
        &stack,
        json!({ "database": { "managed": null } }),
        "set managed: it is the only kind of database",
    )
    .await;
    refused(&stack, json!({ "database": null }), "spec.database").await;
    refused(&stack, json!({ "version": null }), "spec.version").await;
    refused(&stack, json!({ "version": "1.0 beta" }), "spec.version").await;
    refused(&stack, size("a lot"), "spec.database.managed.storage.size").await;
    refused(&stack, size("0Gi"), "spec.database.managed.storage.size").await;
    refused(&stack, json!({ "currency": "dollar" }), "spec.currency").await;
    refused(
        &stack,
        json!({ "deletionPolicy": "Maybe" }),
        "spec.deletionPolicy",
    )
    .await;
    refused(
        &stack,
        json!({ "ingress": { "host": "not a host" } }),
        "spec.ingress.host",
    )
    .await;
    refused(
        &stack,
        product(json!({ "replicas": -1 })),
        "spec.components.product.replicas",
    )
    .await;
    refused(
        &stack,
        product(json!({ "replicas": 51 })),
        "spec.components.product.replicas",
    )
    .await;
    refused(
        &stack,
        product(json!({ "image": "two words" })),
        "spec.components.product.image",
    )
    .await;
    let cache = |milliseconds: i64| json!({ "catalog": { "cacheMilliseconds": milliseconds } });
    refused(&stack, cache(-1), "spec.catalog.cacheMilliseconds").await;
    refused(&stack, cache(60_001), "spec.catalog.cacheMilliseconds").await;
    refused(
        &stack,
        json!({ "payments": { "capture": "later" } }),
        "spec.payments.capture",
    )
    .await;
    let more = |kind: &str, request: &str, limit: &str| {
        product(
            json!({ "resources": { "requests": { kind: request }, "limits": { kind: limit } } }),
        )
    };
    refused(
        &stack,
        more("cpu", "2", "500m"),
        "requests.cpu must not exceed limits.cpu",
    )
    .await;
    refused(
        &stack,
        more("memory", "1Gi", "512Mi"),
        "requests.memory must not exceed limits.memory",
    )
    .await;
    refused(
        &stack,
        product(json!({ "resources": { "limits": { "memory": "much" } } })),
        "limits.memory",
    )
    .await;
    namespace.delete().await.unwrap();
}

/// The specs are well-formed, but no cluster could run them.
#[tokio::test]
async fn a_new_stack_that_would_fail_later_is_refused() {
    let namespace = own("later").await;
    let stack = namespace.stack("shop");
    let size = |size: &str| json!({ "database": { "managed": { "storage": { "size": size } } } });
    let product = |settings: Value| json!({ "components": { "product": settings } });
    for out_of_bounds in ["1Mi", "999999999Ti"] {
        refused(
            &stack,
            size(out_of_bounds),
            "storage.size must be from 1Gi to 64Ti",
        )
        .await;
    }
    for currency in ["ZZZ", "XXX"] {
        refused(&stack, json!({ "currency": currency }), "spec.currency").await;
    }
    let long = format!("{}.example.com", "a".repeat(70));
    for host in [long.as_str(), "10.0.0.1"] {
        refused(
            &stack,
            json!({ "ingress": { "host": host } }),
            "spec.ingress.host",
        )
        .await;
    }
    for registry in ["https://r", "a/b:1"] {
        let image = json!({ "image": { "registry": registry } });
        refused(&stack, image, "spec.image.registry").await;
    }
    for image in ["a:b:c", "Upper/Case:1"] {
        let image = product(json!({ "image": image }));
        refused(&stack, image, "spec.components.product.image").await;
    }
    let limited = |memory: &str| json!({ "resources": { "limits": { "memory": memory } } });
    refused(&stack, product(limited("1")), "at least 64Mi of memory").await;
    refused(
        &stack,
        json!({ "database": { "managed": limited("16Mi") } }),
        "PostgreSQL needs at least 256Mi",
    )
    .await;
    let fifty = json!({ "replicas": 50 });
    refused(
        &stack,
        json!({ "components": { "auth": fifty, "product": fifty, "order": fifty, "worker": fifty } }),
        "19 pods in all",
    )
    .await;
    namespace.delete().await.unwrap();
}

#[tokio::test]
async fn a_name_that_is_invalid_for_services_is_refused() {
    let namespace = own("names").await;
    for name in ["9shop", "shop.one", &"s".repeat(33)] {
        let stack = namespace.stack(name);
        refused(
            &stack,
            json!({ "ingress": null }),
            "must begin with a letter",
        )
        .await;
    }
    namespace.delete().await.unwrap();
}

#[tokio::test]
async fn an_unknown_field_is_refused() {
    let namespace = own("unknown").await;
    let stack = namespace.stack("shop");
    let manifest = stack.manifest(&json!({ "databse": {} })).to_string();
    let arguments = ["apply", "--dry-run=server", "--validate=strict", "-f", "-"];
    let output = e2e::kubectl::kubectl_with_input(arguments, &manifest)
        .await
        .unwrap();
    assert!(
        !output.success && output.stderr.contains("spec.databse"),
        "{output:?}"
    );
    namespace.delete().await.unwrap();
}

#[tokio::test]
async fn fields_that_data_depends_on_cannot_be_changed() {
    let stack = calm().await.stack;
    let storage = |storage: Value| json!({ "database": { "managed": { "storage": storage } } });
    refused(
        &stack,
        json!({ "currency": "EUR" }),
        "currency cannot change",
    )
    .await;
    refused(
        &stack,
        storage(json!({ "size": "2Gi" })),
        "the volume's size cannot change yet",
    )
    .await;
    refused(
        &stack,
        storage(json!({ "className": "another" })),
        "the storage class cannot change",
    )
    .await;
    // The default value as an explicit value is not a change.
    let same = stack
        .refusal(&stack.manifest(&json!({ "currency": "USD" })))
        .await;
    assert!(
        same.unwrap_err()
            .to_string()
            .starts_with("the API server takes")
    );
}
