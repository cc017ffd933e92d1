//! Snapshots of every object of every sample: a changed pod template restarts every shop at the operator's upgrade.
//! A change here is a decision, and belongs in the release notes (OPERATOR 6).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ecommercestack_operator::{
    database::rbac::PostgresRole,
    kube::pods::amount,
    render::{parse, render},
};
use serde_json::Value;
use std::{fs, path::Path};

fn sample(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../manifests/samples")
        .join(name);
    let stacks = parse(&fs::read_to_string(path).unwrap(), "shops").unwrap();
    let role = PostgresRole {
        name: "ecommercestack-operator-postgres".into(),
        kind: "ClusterRole",
    };
    stacks
        .iter()
        .flat_map(|stack| render(stack, &role).unwrap())
        .collect()
}

fn samples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/samples");
    let files = fs::read_dir(folder).unwrap();
    files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn children_are_frozen() {
    for name in samples() {
        let folder = format!("snapshots/{}", name.trim_end_matches(".yaml"));
        for object in sample(&name) {
            let (kind, own) = (&object["kind"], &object["metadata"]["name"]);
            let title = format!("{}-{}", kind.as_str().unwrap(), own.as_str().unwrap());
            insta::with_settings!({ snapshot_path => &folder, prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_yaml_snapshot!(title, object);
            });
        }
    }
}

/// The node has 2,000 millicores, of which the system pods take 850.
#[test]
fn samples_fit_beside_the_system_pods() {
    for name in samples() {
        let requests: u128 = sample(&name).iter().map(requested_cpu).sum();
        assert!(requests <= 2000 - 850, "{name} asks for {requests}m");
    }
}

fn requested_cpu(object: &Value) -> u128 {
    let containers = object
        .pointer("/spec/template/spec/containers")
        .and_then(Value::as_array);
    let Some(containers) = containers else {
        return 0;
    };
    let pods = if object["kind"] == "Deployment" { 2 } else { 1 };
    containers
        .iter()
        .map(|container| container["resources"]["requests"]["cpu"].as_str().unwrap())
        .map(|cpu| amount(cpu).unwrap() * pods)
        .sum()
}

#[test]
fn every_object_is_labelled_and_owned() {
    for name in samples() {
        for object in sample(&name) {
            let labels = &object["metadata"]["labels"];
            assert_eq!(labels["ecommercestack.dev/stack"], "shop");
            assert_eq!(
                labels["app.kubernetes.io/managed-by"],
                "ecommercestack-operator"
            );
            let owned = object["metadata"]["ownerReferences"].is_array();
            // The operator deletes them after the stack's deletion; they carry no reference before.
            let outlives = ["Secret", "PersistentVolumeClaim"]
                .iter()
                .any(|kind| object["kind"] == *kind);
            assert_eq!(owned, !outlives, "{}", object["metadata"]["name"]);
            let policy = &object["metadata"]["annotations"]["ecommercestack.dev/deletion-policy"];
            let expected = if ["minimal.yaml", "production.yaml"].contains(&name.as_str()) {
                "Retain"
            } else {
                "Delete"
            };
            assert_eq!(
                *policy == expected,
                outlives,
                "{}",
                object["metadata"]["name"]
            );
        }
    }
}

#[test]
fn deployments_never_carry_replicas() {
    for object in samples().iter().flat_map(|name| sample(name)) {
        if object["kind"] == "Deployment" {
            assert_eq!(object["spec"].get("replicas"), None);
        }
    }
}

#[test]
fn only_the_database_gets_a_token() {
    for object in samples().iter().flat_map(|name| sample(name)) {
        if let Some(spec) = object.pointer("/spec/template/spec") {
            let mounts = spec["automountServiceAccountToken"] == true;
            assert_eq!(
                mounts,
                object["kind"] == "StatefulSet",
                "{}",
                object["metadata"]["name"]
            );
            assert_eq!(spec["enableServiceLinks"], false);
        }
    }
}

#[test]
fn settings_of_the_catalogue_and_of_payments_reach_the_services() {
    let of = |spec: &str| {
        let yaml = format!(
            "{{apiVersion: ecommercestack.dev/v1alpha1, kind: EcommerceStack, metadata: {{name: s}}, spec: {{version: '1', database: {{managed: {{storage: {{size: 1Gi}}}}}}{spec}}}}}"
        );
        let role = PostgresRole {
            name: "r".into(),
            kind: "Role",
        };
        let objects = render(&parse(&yaml, "shops").unwrap()[0], &role).unwrap();
        [
            ("s-product", "PRODUCT_VIEW_MILLISECONDS"),
            ("s-order", "PAYMENT_CAPTURE"),
            ("s-order-worker", "PAYMENT_CAPTURE"),
        ]
        .map(|(deployment, name)| variable(&objects, deployment, name))
    };
    assert_eq!(of(""), ["1000", "automatic", "automatic"]);
    assert_eq!(
        of(", catalog: {cacheMilliseconds: 0}, payments: {capture: manual}"),
        ["0", "manual", "manual"]
    );
}

fn variable(objects: &[Value], deployment: &str, name: &str) -> String {
    let object = objects
        .iter()
        .find(|object| object["kind"] == "Deployment" && object["metadata"]["name"] == deployment);
    let variables = &object.unwrap()["spec"]["template"]["spec"]["containers"][0]["env"];
    let mut variables = variables.as_array().unwrap().iter();
    let found = variables.find(|variable| variable["name"] == name).unwrap();
    found["value"].as_str().unwrap().to_owned()
}

#[test]
fn nothing_names_the_operators_version() {
    // Only images carry a version, and that is the stack's.
    let stacks = parse(
        "{apiVersion: ecommercestack.dev/v1alpha1, kind: EcommerceStack, metadata: {name: s}, spec: {version: '7.7.7', database: {managed: {storage: {size: 1Gi}}}}}",
        "shops",
    );
    let role = PostgresRole {
        name: "r".into(),
        kind: "Role",
    };
    let objects = render(&stacks.unwrap()[0], &role).unwrap();
    assert!(
        !serde_json::to_string(&objects)
            .unwrap()
            .contains(env!("CARGO_PKG_VERSION"))
    );
}
