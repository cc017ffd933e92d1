//! What becomes of a deleted stack's data. The watch tells of the deletion together with the stack as it was last
//! applied, and that decides, whatever a pass had come to do about it (OPERATOR 12, ADR 6). Under `Delete` volumes and
//! Secrets get the owner reference of the stack that is gone, and the garbage collector takes them. Whoever is not
//! sure leaves the data: a volume too many can be deleted, one too few is lost.

use crate::{
    component::POSTGRES,
    controller::{self, Scope},
    credentials::Credential,
    fetch::PATRONI_SUFFIXES,
    http::Readiness,
    installation::Installation,
    labels::{
        DELETION_POLICY, MANAGER, OPERATOR, STACK, STACK_UID, annotation, is_patronis,
        managed_selector, pod_labels, stack_selector,
    },
    locks::Locks,
    retention::{Course, Predecessor, marked_policy, policy_as_str},
    seen::StackKey,
    stacks::{Departed, Stacks},
    validate::ValidStack,
};
use ecommercestack_crds::{DeletionPolicy, EcommerceStack};
use futures::{StreamExt as _, stream::BoxStream};
use jiff::Timestamp;
use k8s_openapi::{
    api::{
        apps::v1::StatefulSet,
        core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret},
    },
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};
use kube::{
    Api, Client, Resource, ResourceExt as _,
    api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams},
    core::{NamespaceResourceScope, PartialObjectMeta},
    runtime::{
        WatchStreamExt as _,
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt::Debug,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, time::timeout};
use tracing::{info, warn};

/// A claim waits for its pod, a pod may take a minute to shut down, and Patroni writes until its end.
const LONGEST: Duration = Duration::from_mins(15);
const LONGEST_STEP: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);
/// Looks in a row that find nothing: a controller may still act on what it saw before.
const QUIET_LOOKS: u8 = 3;

/// Who watches stacks come and go.
#[derive(Clone)]
pub struct Departures {
    pub client: Client,
    pub installation: Installation,
    pub stacks: Arc<Stacks>,
    pub locks: Arc<Locks>,
}

impl Departures {
    /// Watches for ever; says once that it knows every stack, and whenever it cannot watch.
    pub async fn watch(self, scopes: Vec<Scope>, readiness: Readiness, known: oneshot::Sender<()>) {
        let mut unknown: BTreeSet<Scope> = scopes.iter().cloned().collect();
        let mut known = Some(known);
        let streams: Vec<BoxStream<'static, (Scope, Event<DynamicObject>)>> = scopes
            .into_iter()
            .map(|scope| {
                let readiness = readiness.clone();
                let (client, kind) = (
                    self.client.clone(),
                    ApiResource::erase::<EcommerceStack>(&()),
                );
                let api: Api<DynamicObject> = match &scope {
                    Some(namespace) => Api::namespaced_with(client, namespace, &kind),
                    None => Api::all_with(client, &kind),
                };
                watcher(api, watcher::Config::default().page_size(controller::PAGE))
                    .default_backoff()
                    .filter_map(move |event| {
                        match &event {
                            Ok(_) => readiness.works(),
                            Err(error) => {
                                readiness.failed(&error.to_string(), Instant::now());
                                warn!(error = %error, "the watch of stacks reports an error");
                            }
                        }
                        std::future::ready(event.ok())
                    })
                    .map(move |event| (scope.clone(), event))
                    .boxed()
            })
            .collect();
        let mut listed: BTreeMap<Scope, HashSet<String>> = BTreeMap::new();
        let mut events = futures::stream::select_all(streams);
        while let Some((scope, event)) = events.next().await {
            match event {
                Event::Init => {
                    listed.insert(scope, HashSet::new());
                }
                Event::InitApply(stack) => {
                    let of_scope = listed.entry(scope).or_default();
                    of_scope.extend(stack.uid());
                    self.stacks.applied(&stack);
                }
                Event::InitDone => {
                    let uids = listed.remove(&scope).unwrap_or_default();
                    let missed = self.stacks.listed(scope.as_deref(), &uids);
                    for departed in missed {
                        self.settle(departed);
                    }
                    unknown.remove(&scope);
                    readiness.listed(&scope);
                    if unknown.is_empty()
                        && let Some(known) = known.take()
                    {
                        // Nobody waits any more while the process ends.
                        let _ = known.send(());
                    }
                    let this = self.clone();
                    tokio::spawn(async move { this.sweep(&scope).await });
                }
                Event::Apply(stack) => self.stacks.applied(&stack),
                Event::Delete(stack) => {
                    if let Some(departed) = self.stacks.deleted(&stack) {
                        self.settle(departed);
                    }
                }
            }
        }
    }

