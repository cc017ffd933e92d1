//! Secrets as they are created, once, by POST. Their marks decide whether they outlive the stack (OPERATOR 12).

use crate::{
    credentials::CredentialWrite,
    kube::labels::{marks, metadata},
    validate::ValidStack,
};
use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};

pub fn secret(stack: &ValidStack, write: &CredentialWrite) -> Secret {
    let name = stack.object(write.credential.suffix());
    Secret {
        metadata: ObjectMeta {
            annotations: Some(marks(stack)),
            owner_references: None,
            ..metadata(stack, name, write.credential.component())
        },
        data: Some(write.content.clone()),
        type_: Some("Opaque".to_owned()),
        ..Default::default()
    }
}
