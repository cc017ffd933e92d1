//! One object at a time: apply, create, prune; and which failures are a problem of that object only.

use super::{ApplyError, Problem};
use crate::{
    fingerprint::fingerprint_of,
    labels::{MANAGER, belongs_to},
    seen::{Seen, StackKey},
    validate::ValidStack,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Client, Resource, ResourceExt as _,
    api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions, PropagationPolicy},
    core::NamespaceResourceScope,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{collections::BTreeMap, fmt::Debug};

/// A kind that the operator writes.
pub(super) trait Child:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
{
}

impl<K> Child for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned
{
}

/// Writes objects of one stack and collects what did not work.
pub(super) struct Writer<'a> {
    pub(super) client: &'a Client,
    pub(super) stack: &'a ValidStack,
    pub(super) problems: Vec<Problem>,
    seen: &'a Seen,
    key: StackKey,
}

impl<'a> Writer<'a> {
    pub(super) fn new(client: &'a Client, seen: &'a Seen, stack: &'a ValidStack) -> Self {
        let key = (stack.namespace.clone(), stack.name.clone());
        Self {
            client,
            stack,
            problems: Vec::new(),
            seen,
            key,
        }
    }

    /// Applies objects and gives their names.
    pub(super) async fn apply_all<K: Child>(
        &mut self,
        live: &BTreeMap<String, ObjectMeta>,
        desired: &[K],
    ) -> Result<Vec<String>, ApplyError> {
        for child in desired {
            self.apply(live.get(&child.name_any()), child).await?;
        }
        Ok(desired.iter().map(kube::ResourceExt::name_any).collect())
    }

    /// Applies objects whose immutable part may differ after an upgrade, as a `RoleBinding`'s role: such are made anew.
    pub(super) async fn apply_all_replacing<K: Child>(
        &mut self,
        live: &BTreeMap<String, ObjectMeta>,
        desired: &[K],
    ) -> Result<Vec<String>, ApplyError> {
        for child in desired {
            let problems = self.problems.len();
            let current = live.get(&child.name_any());
            self.apply(current, child).await?;
            let refused = self.problems[problems..]
                .iter()
                .any(|problem| match problem {
                    Problem::Refused { message, .. } => message.contains("cannot change roleRef"),
                    Problem::Conflict { .. } => false,
                });
            if let Some(current) = current.filter(|_| refused) {
                self.problems.truncate(problems);
                self.delete::<K>(&child.name_any(), current).await?;
                self.apply(None, child).await?;
            }
        }
        Ok(desired.iter().map(kube::ResourceExt::name_any).collect())
    }

    /// Applies one object. Gives it back as stored if it was written, nothing if there was no need or it failed.
    pub(super) async fn apply<K: Child>(
        &mut self,
        live: Option<&ObjectMeta>,
        child: &K,
    ) -> Result<Option<K>, ApplyError> {
        let (kind, name) = (K::kind(&()), child.name_any());
        let fingerprint = fingerprint_of(child);
        let version = live.and_then(|live| live.resource_version.as_deref());
        if self
            .seen
            .is_current(&self.key, &kind, &name, &fingerprint, version)
        {
            return Ok(None);
        }
        let api: Api<K> = Api::namespaced(self.client.clone(), &self.stack.namespace);
        if live.is_none() && self.is_a_strangers(&api, &name).await? {
            return Ok(None);
        }
        let result = api
            .patch(
                &name,
                &PatchParams::apply(MANAGER).force(),
                &Patch::Apply(child),
            )
            .await;
        let written = self.note(&kind, &name, result)?;
        if let Some(object) = &written {
            metrics::counter!("ecommercestack_operator_applies_total", "kind" => kind.to_string())
                .increment(1);
            let version = object.meta().resource_version.clone();
            self.seen
                .record(&self.key, &kind, &name, fingerprint, version);
        }
        Ok(written)
    }

    /// Whether the name is taken by an object without our labels: then hands off. // OPERATOR 3
    async fn is_a_strangers<K: Child>(
        &mut self,
        api: &Api<K>,
        name: &str,
    ) -> Result<bool, ApplyError> {
        let result = api.get_metadata_opt(name).await;
        let Some(present) = self.note(&K::kind(&()), name, result)?.flatten() else {
            return Ok(false);
        };
        if belongs_to(&self.stack.name, &present.metadata) {
            return Ok(false);
        }
        self.problems.push(Problem::Conflict {
            kind: K::kind(&()).into_owned(),
            name: name.to_owned(),
        });
        Ok(true)
    }

    /// Creates an object that is never patched and was not among the stack's own.
    pub(super) async fn create<K: Child>(&mut self, child: &K) -> Result<(), ApplyError> {
        let (kind, name) = (K::kind(&()), child.name_any());
        let api: Api<K> = Api::namespaced(self.client.clone(), &self.stack.namespace);
        let parameters = PostParams {
            field_manager: Some(MANAGER.to_owned()),
            ..Default::default()
        };
        match api.create(&parameters, child).await {
            Err(kube::Error::Api(status)) if status.is_already_exists() => {
                self.problems.push(Problem::Conflict {
                    kind: kind.into_owned(),
                    name,
                });
                Ok(())
            }
            result => self.note(&kind, &name, result).map(drop),
        }
    }

    /// Deletes objects of this stack that are not among the ones to keep.
    pub(super) async fn prune<K: Child>(
        &mut self,
        live: &BTreeMap<String, ObjectMeta>,
        keep: &[String],
    ) -> Result<(), ApplyError> {
        for (name, metadata) in live.iter().filter(|(name, _)| !keep.contains(name)) {
            self.delete::<K>(name, metadata).await?;
        }
        Ok(())
    }

    /// Deletes an object as it was read, if it belongs to this very stack and is not going away already.
    pub(super) async fn delete<K: Child>(
        &mut self,
        name: &str,
        metadata: &ObjectMeta,
    ) -> Result<(), ApplyError> {
        let owners = metadata.owner_references.as_deref().unwrap_or_default();
        let is_ours = owners.iter().any(|owner| owner.uid == self.stack.owner.uid);
        if !is_ours || metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let api: Api<K> = Api::namespaced(self.client.clone(), &self.stack.namespace);
        let parameters = only_if(metadata.uid.clone(), metadata.resource_version.clone());
        match api.delete(name, &parameters).await {
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_not_found() => {
                Ok(())
            }
            result => self.note(&K::kind(&()), name, result).map(drop),
        }
    }

    /// Sorts failures: one that says something of the object is a problem of it; the others end the pass.
    pub(super) fn note<T>(
        &mut self,
        kind: &str,
        name: &str,
        result: Result<T, kube::Error>,
    ) -> Result<Option<T>, ApplyError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(kube::Error::Api(status)) if matches!(status.code, 400 | 403 | 409 | 422) => {
                self.problems.push(Problem::Refused {
                    kind: kind.to_owned(),
                    name: name.to_owned(),
                    message: status.message.clone(),
                });
                Ok(None)
            }
            Err(source) => Err(ApplyError::Api {
                kind: kind.to_owned(),
                name: name.to_owned(),
                source,
            }),
        }
    }
}

/// Deletes in the background, and only the object that was read.
pub(super) fn only_if(uid: Option<String>, resource_version: Option<String>) -> DeleteParams {
    DeleteParams {
        propagation_policy: Some(PropagationPolicy::Background),
        preconditions: Some(Preconditions {
            uid,
            resource_version,
        }),
        ..Default::default()
    }
}