    /// What the operator missed while it was away: volumes of stacks that are gone, marked to go with them.
    async fn sweep(&self, scope: &Scope) {
        let api: Api<PersistentVolumeClaim> = controller::api(&self.client, scope);
        let selector = ListParams::default().labels(&managed_selector());
        let volumes = match api.list_metadata(&selector).await {
            Ok(volumes) => volumes.items,
            Err(error) => {
                warn!(error = %error, "cannot look for volumes of deleted stacks");
                return;
            }
        };
        for volume in volumes {
            let name = volume.labels().get(STACK).cloned();
            let uid = annotation(&volume.metadata, STACK_UID);
            let (Some(name), Some(uid)) = (name, uid) else {
                continue;
            };
            if marked_policy(&volume.metadata) == Some(DeletionPolicy::Delete) {
                let key = (volume.namespace().unwrap_or_default(), name);
                let created = volume.creation_timestamp().map(|time| time.0);
                let operator = annotation(&volume.metadata, OPERATOR).map(str::to_owned);
                self.settle_unseen(key, uid, created, operator);
            }
        }
    }

    /// Clears what is marked to go with a stack that went while the operator was away.
    fn settle_unseen(
        &self,
        key: StackKey,
        uid: &str,
        created: Option<Timestamp>,
        operator: Option<String>,
    ) {
        if self.stacks.went_unseen(uid, DeletionPolicy::Delete) {
            self.settle(Departed {
                key,
                uid: uid.to_owned(),
                created,
                operator,
                policy: DeletionPolicy::Delete,
            });
        }
    }

    /// Whether a stack must wait for the data of deleted stacks of its name to be gone.
    pub fn block(&self, stack: &ValidStack, predecessors: &BTreeSet<Predecessor>) -> bool {
        let mut is_blocked = false;
        for Predecessor { uid, course } in predecessors {
            is_blocked |= match (course, self.stacks.policy_of_departed(uid)) {
                (Course::Stay, Some(DeletionPolicy::Retain) | None)
                | (Course::Go, Some(DeletionPolicy::Retain)) => false,
                (Course::Stay | Course::Go, Some(DeletionPolicy::Delete))
                | (Course::AreGoing, _) => true,
                (Course::Go, None) => {
                    // A watch that is late tells of it soon.
                    let key = (stack.namespace.clone(), stack.name.clone());
                    self.settle_unseen(key, uid, None, None);
                    true
                }
            };
        }
        is_blocked
    }

    /// Does what the stack's policy asks for, in a task of its own.
    pub fn settle(&self, departed: Departed) {
        let (namespace, name) = departed.key.clone();
        let policy = policy_as_str(departed.policy);
        info!(
            stack.namespace = namespace,
            stack.name = name,
            policy,
            "a stack is gone"
        );
        metrics::counter!("ecommercestack_operator_departures_total", "policy" => policy)
            .increment(1);
        let this = self.clone();
        tokio::spawn(async move {
            let operator = departed.operator.as_deref();
            if this.installation.is_left_to_us(operator).await {
                this.carry_out(&departed).await;
            }
            // That it was retained is remembered for a stack of the same name, which takes the data up.
            if departed.policy == DeletionPolicy::Delete {
                this.stacks.forget_departed(&departed.uid);
            }
        });
    }

