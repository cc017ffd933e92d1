//! What the database's pods may do at the API server: Patroni keeps its state in `ConfigMaps` and labels its pods.
//! One role is the chart's, since the operator may not grant what it does not hold itself (OPERATOR 17); the other names
//! the stack's own objects, and the operator holds its verbs.

use crate::{
    component::POSTGRES,
    database::{patroni::PATRONI_SUFFIXES, stateful_set::INSTANCES},
    kube::labels::metadata,
    validate::ValidStack,
};
use k8s_openapi::api::{
    core::v1::ServiceAccount,
    rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject},
};

/// The end of the name of the role for the stack's own objects.
const OWN: &str = "postgres-own";

/// The role that the chart ships for the database's pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresRole {
    pub name: String,
    /// `ClusterRole`, or `Role` in namespaced mode.
    pub kind: &'static str,
}

pub fn service_account(stack: &ValidStack) -> ServiceAccount {
    ServiceAccount {
        metadata: metadata(stack, stack.object(POSTGRES), POSTGRES),
        automount_service_account_token: Some(false),
        ..Default::default()
    }
}

/// What the database's pods may change: the `ConfigMaps` of their own scope and the labels of themselves, by name.
/// Lists, watches and creations cannot be restricted to names; the chart's role allows only those.
pub fn role(stack: &ValidStack) -> Role {
    let scope = stack.object(POSTGRES);
    let states = PATRONI_SUFFIXES.map(|suffix| format!("{scope}-{suffix}"));
    let pods = (0..INSTANCES).map(|ordinal| format!("{scope}-{ordinal}"));
    let rule = |resource: &str, names: Vec<String>| PolicyRule {
        api_groups: Some(vec![String::new()]),
        resources: Some(vec![resource.to_owned()]),
        resource_names: Some(names),
        verbs: vec!["get".to_owned(), "patch".to_owned()],
        non_resource_urls: None,
    };
    Role {
        metadata: metadata(stack, stack.object(OWN), POSTGRES),
        rules: Some(vec![
            rule("configmaps", states.to_vec()),
            rule("pods", pods.collect()),
        ]),
    }
}

/// Both roles, bound to the database's account.
pub fn role_bindings(stack: &ValidStack, shared: &PostgresRole) -> Vec<RoleBinding> {
    vec![
        role_binding(stack, stack.object(POSTGRES), shared.kind, &shared.name),
        role_binding(stack, stack.object(OWN), "Role", &stack.object(OWN)),
    ]
}

fn role_binding(stack: &ValidStack, name: String, kind: &str, role: &str) -> RoleBinding {
    RoleBinding {
        metadata: metadata(stack, name, POSTGRES),
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: kind.to_owned(),
            name: role.to_owned(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: stack.object(POSTGRES),
            namespace: Some(stack.namespace.clone()),
            api_group: None,
        }]),
    }
}
