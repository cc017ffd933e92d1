//! The status write that ends a pass (OPERATOR 1).
//!
//! The write carries the version of the stack that the pass has read. The API server may process a request after the
//! operator has given it up at its deadline, and a later pass may have written by then: such a write is refused.

use super::{Context, ReconcileError, claim::without_claims, in_time};
use crate::{fetch::fetch_stack, kube::labels::MANAGER, status::condition};
use ecommercestack_crds::{ConditionType, EcommerceStack, EcommerceStackStatus, GROUP};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Resource as _,
    api::{Patch, PatchParams},
    core::{PartialObjectMeta, PartialObjectMetaExt as _},
};
use serde_json::json;
use tracing::info;

/// What is written of a status.
#[derive(Clone, Copy, Debug)]
pub(super) enum StatusPart {
    All,
    /// The rest stays: the state of a stack that cannot be read is unknown.
    Conditions,
}

impl Context {
    /// Writes the status only if it differs: the write would come back as a change.
    pub(super) async fn set_status(
        &self,
        metadata: ObjectMeta,
        before: Option<&EcommerceStackStatus>,
        new: &EcommerceStackStatus,
        part: StatusPart,
    ) -> Result<(), ReconcileError> {
        if before == Some(new) {
            return Ok(());
        }
        let write = self.write_status(&metadata, before, new, part);
        if !in_time("writing the status", write).await?? {
            return Ok(());
        }
        if let Some(ready) = condition(&new.conditions, ConditionType::Ready) {
            info!(
                stack.namespace = metadata.namespace,
                stack.name = metadata.name,
                ready = ready.status,
                reason = ready.reason,
                message = ready.message,
                "wrote the status"
            );
        }
        let stack = metadata.into_request_partial::<EcommerceStack>();
        self.events
            .publish(&stack.object_ref(&()), before, new)
            .await;
        Ok(())
    }

    /// False if the stack is gone. A stack of which another client has changed anything but the status since it was read
    /// gets the status all the same.
    async fn write_status(
        &self,
        metadata: &ObjectMeta,
        before: Option<&EcommerceStackStatus>,
        new: &EcommerceStackStatus,
        part: StatusPart,
    ) -> Result<bool, ReconcileError> {
        let namespace = metadata.namespace.as_deref().unwrap_or_default();
        let name = metadata.name.as_deref().unwrap_or_default();
        let api: Api<PartialObjectMeta<EcommerceStack>> =
            Api::namespaced(self.client.clone(), namespace);
        let manager = PatchParams::apply(MANAGER);
        let mut version = metadata.resource_version.clone();
        loop {
            // The uid, so that a stack recreated in the meantime does not get the status of the one before.
            let target = json!({ "name": name, "uid": metadata.uid, "resourceVersion": version });
            let written = match part {
                StatusPart::All => {
                    let whole = Patch::Apply(json!({
                        "apiVersion": format!("{GROUP}/v1alpha1"),
                        "kind": "EcommerceStack",
                        "metadata": target,
                        "status": new,
                    }));
                    api.patch_status(name, &manager.clone().force(), &whole)
                        .await
                }
                StatusPart::Conditions => {
                    let part = json!({ "conditions": new.conditions, "observedGeneration": new.observed_generation });
                    let part = Patch::Merge(json!({ "metadata": target, "status": part }));
                    api.patch_status(name, &manager, &part).await
                }
            };
            match written {
                Ok(_) => return Ok(true),
                Err(kube::Error::Api(status)) if status.is_not_found() => return Ok(false),
                Err(kube::Error::Api(status)) if status.is_conflict() => {}
                Err(error) => return Err(ReconcileError::Status(error)),
            }
            let found = fetch_stack(&self.client, namespace, name).await?;
            let Some(found) = found.filter(|found| found.metadata.uid == metadata.uid) else {
                return Ok(false);
            };
            let present = without_claims(found.status);
            if present.as_ref() == Some(new) {
                return Ok(true); // The client repeated a request that had succeeded.
            }
            if present.as_ref() != before || found.metadata.resource_version == version {
                return Err(ReconcileError::Raced);
            }
            version = found.metadata.resource_version;
        }
    }
}