    /// Until the data are marked to stay; or until nothing of them is left, and the database has ended.
    async fn carry_out(&self, departed: &Departed) {
        let estate = Estate {
            client: &self.client,
            departed,
        };
        let began = tokio::time::Instant::now();
        let mut quiet = 0;
        while quiet < QUIET_LOOKS && began.elapsed() < LONGEST {
            let looked = {
                let _turn = self.locks.lock(&departed.key).await;
                // A request that is never answered must not hold the turn.
                timeout(LONGEST_STEP, estate.step()).await
            };
            let Ok(looked) = looked else {
                quiet = 0;
                continue;
            };
            match looked {
                Ok(Left::Nothing) => quiet += 1,
                Ok(Left::Something) => quiet = 0,
                Ok(Left::NotOurs) => return,
                Err(error) => {
                    quiet = 0;
                    warn!(stack.namespace = departed.key.0, stack.name = departed.key.1, error = %error, "cannot do what is to be done about what a deleted stack left");
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

enum Left {
    Nothing,
    Something,
    /// The stack is there after all.
    NotOurs,
}

/// Kinds of what a stack may leave.
trait Owned:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned
{
}

impl<K> Owned for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + DeserializeOwned
{
}

/// What a deleted stack left.
struct Estate<'a> {
    client: &'a Client,
    departed: &'a Departed,
}

impl Estate<'_> {
    async fn step(&self) -> Result<Left, kube::Error> {
        let (_, name) = &self.departed.key;
        let successor = self.api::<EcommerceStack>().get_metadata_opt(name).await?;
        if successor
            .as_ref()
            .is_some_and(|stack| stack.uid().as_deref() == Some(&self.departed.uid))
        {
            return Ok(Left::NotOurs);
        }
        let is_alone = successor.is_none();
        let is_left = match self.departed.policy {
            DeletionPolicy::Retain => self.mark_as_retained().await?,
            DeletionPolicy::Delete => self.hand_over_all(is_alone).await?,
        };
        Ok(if is_left {
            Left::Something
        } else {
            Left::Nothing
        })
    }

    /// The marks may still say what was applied before, and an operator that begins anew goes by them.
    async fn mark_as_retained(&self) -> Result<bool, kube::Error> {
        let mut found = false;
        for volume in self.volumes().await? {
            found |= self.mark(&volume).await?;
        }
        for secret in self.secrets().await? {
            found |= self.mark(&secret).await?;
        }
        Ok(found)
    }

    async fn mark<K: Owned>(&self, object: &PartialObjectMeta<K>) -> Result<bool, kube::Error> {
        let metadata = &object.metadata;
        if !self.is_marked(metadata) || marked_policy(metadata) != Some(DeletionPolicy::Delete) {
            return Ok(false);
        }
        let policy = policy_as_str(DeletionPolicy::Retain);
        let change = json!({ "annotations": { DELETION_POLICY: policy } });
        self.change::<K>(metadata, change, "stays after its stack")
            .await?;
        Ok(true)
    }

    async fn hand_over_all(&self, is_alone: bool) -> Result<bool, kube::Error> {
        let mut is_left = self.hand_over_volumes(is_alone).await?;
        is_left |= self.hand_over_secrets().await?;
        is_left |= self.hand_over_states(is_alone).await?;
        is_left |= self.database_runs().await?;
        Ok(is_left)
    }

    /// Those with the stack's name.
    async fn volumes(&self) -> Result<Vec<PartialObjectMeta<PersistentVolumeClaim>>, kube::Error> {
        let selector = ListParams::default().labels(&stack_selector(&self.departed.key.1));
        let volumes = self.api().list_metadata(&selector).await?;
        Ok(volumes.items)
    }

    /// Those that are the stack's by their marks.
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
        annotation(metadata, STACK_UID) == Some(&self.departed.uid)
    }

    async fn hand_over_volumes(&self, is_alone: bool) -> Result<bool, kube::Error> {
        let mut volumes = self.volumes().await?;
        volumes.retain(|volume| {
            // The StatefulSet's controller made one without marks after all, from what it remembered of the set.
            let is_late = annotation(&volume.metadata, STACK_UID).is_none();
            self.is_marked(&volume.metadata)
                || is_late && is_alone && self.is_younger(&volume.metadata)
        });
        for volume in &volumes {
            self.hand_over::<PersistentVolumeClaim>(&volume.metadata)
                .await?;
        }
        Ok(!volumes.is_empty())
    }

    async fn hand_over_secrets(&self) -> Result<bool, kube::Error> {
        let secrets = self.secrets().await?;
        for secret in &secrets {
            self.hand_over::<Secret>(&secret.metadata).await?;
        }
        Ok(!secrets.is_empty())
    }

    /// Most go with their volume; Patroni may have written one again after that.
    async fn hand_over_states(&self, is_alone: bool) -> Result<bool, kube::Error> {
        let api = self.api::<ConfigMap>();
        let mut found = false;
        for suffix in PATRONI_SUFFIXES {
            let name = self.object(&format!("{POSTGRES}-{suffix}"));
            let Some(state) = api.get_metadata_opt(&name).await? else {
                continue;
            };
            let is_unowned = state.owner_references().is_empty();
            let is_patronis = is_patronis(&self.departed.key.1, &state.metadata);
            if is_alone && is_patronis && self.is_younger(&state.metadata) {
                found = true;
                if is_unowned {
                    self.hand_over::<ConfigMap>(&state.metadata).await?;
                }
            }
        }
        Ok(found)
    }

    /// Whether the stack's `StatefulSet` or a pod of its is still there: either may make something again.
    async fn database_runs(&self) -> Result<bool, kube::Error> {
        let set = self.object(POSTGRES);
        let set = self.api::<StatefulSet>().get_metadata_opt(&set).await?;
        let is_own = |owner: &OwnerReference| owner.uid == self.departed.uid;
        if set.is_some_and(|set| set.owner_references().iter().any(is_own)) {
            return Ok(true);
        }
        let labels = pod_labels(&self.departed.key.1, POSTGRES);
        let selector: Vec<String> = labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let selector = ListParams::default().labels(&selector.join(","));
        let pods = self.api::<Pod>().list_metadata(&selector).await?;
        Ok(pods
            .items
            .iter()
            .any(|pod| pod.metadata.deletion_timestamp.is_some()))
    }

    /// Gives the object to the garbage collector, which takes what belongs to somebody gone.
    async fn hand_over<K: Owned>(&self, metadata: &ObjectMeta) -> Result<(), kube::Error> {
        let mut owners = metadata.owner_references.clone().unwrap_or_default();
        let is_done = owners.iter().any(|owner| owner.uid == self.departed.uid);
        if is_done || metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        owners.push(OwnerReference {
            api_version: EcommerceStack::api_version(&()).into_owned(),
            kind: EcommerceStack::kind(&()).into_owned(),
            name: self.departed.key.1.clone(),
            uid: self.departed.uid.clone(),
            ..Default::default()
        });
        let change = json!({ "ownerReferences": owners });
        self.change::<K>(metadata, change, "goes with its stack")
            .await
    }

    /// Unless the object has changed since it was read: the next look sees it as it is then.
    async fn change<K: Owned>(
        &self,
        metadata: &ObjectMeta,
        mut change: Value,
        what: &str,
    ) -> Result<(), kube::Error> {
        let name = metadata.name.clone().unwrap_or_default();
        change["resourceVersion"] = json!(metadata.resource_version);
        let patch = Patch::Merge(json!({ "metadata": change }));
        let parameters = PatchParams {
            field_manager: Some(MANAGER.to_owned()),
            ..Default::default()
        };
        match self
            .api::<K>()
            .patch_metadata(&name, &parameters, &patch)
            .await
        {
            Ok(_) => {
                info!(stack.namespace = self.departed.key.0, stack.name = self.departed.key.1, kind = %K::kind(&()), name, "{what}");
                Ok(())
            }
            Err(kube::Error::Api(status)) if status.is_conflict() || status.is_not_found() => {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn is_younger(&self, metadata: &ObjectMeta) -> bool {
        let created: Option<Timestamp> = metadata.creation_timestamp.as_ref().map(|time| time.0);
        created >= self.departed.created
    }

    fn object(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.departed.key.1)
    }

    fn api<K: Owned>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.departed.key.0)
    }
}
