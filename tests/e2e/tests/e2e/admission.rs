//! The API server accepts everything that the operator renders, and the CRD, without a warning in a `restricted` namespace.

use std::{fs, path::PathBuf};

use e2e::{
    cluster::OPERATOR_NAMESPACE,
    kubectl::{dry_run_without_warning, kubectl_with_input},
};

use crate::stacks::own;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The objects that the installed operator would create for a stack.
async fn rendered(stack: &str, namespace: &str) -> String {
    let arguments = [
        "-n",
        OPERATOR_NAMESPACE,
        "exec",
        "-i",
        "deployment/ecommercestack-operator",
        "--",
        "/usr/local/bin/ecommercestack-operator",
        "render",
        "--namespace",
        namespace,
        "--file",
        "-",
    ];
    kubectl_with_input(arguments, stack)
        .await
        .unwrap()
        .ok()
        .unwrap()
}

#[tokio::test]
async fn everything_rendered_from_the_samples_is_accepted_without_a_warning() {
    let namespace = own("admission").await;
    let samples = fs::read_dir(repository().join("manifests/samples")).unwrap();
    let mut count = 0;
    for sample in samples {
        let path = sample.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let manifest = rendered(&text, &namespace.name).await;
        for kind in [
            "StatefulSet",
            "Deployment",
            "Job",
            "Ingress",
            "Secret",
            "NetworkPolicy",
        ] {
            assert!(
                manifest.contains(&format!("kind: {kind}\n")),
                "{}: no {kind}",
                path.display()
            );
        }
        dry_run_without_warning(&namespace.name, &manifest)
            .await
            .unwrap();
        count += 1;
    }
    assert!(count > 0, "there are no samples");
    namespace.delete().await.unwrap();
}

#[tokio::test]
async fn the_resource_definition_is_accepted_without_a_warning() {
    let namespace = own("definition").await;
    let text = fs::read_to_string(repository().join("crds/ecommercestacks.yaml")).unwrap();
    assert!(
        text.len() < 262_144,
        "plain kubectl apply cannot take {} bytes",
        text.len()
    );
    dry_run_without_warning(&namespace.name, &text)
        .await
        .unwrap();
    namespace.delete().await.unwrap();
}

#[tokio::test]
async fn a_workload_that_violates_the_standard_is_detected() {
    let namespace = own("privileged").await;
    let privileged = r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "bad"}, "spec": {
        "selector": {"matchLabels": {"app": "bad"}}, "template": {"metadata": {"labels": {"app": "bad"}},
        "spec": {"containers": [{"name": "bad", "image": "bad", "securityContext": {"privileged": true}}]}}}}"#;
    let seen = dry_run_without_warning(&namespace.name, privileged).await;
    assert!(seen.is_err_and(|error| error.to_string().contains("privileged")));
    namespace.delete().await.unwrap();
}
