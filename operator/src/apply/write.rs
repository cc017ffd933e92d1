//! Writes of single objects: apply, create, prune. It distinguishes failures that concern one object from those that
//! end the pass.

use super::{ApplyError, Problem};
use crate::{
    fingerprint::fingerprint_of,
    kube::{
        apply_cache::ApplyCache,
        labels::{MANAGER, belongs_to, post_params},
        live::Live,
        ownership::reclaimed,
        per_stack::StackKey,
        scope::{Namespaced, has_changed},
    },
    validate::ValidStack,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Client, Resource, ResourceExt as _,
    api::{DeleteParams, Patch, PatchParams, Preconditions, PropagationPolicy},
};
use serde_json::json;
use std::collections::BTreeMap;
use tracing::info;

/// What exists under a name that was not among the stack's listed objects.
enum Unlisted {
    Absent,
    /// An object of the stack that has lost its labels.
    Ours(Box<ObjectMeta>),
    Foreign,
}

/// Writes objects of one stack and collects the problems.
pub(super) struct Writer<'a> {
    pub(super) stack: &'a ValidStack,
    pub(super) problems: Vec<Problem>,
    /// The names of the objects that the stack wants, by kind.
    wanted: BTreeMap<String, Vec<String>>,
    /// Whether anything was written, or might have been.
    pub(super) wrote: bool,
    /// Absent if the state that was read may be stale.
    client: Option<&'a Client>,
    cache: &'a ApplyCache,
    key: StackKey,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        client: &'a Client,
        cache: &'a ApplyCache,
        stack: &'a ValidStack,
        live: &Live,
    ) -> Self {
        let key = (stack.namespace.clone(), stack.name.clone());
        Self {
            client: (!live.may_be_stale).then_some(client),
            stack,
            problems: Vec::new(),
            wanted: BTreeMap::new(),
            wrote: false,
            cache,
            key,
        }
    }

    /// The only way to write: an error if the state that was read may be stale.
    pub(super) fn api<K: Namespaced>(&mut self) -> Result<Api<K>, ApplyError> {
        let client = self.client.ok_or(ApplyError::Stale)?;
        self.wrote = true;
        Ok(Api::namespaced(client.clone(), &self.stack.namespace))
    }

    /// Keeps objects of a kind from being pruned.
    pub(super) fn want<K: Namespaced>(&mut self, names: impl IntoIterator<Item = String>) {
        let wanted = self.wanted.entry(K::kind(&()).into_owned());
        wanted.or_default().extend(names);
    }

    /// Applies objects without state, the only ones of their kind that the stack wants. An object whose immutable
    /// fields differ, such as a `RoleBinding`'s role after an upgrade or the address of a Service that a person
    /// created, is deleted and created again.
    pub(super) async fn apply_all<K: Namespaced>(
        &mut self,
        live: &BTreeMap<String, impl Namespaced>,
        desired: &[K],
    ) -> Result<(), ApplyError> {
        self.want::<K>(desired.iter().map(kube::ResourceExt::name_any));
        for child in desired {
            let problems = self.problems.len();
            let current = live.get(&child.name_any());
            self.apply(current.map(Resource::meta), child).await?;
            if let Some(current) = current
                && self.problems[problems..].iter().any(is_immutable)
            {
                self.problems.truncate(problems);
                self.delete(current).await?;
                self.apply(None, child).await?;
            }
        }
        Ok(())
    }

    /// Applies one object. Returns it as stored if it was written, `None` if no write was needed or the write failed.
    pub(super) async fn apply<K: Namespaced>(
        &mut self,
        live: Option<&ObjectMeta>,
        child: &K,
    ) -> Result<Option<K>, ApplyError> {
        let (kind, name) = (K::kind(&()), child.name_any());
        let fingerprint = fingerprint_of(child);
        let version = live.and_then(|live| live.resource_version.as_deref());
        if self
            .cache
            .is_current(&self.key, &kind, &name, &fingerprint, version)
        {
            return Ok(None);
        }
        let api = self.api::<K>()?;
        // Without our labels it was not listed.
        let unlisted = match live {
            Some(_) => None,
            None => match self.unlisted(&api, &name).await? {
                Unlisted::Absent => None,
                Unlisted::Ours(metadata) => Some(metadata),
                Unlisted::Foreign => return Ok(None),
            },
        };
        if let Some(live) = live.or(unlisted.as_deref())
            && !self.reclaim(&api, &name, live).await?
        {
            return Ok(None);
        }
        let parameters = PatchParams::apply(MANAGER).force();
        let result = api.patch(&name, &parameters, &Patch::Apply(child)).await;
        let written = self.note(&kind, &name, result)?;
        if let Some(object) = &written {
            metrics::counter!("ecommercestack_operator_applies_total", "kind" => kind.to_string())
                .increment(1);
            // What others added before our first apply is removed by the next.
            if reclaimed(object.meta()).is_none() {
                let version = object.meta().resource_version.clone();
                self.cache
                    .record(&self.key, &kind, &name, fingerprint, version);
            }
        }
        Ok(written)
    }

    /// Takes over the fields that others added, so that the following apply removes them. False if the object has
    /// changed since it was read.
    async fn reclaim<K: Namespaced>(
        &mut self,
        api: &Api<K>,
        name: &str,
        live: &ObjectMeta,
    ) -> Result<bool, ApplyError> {
        let Some(fields) = reclaimed(live) else {
            return Ok(true);
        };
        let kind = K::kind(&());
        info!(stack.namespace = self.key.0, stack.name = self.key.1, kind = %kind, name, "removing fields that \
        other field managers added");
        let patch = Patch::Merge(json!({ "metadata": {
            "resourceVersion": live.resource_version,
            "managedFields": fields,
        } }));
        let parameters = PatchParams::default();
        match api.patch_metadata(name, &parameters, &patch).await {
            // It has changed since it was read; the next pass reads it again.
            Err(error) if has_changed(&error) => Ok(false),
            result => Ok(self.note(&kind, name, result)?.is_some()),
        }
    }

    /// What exists under a name that was not among the stack's listed objects. // OPERATOR 3
    async fn unlisted<K: Namespaced>(
        &mut self,
        api: &Api<K>,
        name: &str,
    ) -> Result<Unlisted, ApplyError> {
        let result = api.get_metadata_opt(name).await;
        let Some(present) = self.note(&K::kind(&()), name, result)?.flatten() else {
            return Ok(Unlisted::Absent);
        };
        if belongs_to(self.stack, &present.metadata) {
            return Ok(Unlisted::Ours(Box::new(present.metadata)));
        }
        self.conflict(&K::kind(&()), name);
        Ok(Unlisted::Foreign)
    }

    pub(super) fn conflict(&mut self, kind: &str, name: &str) {
        self.problems.push(Problem::Conflict {
            kind: kind.to_owned(),
            name: name.to_owned(),
        });
    }

    /// Creates an object that is never patched, if it is absent. Whether the object exists and belongs to the stack.
    pub(super) async fn create_absent<K: Namespaced>(
        &mut self,
        live: &BTreeMap<String, K>,
        child: &K,
    ) -> Result<bool, ApplyError> {
        let Some(present) = live.get(&child.name_any()) else {
            let problems = self.problems.len();
            self.create(child).await?;
            return Ok(self.problems.len() == problems);
        };
        let is_ours = belongs_to(self.stack, present.meta());
        if !is_ours {
            self.conflict(&K::kind(&()), &child.name_any());
        }
        Ok(is_ours)
    }

    /// Creates an object that is never patched and was not among the stack's listed objects.
    pub(super) async fn create<K: Namespaced>(&mut self, child: &K) -> Result<(), ApplyError> {
        let (kind, name) = (K::kind(&()), child.name_any());
        let api = self.api::<K>()?;
        match api.create(&post_params(), child).await {
            Err(kube::Error::Api(status)) if status.is_already_exists() => {
                if let Unlisted::Ours(metadata) = self.unlisted(&api, &name).await? {
                    self.relabel(&api, child, &metadata).await?;
                }
                Ok(())
            }
            result => self.note(&kind, &name, result).map(drop),
        }
    }

    /// Restores our labels on an object that is never applied.
    async fn relabel<K: Namespaced>(
        &mut self,
        api: &Api<K>,
        child: &K,
        live: &ObjectMeta,
    ) -> Result<(), ApplyError> {
        let patch =
            Patch::Merge(json!({ "metadata": { "uid": live.uid, "labels": child.labels() } }));
        let (name, parameters) = (child.name_any(), PatchParams::default());
        let result = api.patch_metadata(&name, &parameters, &patch).await;
        self.note(&K::kind(&()), &name, result).map(drop)
    }

    /// Whether an object of a kind has a problem.
    pub(super) fn has_problem(&self, kind: &str) -> bool {
        self.problems.iter().any(|problem| problem.kind() == kind)
    }

    /// Deletes objects of this stack that it does not want, unless an object of their kind has a problem.
    pub(super) async fn prune<K: Namespaced>(
        &mut self,
        live: &BTreeMap<String, K>,
    ) -> Result<(), ApplyError> {
        let kind = K::kind(&());
        if self.has_problem(&kind) {
            return Ok(());
        }
        let wanted = self.wanted.get(&*kind).cloned().unwrap_or_default();
        for (_, object) in live.iter().filter(|(name, _)| !wanted.contains(name)) {
            self.delete(object).await?;
        }
        Ok(())
    }

    /// Deletes an object in the version that was read, if this stack owns it and it is not being deleted already.
    pub(super) async fn delete<K: Namespaced>(&mut self, object: &K) -> Result<(), ApplyError> {
        let mut owners = object.owner_references().iter();
        let is_ours = owners.any(|owner| owner.uid == self.stack.owner.uid);
        if !is_ours || object.meta().deletion_timestamp.is_some() {
            return Ok(());
        }
        let (api, name) = (self.api::<K>()?, object.name_any());
        let parameters = only_if(object.uid(), object.resource_version());
        match api.delete(&name, &parameters).await {
            Err(error) if has_changed(&error) => Ok(()),
            result => self.note(&K::kind(&()), &name, result).map(drop),
        }
    }

    /// Sorts failures: a refusal is recorded as a problem of the object; other failures end the pass.
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
                    message: status.message,
                });
                Ok(None)
            }
            Err(source) => {
                let (kind, name) = (kind.to_owned(), name.to_owned());
                Err(ApplyError::Api { kind, name, source })
            }
        }
    }
}

