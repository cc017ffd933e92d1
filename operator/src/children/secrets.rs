//! Secrets as they are created, once, by POST. With `deletionPolicy: Retain` they outlive the stack.

use super::metadata;
use crate::{credentials::CredentialWrite, validate::ValidStack};
use ecommercestack_crds::DeletionPolicy;
use k8s_openapi::{api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};

pub fn secret(stack: &ValidStack, write: &CredentialWrite) -> Secret {
    let name = stack.object(write.credential.suffix());
    let metadata = metadata(stack, name, write.credential.component());
    Secret {
        metadata: ObjectMeta {
            owner_references: match stack.deletion_policy {
                DeletionPolicy::Retain => None,
                DeletionPolicy::Delete => metadata.owner_references,
            },
            ..metadata
        },
        data: Some(write.content.clone()),
        type_: Some("Opaque".to_owned()),
        ..Default::default()
    }
}
