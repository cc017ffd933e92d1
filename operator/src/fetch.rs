//! All reads of a pass. Secrets are read by name from a closed list (OPERATOR 8), and everything else by our labels: only
//! the metadata where that is enough, and pods only while something is unsettled (OPERATOR 5). What is watched is listed,
//! or taken from the stores of the watches.

use crate::{
    credentials::Credential,
    database::{
        identity,
        patroni::{PATRONI_SUFFIXES, is_patroni_state},
        volumes::volume_name,
    },
    fetched::{Fetched, Unreadable},
    kube::{
        job_state::{JobState, job_state},
        labels::{stack_selector, unmanaged_selector},
        live::{FetchError, Live, read},
        per_stack::{StackKey, key_of},
        rollout_state,
        scope::Namespaced,
        stores::Children,
        warnings::warnings,
    },
    network::routing::IngressClasses,
    status::is_true,
};
use ecommercestack_crds::{ConditionType, EcommerceStack, EcommerceStackStatus};
use futures::{future::try_join_all, try_join};
use k8s_openapi::{
    api::{
        core::v1::{ConfigMap, Namespace, PersistentVolumeClaim, Secret},
        networking::v1::IngressClass,
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Api, Client, ResourceExt as _,
    api::{ApiResource, DynamicObject, ListParams},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A stack as the API server returned it.
pub struct Found {
    pub metadata: ObjectMeta,
    /// The status, or only its conditions and owner if the rest cannot be parsed.
    pub status: Option<EcommerceStackStatus>,
    /// The stack, or why this operator cannot parse it, such as one of a newer CRD.
    pub stack: Result<EcommerceStack, Unreadable>,
}

/// Reads the stack from the API server rather than from the watch's cache: a stale status would revert a released
/// image.
pub async fn fetch_stack(
    client: &Client,
    namespace: &str,
    name: &str,
) -> Result<Option<Found>, FetchError> {
    let resource = ApiResource::erase::<EcommerceStack>(&());
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let object = read("the stack", api.get_opt(name)).await?;
    Ok(object.map(|object| Found {
        status: readable_status(&object.data["status"]),
        stack: serde_path_to_error::deserialize(json!(object)).map_err(Unreadable),
        metadata: object.metadata,
    }))
}

fn readable_status(status: &Value) -> Option<EcommerceStackStatus> {
    if status.is_null() {
        return None;
    }
    let whole = EcommerceStackStatus::deserialize(status);
    Some(whole.unwrap_or_else(|_| EcommerceStackStatus {
        conditions: Deserialize::deserialize(&status["conditions"]).unwrap_or_default(),
        operator: Deserialize::deserialize(&status["operator"]).unwrap_or_default(),
        bystander: Deserialize::deserialize(&status["bystander"]).unwrap_or_default(),
        ..EcommerceStackStatus::default()
    }))
}

/// What is not watched. It is read from the API server once in every pass.
#[derive(Clone)]
pub struct Unwatched {
    namespace_terminating: bool,
    secrets: BTreeMap<Credential, Secret>,
    /// `ConfigMaps` under the names that Patroni uses.
    states: BTreeMap<String, ObjectMeta>,
    ingress_classes: Option<IngressClasses>,
}

/// Reads what is not watched.
pub async fn fetch_unwatched(
    client: &Client,
    stack: &EcommerceStack,
) -> Result<Unwatched, FetchError> {
    let reader = Reader::new(client, stack);
    let ingress_classes = async {
        match &stack.spec.ingress {
            Some(_) => reader.ingress_classes().await,
            None => Ok(None),
        }
    };
    let (namespace_terminating, secrets, states, ingress_classes) = try_join!(
        reader.namespace_terminating(),
        reader.secrets(),
        reader.patroni(),
        ingress_classes,
    )?;
    Ok(Unwatched {
        namespace_terminating,
        secrets,
        states,
        ingress_classes,
    })
}

/// Reads the rest of what a pass needs: what is watched, from the stores where they are given; and from the API server
/// the volume, autoscalers of other owners, and the pods and Events that tell why something is not ready.
pub async fn fetch(
    client: &Client,
    stack: EcommerceStack,
    unwatched: Unwatched,
    children: Option<&Children>,
) -> Result<Fetched, FetchError> {
    let reader = Reader::new(client, &stack);
    let (namespace, name) = &reader.key;
    let mut live = match children {
        Some(children) => reader.watched(children).await?,
        None => reader.listed().await?,
    };
    reader.add_volume(&mut live.volumes).await?;
    let states = unwatched.states.into_iter();
    (live.patroni, live.foreign_states) =
        states.partition(|(_, state)| is_patroni_state(name, state));
    let pods = if is_unsettled(&stack, &live) {
        reader.list("Pods").await?.into_values().collect()
    } else {
        Vec::new()
    };
    let warnings = warnings(client, namespace, &live, &pods).await?;
    Ok(Fetched {
        stack,
        namespace_terminating: unwatched.namespace_terminating,
        secrets: unwatched.secrets,
        system_identifier: identity::of_state(&live, name),
        live,
        pods,
        warnings,
        ingress_classes: unwatched.ingress_classes,
    })
}

fn is_unsettled(stack: &EcommerceStack, live: &Live) -> bool {
    let status = stack.status.as_ref();
    let is_ready = status.is_some_and(|status| is_true(&status.conditions, ConditionType::Ready));
    let (mut deployments, mut sets) = (live.deployments.values(), live.stateful_sets.values());
    let has_succeeded = |name: &String| job_state(&live.jobs, name) == JobState::Succeeded;
    !is_ready
        || !deployments.all(rollout_state::is_settled)
        || !sets.all(rollout_state::is_up_to_date)
        || !live.jobs.keys().all(has_succeeded)
}

struct Reader<'a> {
    client: &'a Client,
    key: StackKey,
}

impl<'a> Reader<'a> {
    fn new(client: &'a Client, stack: &EcommerceStack) -> Self {
        let key = key_of(stack);
        Self { client, key }
    }

    async fn namespace_terminating(&self) -> Result<bool, FetchError> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let namespace = read("the namespace", api.get_metadata_opt(&self.key.0)).await?;
        Ok(namespace.is_none_or(|namespace| namespace.metadata.deletion_timestamp.is_some()))
    }

    async fn secrets(&self) -> Result<BTreeMap<Credential, Secret>, FetchError> {
        let api = self.api::<Secret>();
        let reads = Credential::ALL.map(async |credential| {
            let name = format!("{}-{}", self.key.1, credential.suffix());
            let secret = read("the stack's Secrets", api.get_opt(&name)).await?;
            Ok(secret.map(|secret| (credential, secret)))
        });
        Ok(try_join_all(reads).await?.into_iter().flatten().collect())
    }

    async fn watched(&self, children: &Children) -> Result<Live, FetchError> {
        let mut live = children.live(&self.key);
        // Autoscalers of other owners are not watched.
        let unmanaged = ListParams::default().labels(&unmanaged_selector());
        let autoscalers = self.list_by(&unmanaged, "HorizontalPodAutoscalers").await?;
        live.autoscalers.extend(autoscalers);
        Ok(live)
    }

    async fn listed(&self) -> Result<Live, FetchError> {
        Ok(Live {
            may_be_stale: false,
            deployments: self.list("Deployments").await?,
            stateful_sets: self.list("StatefulSets").await?,
            jobs: self.list("Jobs").await?,
            services: self.list("Services").await?,
            service_accounts: self.list("ServiceAccounts").await?,
            roles: self.list("Roles").await?,
            role_bindings: self.list("RoleBindings").await?,
            ingresses: self.list("Ingresses").await?,
            budgets: self.list("PodDisruptionBudgets").await?,
            autoscalers: self
                .list_by(&ListParams::default(), "HorizontalPodAutoscalers")
                .await?,
            network_policies: self.list("NetworkPolicies").await?,
            volumes: self.list("PersistentVolumeClaims").await?,
            patroni: BTreeMap::new(),
            foreign_states: BTreeMap::new(),
        })
    }

    /// Reads the volume by name if no label selects it: a label is easily removed, and the data must not count as lost.
    async fn add_volume(
        &self,
        volumes: &mut BTreeMap<String, PersistentVolumeClaim>,
    ) -> Result<(), FetchError> {
        let name = volume_name(&self.key.1);
        if !volumes.contains_key(&name) {
            let api = self.api::<PersistentVolumeClaim>();
            let volume = read("the database's volume", api.get_opt(&name)).await?;
            volumes.extend(volume.map(|volume| (name, volume)));
        }
        Ok(())
    }

    async fn ingress_classes(&self) -> Result<Option<IngressClasses>, FetchError> {
        let api: Api<IngressClass> = Api::all(self.client.clone());
        let what = "IngressClasses";
        match api.list(&ListParams::default()).await {
            Ok(classes) => Ok(Some(IngressClasses::new(&classes.items))),
            // They are cluster-wide, and in namespaced mode the operator may not read them. // OPERATOR 21
            Err(kube::Error::Api(status)) if status.is_forbidden() => Ok(None),
            Err(source) => Err(FetchError { what, source }),
        }
    }

    async fn patroni(&self) -> Result<BTreeMap<String, ObjectMeta>, FetchError> {
        let api = self.api::<ConfigMap>();
        let reads = PATRONI_SUFFIXES.map(async |suffix| {
            let name = format!("{}-postgres-{suffix}", self.key.1);
            let state = read("the database's ConfigMaps", api.get_metadata_opt(&name)).await?;
            Ok(state.map(|state| (name, state.metadata)))
        });
        Ok(try_join_all(reads).await?.into_iter().flatten().collect())
    }

    /// The stack's objects of a kind; of a `PartialObjectMeta`, only the metadata are read.
    async fn list<K: Namespaced>(
        &self,
        what: &'static str,
    ) -> Result<BTreeMap<String, K>, FetchError> {
        let ours = ListParams::default().labels(&stack_selector(&self.key.1));
        self.list_by(&ours, what).await
    }

    async fn list_by<K: Namespaced>(
        &self,
        parameters: &ListParams,
        what: &'static str,
    ) -> Result<BTreeMap<String, K>, FetchError> {
        let list = read(what, self.api::<K>().list(parameters)).await?;
        let objects = list.items.into_iter();
        Ok(objects.map(|object| (object.name_any(), object)).collect())
    }

    fn api<K: Namespaced>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.key.0)
    }
}
