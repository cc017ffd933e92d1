//! The data of a deleted stack, and what its deletion policy requires for them.

use crate::{
    component::POSTGRES,
    credentials::Credential,
    database::{
        patroni::{PATRONI_SUFFIXES, is_patroni_state},
        volumes::is_volume_name,
    },
    kube::{
        labels::{
            DELETION_POLICY, STACK_UID, annotation, marked_policy, merge_params, pod_labels,
            stack_selector,
        },
        scope::{Namespaced, has_changed},
        stacks::DeletedStack,
    },
};
use ecommercestack_crds::{DeletionPolicy, EcommerceStack};
use jiff::Timestamp;
use k8s_openapi::{
    api::{
        apps::v1::StatefulSet,
        core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret},
    },
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};
use kube::{
    Api, Client, Resource as _, ResourceExt,
    api::{ListParams, Patch},
    core::PartialObjectMeta,
};
use serde_json::{Value, json};
use tracing::info;

pub(super) enum Remaining {
    Nothing,
    Something,
    /// The stack still exists.
    NotOurs,
}

/// The data of a deleted stack.
pub(super) struct RemainingData<'a> {
    pub(super) client: &'a Client,
    pub(super) deleted: &'a DeletedStack,
}

impl RemainingData<'_> {
    /// Takes one step towards the state that the policy requires.
    pub(super) async fn step(&self) -> Result<Remaining, kube::Error> {
        let (_, name) = &self.deleted.key;
        let successor = self.api::<EcommerceStack>().get_metadata_opt(name).await?;
        let uid = successor.as_ref().and_then(ResourceExt::uid);
        if uid.as_ref() == Some(&self.deleted.uid) {
            return Ok(Remaining::NotOurs);
        }
        let is_alone = successor.is_none();
        let is_left = match self.deleted.policy {
            // If the policy is not certain, the marks decide.
            DeletionPolicy::Delete if !self.deleted.is_certain && self.is_retained().await? => {
                false
            }
            DeletionPolicy::Retain => self.mark_as_retained().await?,
            DeletionPolicy::Delete => self.hand_over_all(is_alone).await?,
        };
        Ok(if is_left {
            Remaining::Something
        } else {
            Remaining::Nothing
        })
    }

    /// Whether any of the data are marked as retained.
    async fn is_retained(&self) -> Result<bool, kube::Error> {
        let (volumes, secrets) = (self.volumes().await?, self.secrets().await?);
        let volumes = volumes.iter().map(|volume| &volume.metadata);
        let mut data = volumes.chain(secrets.iter().map(|secret| &secret.metadata));
        Ok(data.any(|metadata| self.is_marked_as(DeletionPolicy::Retain, metadata)))
    }

    /// Updates the marks, which may still contain an earlier policy: an operator that starts relies on them.
    async fn mark_each<K: Namespaced>(
        &self,
        mut objects: Vec<PartialObjectMeta<K>>,
    ) -> Result<bool, kube::Error> {
        objects.retain(|object| self.is_marked_as(DeletionPolicy::Delete, &object.metadata));
        let policy = DeletionPolicy::Retain.into_str();
        for object in &objects {
            let change = json!({ "annotations": { DELETION_POLICY: policy } });
            let what = "retained after its stack was deleted";
            self.change::<K>(&object.metadata, change, what).await?;
        }
        Ok(!objects.is_empty())
    }

    async fn mark_as_retained(&self) -> Result<bool, kube::Error> {
        let is_left = self.mark_each(self.volumes().await?).await?;
        Ok(self.mark_each(self.secrets().await?).await? || is_left)
    }

    async fn hand_over_all(&self, is_alone: bool) -> Result<bool, kube::Error> {
        let mut volumes = self.volumes().await?;
        volumes.retain(|volume| {
            // The StatefulSet's controller may have created a claim without marks from its cached copy of the set.
            let is_late = annotation(&volume.metadata, STACK_UID).is_none();
            self.is_marked(&volume.metadata)
                || is_late && is_alone && self.is_younger(&volume.metadata)
        });
        let mut is_left = self.hand_over_each(volumes).await?;
        is_left |= self.hand_over_each(self.secrets().await?).await?;
        is_left |= self.hand_over_states(is_alone).await?;
        is_left |= self.database_runs().await?;
        Ok(is_left)
    }

    /// The database's volumes, by label and name: a copy of a claim that a user made has the labels, too.
    async fn volumes(&self) -> Result<Vec<PartialObjectMeta<PersistentVolumeClaim>>, kube::Error> {
        let selector = ListParams::default().labels(&stack_selector(&self.deleted.key.1));
        let mut volumes = self.api().list_metadata(&selector).await?.items;
        volumes.retain(|volume: &PartialObjectMeta<PersistentVolumeClaim>| {
            is_volume_name(&self.deleted.key.1, &volume.name_any())
        });
        Ok(volumes)
    }

    /// The Secrets that belong to the stack by their marks.
    async fn secrets(&self) -> Result<Vec<PartialObjectMeta<Secret>>, kube::Error> {
        let api = self.api::<Secret>();
        let mut found = Vec::new();
        for credential in Credential::ALL {
            let name = self.object(credential.suffix());
            found.extend(api.get_metadata_opt(&name).await?);
        }
        found.retain(|secret| self.is_marked(&secret.metadata));
        Ok(found)
    }

    fn is_marked(&self, metadata: &ObjectMeta) -> bool {
        annotation(metadata, STACK_UID) == Some(&self.deleted.uid)
    }

    fn is_marked_as(&self, policy: DeletionPolicy, metadata: &ObjectMeta) -> bool {
        self.is_marked(metadata) && marked_policy(metadata) == Some(policy)
    }

    async fn hand_over_each<K: Namespaced>(
        &self,
        objects: Vec<PartialObjectMeta<K>>,
    ) -> Result<bool, kube::Error> {
        for object in &objects {
            self.hand_over::<K>(&object.metadata).await?;
        }
        Ok(!objects.is_empty())
    }

    /// Most `ConfigMaps` are deleted with their volume; Patroni may have created one again after that.
    async fn hand_over_states(&self, is_alone: bool) -> Result<bool, kube::Error> {
        let api = self.api::<ConfigMap>();
        let mut found = false;
        for suffix in PATRONI_SUFFIXES {
            let name = self.object(&format!("{POSTGRES}-{suffix}"));
            let Some(state) = api.get_metadata_opt(&name).await? else {
                continue;
            };
            let is_unowned = state.owner_references().is_empty();
            let is_patroni_state = is_patroni_state(&self.deleted.key.1, &state.metadata);
            if is_alone && is_patroni_state && self.is_younger(&state.metadata) {
                found = true;
                if is_unowned {
                    self.hand_over::<ConfigMap>(&state.metadata).await?;
                }
            }
        }
        Ok(found)
    }

    /// Whether the stack's `StatefulSet` or one of its pods still exists: either may create objects again.
    async fn database_runs(&self) -> Result<bool, kube::Error> {
        let set = self.object(POSTGRES);
        let set = self.api::<StatefulSet>().get_metadata_opt(&set).await?;
        let is_own = |owner: &OwnerReference| owner.uid == self.deleted.uid;
        if set.is_some_and(|set| set.owner_references().iter().any(is_own)) {
            return Ok(true);
        }
        let labels = pod_labels(&self.deleted.key.1, POSTGRES);
        let selector = ListParams::default().labels_from(&labels.into_iter().collect());
        let pods = self.api::<Pod>().list_metadata(&selector).await?;
        let mut pods = pods.items.iter();
        Ok(pods.any(|pod| pod.metadata.deletion_timestamp.is_some()))
    }

    /// Gives the object to the garbage collector, which deletes objects whose owner is gone.
    async fn hand_over<K: Namespaced>(&self, metadata: &ObjectMeta) -> Result<(), kube::Error> {
        let mut owners = metadata.owner_references.clone().unwrap_or_default();
        let is_done = owners.iter().any(|owner| owner.uid == self.deleted.uid);
        if is_done || metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        owners.push(OwnerReference {
            api_version: EcommerceStack::api_version(&()).into_owned(),
            kind: EcommerceStack::kind(&()).into_owned(),
            name: self.deleted.key.1.clone(),
            uid: self.deleted.uid.clone(),
            ..Default::default()
        });
        let change = json!({ "ownerReferences": owners });
        self.change::<K>(metadata, change, "deleted together with its stack")
            .await
    }

    /// Changes an object unless it has changed since it was read; the next step reads it again.
    async fn change<K: Namespaced>(
        &self,
        metadata: &ObjectMeta,
        mut change: Value,
        what: &str,
    ) -> Result<(), kube::Error> {
        let name = metadata.name.clone().unwrap_or_default();
        change["resourceVersion"] = json!(metadata.resource_version);
        let patch = Patch::Merge(json!({ "metadata": change }));
        let api = self.api::<K>();
        match api.patch_metadata(&name, &merge_params(), &patch).await {
            Ok(_) => {
                info!(stack.namespace = self.deleted.key.0, stack.name = self.deleted.key.1, kind = %K::kind(&()), name, "{what}");
                Ok(())
            }
            Err(error) if has_changed(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn is_younger(&self, metadata: &ObjectMeta) -> bool {
        let created: Option<Timestamp> = metadata.creation_timestamp.as_ref().map(|time| time.0);
        // The time is unknown for a stack that was never observed.
        self.deleted.created.is_some() && created >= self.deleted.created
    }

    fn object(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.deleted.key.1)
    }

    fn api<K: Namespaced>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.deleted.key.0)
    }
}
