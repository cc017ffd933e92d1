//! Runs after the scenarios, whose audit log it reads: the operator has no permission that it did not use.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use std::collections::BTreeSet;

use e2e::{
    Cluster,
    audit_log::{Right, used_by},
    cluster::OPERATOR_NAMESPACE,
    environment,
};
use k8s_openapi::api::rbac::v1::{
    ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject,
};
use kube::{Api, api::ListParams};

const ACCOUNT: &str = "ecommercestack-operator";

/// Permissions that are granted and do not appear in the log.
const EXCEPTIONS: [(&str, &str, &str); 3] = [
    // The API server checks it when a RoleBinding is written; it is not a request.
    ("rbac.authorization.k8s.io", "clusterroles", "bind"),
    // The operator grants them to a database's account, for its own pods, and can grant only what it holds.
    ("", "pods", "get"),
    ("", "pods", "patch"),
];

#[tokio::test]
async fn the_operator_holds_no_right_that_it_never_uses() {
    // This also removes the namespaces of the scenarios.
    let cluster = Cluster::connect_for_scenario().await.unwrap();
    let log = environment::audit_log();
    let account = format!("system:serviceaccount:{OPERATOR_NAMESPACE}:{ACCOUNT}");
    let used = used_by(&account, &log).unwrap();
    assert!(
        !used.is_empty(),
        "{account} does not appear in {}",
        log.display()
    );

    let granted = granted(&cluster).await;
    let excepted: BTreeSet<_> = EXCEPTIONS
        .iter()
        .map(|(group, resource, verb)| Right::new(group, resource, verb))
        .collect();
    let idle: Vec<_> = granted
        .difference(&used)
        .filter(|right| !excepted.contains(right))
        .collect();
    let stale: Vec<_> = excepted
        .iter()
        .filter(|right| used.contains(right) || !granted.contains(right))
        .collect();
    assert!(idle.is_empty(), "granted and never used:\n{idle:#?}");
    assert!(
        stale.is_empty(),
        "an exception that is no longer needed:\n{stale:#?}"
    );
    assert!(
        !granted
            .iter()
            .any(|right| right.verb == "*" || right.resource.contains('*')),
        "{granted:?}"
    );
}

/// The permissions of all roles that are bound to the operator's account.
async fn granted(cluster: &Cluster) -> BTreeSet<Right> {
    let all = ListParams::default();
    let ours = |subjects: &Option<Vec<Subject>>| {
        let subjects = subjects.iter().flatten();
        subjects
            .filter(|subject| subject.kind == "ServiceAccount" && subject.name == ACCOUNT)
            .count()
            > 0
    };
    let mut rights = BTreeSet::new();
    let bindings: Api<ClusterRoleBinding> = Api::all(cluster.client.clone());
    for binding in bindings
        .list(&all)
        .await
        .unwrap()
        .into_iter()
        .filter(|binding| ours(&binding.subjects))
    {
        rights.extend(rules(cluster, None, &binding.role_ref).await);
    }
    let bindings: Api<RoleBinding> = Api::all(cluster.client.clone());
    for binding in bindings
        .list(&all)
        .await
        .unwrap()
        .into_iter()
        .filter(|binding| ours(&binding.subjects))
    {
        rights.extend(
            rules(
                cluster,
                binding.metadata.namespace.as_deref(),
                &binding.role_ref,
            )
            .await,
        );
    }
    rights
}

async fn rules(cluster: &Cluster, namespace: Option<&str>, role: &RoleRef) -> Vec<Right> {
    let rules = match namespace {
        Some(namespace) if role.kind == "Role" => {
            cluster
                .namespaced::<Role>(namespace)
                .get(&role.name)
                .await
                .unwrap()
                .rules
        }
        _ => {
            Api::<ClusterRole>::all(cluster.client.clone())
                .get(&role.name)
                .await
                .unwrap()
                .rules
        }
    };
    rules.unwrap_or_default().iter().flat_map(each).collect()
}

fn each(rule: &PolicyRule) -> Vec<Right> {
    let mut rights = Vec::new();
    for group in rule.api_groups.iter().flatten() {
        for resource in rule.resources.iter().flatten() {
            for verb in &rule.verbs {
                rights.push(Right::new(group, resource, verb));
            }
        }
    }
    rights
}
