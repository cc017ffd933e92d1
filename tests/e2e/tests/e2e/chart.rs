//! The chart on a cluster in which the operator is installed already.

use e2e::kubectl::kubectl;
use tokio::process::Command;

use crate::stacks::own;

const DEFINITION: &str = "customresourcedefinitions/ecommercestacks.ecommercestack.dev";

/// A dry run of `helm install`: whether it succeeds, and its standard error.
async fn install_would(release: &str, namespace: &str, more: &[&str]) -> (bool, String) {
    let chart = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../charts/ecommercestack-operator"
    );
    let output = Command::new("helm")
        .args(["install", release, chart, "--namespace", namespace])
        .args(["--dry-run=server", "--take-ownership"])
        .args(more)
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}

async fn set_version(version: &str) {
    let label = format!("app.kubernetes.io/version={version}");
    let set = ["label", "--overwrite", DEFINITION, label.as_str()];
    kubectl(set).await.unwrap().ok().unwrap();
}

#[tokio::test]
async fn a_chart_older_than_the_definition_is_refused() {
    let namespace = own("chart").await;
    let version = r"--output=jsonpath={.metadata.labels.app\.kubernetes\.io/version}";
    let before = kubectl(["get", DEFINITION, version]).await;
    let before = before.unwrap().ok().unwrap();
    let (may, said) = install_would("older", &namespace.name, &[]).await;
    assert!(may, "{said}");

    set_version("99.0.0").await;
    let outcome = install_would("older", &namespace.name, &[]).await;
    let kept = install_would("older", &namespace.name, &["--set", "crds.install=false"]).await;
    set_version(&before).await;

    let (may, said) = outcome;
    assert!(!may);
    assert!(
        said.contains("the EcommerceStack CRD in the cluster has version 99.0.0"),
        "{said}"
    );
    assert!(kept.0, "{}", kept.1);
}

#[tokio::test]
async fn the_roles_view_edit_and_admin_include_shops() {
    let namespace = own("roles").await;
    for (role, verb, expected) in [
        ("view", "list", "yes"),
        ("view", "patch", "no"),
        ("edit", "create", "yes"),
        ("edit", "delete", "yes"),
        ("admin", "patch", "yes"),
    ] {
        let (namespace, user) = (namespace.name.as_str(), format!("{role}-{verb}"));
        let bind = format!(
            "create rolebinding {user} --namespace {namespace} --clusterrole={role} --user={user}"
        );
        kubectl(bind.split(' ')).await.unwrap().ok().unwrap();
        let ask = format!("auth can-i {verb} ecommercestacks --namespace {namespace} --as {user}");
        // `no` has an exit status of its own.
        let answer = kubectl(ask.split(' ')).await.unwrap().stdout;
        assert_eq!(answer.trim(), expected, "{user}");
    }
}
