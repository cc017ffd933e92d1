//! What the database's pods may do at the API server: Patroni keeps its state in `ConfigMaps` and labels its pods.
//! The role is the chart's, since the operator may not grant what it does not hold itself (OPERATOR 17).

use super::metadata;
use crate::{component::POSTGRES, validate::ValidStack};
use k8s_openapi::api::{
    core::v1::ServiceAccount,
    rbac::v1::{RoleBinding, RoleRef, Subject},
};

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

pub fn role_binding(stack: &ValidStack, role: &PostgresRole) -> RoleBinding {
    RoleBinding {
        metadata: metadata(stack, stack.object(POSTGRES), POSTGRES),
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: role.kind.to_owned(),
            name: role.name.clone(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            name: stack.object(POSTGRES),
            namespace: Some(stack.namespace.clone()),
            api_group: None,
        }]),
    }
}
