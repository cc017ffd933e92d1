//! Writes other than server-side apply: Secrets are created, owners changed, Deployments scaled, pods deleted.

use super::{
    ApplyError,
    write::{Writer, only_if},
};
use crate::{
    component::POSTGRES,
    credentials::{CredentialWrite, secrets},
    database::{
        restart::Restart,
        retention::{Dependent, MetadataChange},
    },
    kube::{
        labels::{PATRONI_SCOPE, STACK, merge_params, post_params},
        rollout_state::wanted,
        scope::{Namespaced, has_changed},
    },
};
use k8s_openapi::{
    api::{
        apps::v1::Deployment,
        core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret},
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    ResourceExt as _,
    api::{ListParams, Patch},
};
use serde_json::{Value, json};

/// A Secret is created once by POST, and completed only against the version that was read. // OPERATOR 8
pub(super) async fn write_credential(
    writer: &mut Writer<'_>,
    write: &CredentialWrite,
) -> Result<(), ApplyError> {
    let stack = writer.stack;
    let api = writer.api::<Secret>()?;
    let secret = secrets::secret(stack, write);
    let name = secret.name_any();
    let result = match &write.resource_version {
        None => api.create(&post_params(), &secret).await,
        Some(version) => {
            let patch =
                json!({ "metadata": { "resourceVersion": version }, "data": write.content });
            api.patch(&name, &merge_params(), &Patch::Merge(patch))
                .await
        }
    };
    let kind = "Secret".to_owned();
    // A Secret that could not be written ends the pass: pods would be built from values that exist nowhere else.
    match result {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.is_already_exists() || status.is_conflict() => {
            Err(ApplyError::Raced { kind, name })
        }
        Err(source) => Err(ApplyError::Api { kind, name, source }),
    }
}

/// False if the object could not be changed now.
pub(super) async fn change_metadata(
    writer: &mut Writer<'_>,
    change: &MetadataChange,
) -> Result<bool, ApplyError> {
    let mut metadata = json!({ "resourceVersion": change.resource_version });
    if let Some(owners) = &change.owners {
        metadata["ownerReferences"] = json!(owners);
    }
    if !change.labels.is_empty() {
        metadata["labels"] = json!(change.labels);
    }
    if !change.annotations.is_empty() {
        metadata["annotations"] = json!(change.annotations);
    }
    let patch = Patch::Merge(json!({ "metadata": metadata }));
    let name = &change.name;
    match change.dependent {
        Dependent::Volume => patch_metadata::<PersistentVolumeClaim>(writer, name, &patch).await,
        Dependent::Credential => patch_metadata::<Secret>(writer, name, &patch).await,
        Dependent::PatroniState => patch_metadata::<ConfigMap>(writer, name, &patch).await,
    }
}

async fn patch_metadata<K: Namespaced>(
    writer: &mut Writer<'_>,
    name: &str,
    patch: &Patch<Value>,
) -> Result<bool, ApplyError> {
    let api = writer.api::<K>()?;
    match api.patch_metadata(name, &merge_params(), patch).await {
        // Patroni writes its ConfigMaps every few seconds; the next pass tries again.
        Err(error) if has_changed(&error) => Ok(false),
        result => Ok(writer.note(&K::kind(&()), name, result)?.is_some()),
    }
}

/// Whether pods of another owner keep their state in the `ConfigMaps` of the stack's database, whose names are
/// Patroni's defaults.
pub(super) async fn has_foreign_patroni(writer: &mut Writer<'_>) -> Result<bool, ApplyError> {
    let stack = writer.stack;
    let selector = format!(
        "{PATRONI_SCOPE}={},{STACK}!={}",
        stack.object(POSTGRES),
        stack.name
    );
    let pods = ListParams::default().labels(&selector).limit(1);
    let found = writer.api::<Pod>()?.list_metadata(&pods).await;
    let (kind, name) = ("Pod".to_owned(), selector);
    let found = found.map_err(|source| ApplyError::Api { kind, name, source })?;
    Ok(!found.items.is_empty())
}

/// Deletes a state only in the version that was read: a Patroni that writes it is running.
pub(super) async fn delete_state(
    writer: &mut Writer<'_>,
    metadata: &ObjectMeta,
) -> Result<(), ApplyError> {
    let api = writer.api::<ConfigMap>()?;
    let name = metadata.name.clone().unwrap_or_default();
    let parameters = only_if(metadata.uid.clone(), metadata.resource_version.clone());
    match api.delete(&name, &parameters).await {
        // The database must not start with it.
        Err(kube::Error::Api(status)) if status.is_conflict() => Err(ApplyError::Raced {
            kind: "ConfigMap".to_owned(),
            name,
        }),
        Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
        result => writer.note("ConfigMap", &name, result).map(drop),
    }
}

/// Replicas are never applied: dropping the field once set 3 pods to 1. // OPERATOR 4
pub(super) async fn scale(
    writer: &mut Writer<'_>,
    deployment: &Deployment,
    replicas: i32,
) -> Result<(), ApplyError> {
    if wanted(deployment) == replicas {
        return Ok(());
    }
    let api = writer.api::<Deployment>()?;
    let name = deployment.name_any();
    let patch = Patch::Merge(json!({ "spec": { "replicas": replicas } }));
    let result = api.patch_scale(&name, &merge_params(), &patch).await;
    writer.note("Deployment", &name, result).map(drop)
}

pub(super) async fn restart_pod(
    writer: &mut Writer<'_>,
    restart: &Restart,
) -> Result<(), ApplyError> {
    let api = writer.api::<Pod>()?;
    let parameters = only_if(restart.uid.clone(), None);
    match api.delete(&restart.pod, &parameters).await {
        Err(error) if has_changed(&error) => Ok(()),
        result => writer.note("Pod", &restart.pod, result).map(drop),
    }
}