/// Whether the API server refused to change an immutable field, which it words in several ways.
fn is_immutable(problem: &Problem) -> bool {
    let says = |words: &str| match problem {
        Problem::Refused { message, .. } => message.contains(words),
        Problem::Conflict { .. } | Problem::Unusable { .. } => false,
    };
    says("immutable") || says("cannot change roleRef") || says("may not change once set")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{network::services::services, render::parse, validate::validate};
    use axum::http::{Request, Response};
    use kube::client::Body;
    use std::future::ready;

    #[tokio::test]
    async fn nothing_is_written_from_what_may_be_stale() {
        let yaml = "{apiVersion: ecommercestack.dev/v1alpha1, kind: EcommerceStack, metadata: {name: shop}, \
                    spec: {version: '1', database: {managed: {storage: {size: 1Gi}}}}}";
        let stack = validate(&parse(yaml, "shops").unwrap().remove(0)).unwrap();
        let asked = tower::service_fn(|_: Request<Body>| {
            ready(Err::<Response<Body>, _>(std::io::Error::other("asked")))
        });
        let (client, cache) = (Client::new(asked, "shops"), ApplyCache::default());
        let late = Live {
            may_be_stale: true,
            ..Live::default()
        };
        let mut writer = Writer::new(&client, &cache, &stack, &late);
        let mut service = services(&stack).remove(0);
        let is_late = |result: Result<(), ApplyError>| matches!(result, Err(ApplyError::Stale));
        assert!(is_late(writer.apply(None, &service).await.map(drop)));
        assert!(is_late(writer.create(&service).await));
        let absent = BTreeMap::new();
        assert!(is_late(
            writer.create_absent(&absent, &service).await.map(drop)
        ));
        service.metadata.resource_version = Some("7".to_owned());
        let name = service.name_any();
        let live = BTreeMap::from([(name.clone(), service.clone())]);
        assert!(is_late(writer.prune(&live).await));

        // What is as we left it needs no write.
        let (key, fingerprint) = (writer.key.clone(), fingerprint_of(&service));
        cache.record(&key, "Service", &name, fingerprint, Some("7".to_owned()));
        let current = writer.apply(Some(&service.metadata), &service).await;
        assert!(matches!(current, Ok(None)));
        assert!(!writer.wrote);
    }
}
