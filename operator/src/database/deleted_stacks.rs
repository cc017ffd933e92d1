//! What happens to the data of a deleted stack. The deletion event holds the stack as it was last applied, and its
//! policy decides, however far a pass had got with marking the data (OPERATOR 12, ADR 6). Under `Delete`, volumes and
//! Secrets get the owner reference of the deleted stack, and the garbage collector deletes them. In doubt the data are
//! retained: a superfluous volume can be deleted, a deleted one is lost.

mod remaining_data;

use crate::{
    database::retention::{Disposition, Predecessor},
    kube::{
        installation::Installation,
        labels::{
            DELETION_POLICY, OPERATOR, STACK, STACK_UID, annotation, managed_selector,
            marked_policy,
        },
        locks::Locks,
        per_stack::StackKey,
        readiness::Readiness,
        scope::{PAGE, Scope, api},
        stacks::{DeletedStack, Stacks},
    },
    validate::ValidStack,
};
use ecommercestack_crds::{DeletionPolicy, EcommerceStack};
use futures::{StreamExt as _, stream::BoxStream};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use kube::{
    Api, Client, ResourceExt as _,
    api::{ApiResource, DynamicObject, ListParams},
    runtime::{
        WatchStreamExt as _,
        watcher::{self, Event, watcher},
    },
};
use remaining_data::{Remaining, RemainingData};
use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::oneshot, time::timeout};
use tracing::{error, info, warn};

/// A claim is deleted after its pod, a pod may take a minute to shut down, and Patroni writes until its end.
const LONGEST: Duration = Duration::from_mins(15);
const LONGEST_STEP: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(10);
/// Successive steps that must find nothing: a controller may still act on what it observed before.
const QUIET_STEPS: u8 = 3;

/// Watches stacks and applies the policies of deleted ones.
#[derive(Clone)]
pub struct DeletedStacks {
    pub client: Client,
    pub installation: Installation,
    pub stacks: Arc<Stacks>,
    pub locks: Arc<Locks>,
}

impl DeletedStacks {
    /// Watches until the process ends. Signals once that every stack is known, and reports when the watch fails.
    pub async fn watch(self, scopes: Vec<Scope>, readiness: Readiness, known: oneshot::Sender<()>) {
        let mut unknown: BTreeSet<Scope> = scopes.iter().cloned().collect();
        let mut known = Some(known);
        let streams: Vec<BoxStream<'static, (Scope, Event<DynamicObject>)>> = scopes
            .into_iter()
            .map(|scope| {
                let readiness = readiness.clone();
                let client = self.client.clone();
                let kind = ApiResource::erase::<EcommerceStack>(&());
                let api: Api<DynamicObject> = match &scope {
                    Some(namespace) => Api::namespaced_with(client, namespace, &kind),
                    None => Api::all_with(client, &kind),
                };
                watcher(api, watcher::Config::default().page_size(PAGE))
                    .default_backoff()
                    .filter_map(move |event| {
                        match &event {
                            Ok(_) => readiness.works(),
                            Err(error) => {
                                readiness.failed(&error.to_string(), Instant::now());
                                warn!(error = %error, "the watch on stacks returned an error");
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
                    for deleted in missed {
                        self.apply_policy(deleted);
                    }
                    unknown.remove(&scope);
                    readiness.listed(&scope);
                    if unknown.is_empty()
                        && let Some(known) = known.take()
                    {
                        // Its receiver is dropped when the process ends.
                        let _ = known.send(());
                    }
                    let this = self.clone();
                    tokio::spawn(async move { this.sweep(&scope).await });
                }
                Event::Apply(stack) => self.stacks.applied(&stack),
                Event::Delete(stack) => {
                    if let Some(deleted) = self.stacks.deleted(&stack) {
                        self.apply_policy(deleted);
                    }
                }
            }
        }
    }

    /// Finds deletions that the operator did not observe: volumes of deleted stacks that are marked for deletion.
    async fn sweep(&self, scope: &Scope) {
        let api: Api<PersistentVolumeClaim> = api(&self.client, scope);
        let selector = ListParams::default().labels(&managed_selector());
        let volumes = match api.list_metadata(&selector).await {
            Ok(volumes) => volumes.items,
            Err(error) => {
                warn!(error = %error, "cannot list the volumes of deleted stacks");
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
                self.apply_unobserved_policy(key, uid, created, operator);
            }
        }
    }

    /// Deletes the marked data of a stack that was deleted unobserved.
    fn apply_unobserved_policy(
        &self,
        key: StackKey,
        uid: &str,
        created: Option<Timestamp>,
        operator: Option<String>,
    ) {
        if self.stacks.deleted_unobserved(uid, DeletionPolicy::Delete) {
            self.apply_policy(DeletedStack {
                key,
                uid: uid.to_owned(),
                created,
                operator,
                policy: DeletionPolicy::Delete,
                is_certain: false,
            });
        }
    }

    /// Whether a stack must wait until the data of deleted stacks of its name have been deleted.
    pub fn block(&self, stack: &ValidStack, predecessors: &BTreeSet<Predecessor>) -> bool {
        let mut is_blocked = false;
        for Predecessor {
            uid, disposition, ..
        } in predecessors
        {
            is_blocked |= match (disposition, self.stacks.policy_of_deleted(uid)) {
                (Disposition::Stay, Some(DeletionPolicy::Retain) | None)
                | (Disposition::Go, Some(DeletionPolicy::Retain)) => false,
                (Disposition::Stay | Disposition::Go, Some(DeletionPolicy::Delete))
                | (Disposition::AreGoing, _) => true,
                (Disposition::Go, None) => {
                    // The watch may still deliver the deletion event.
                    let key = (stack.namespace.clone(), stack.name.clone());
                    // Only the volume names the installation.
                    let mut same = predecessors.iter().filter(|other| other.uid == *uid);
                    let operator = same.find_map(|other| other.operator.clone());
                    self.apply_unobserved_policy(key, uid, None, operator);
                    true
                }
            };
        }
        is_blocked
    }

    /// Applies the stack's policy in a task of its own.
    pub fn apply_policy(&self, deleted: DeletedStack) {
        let (namespace, name) = deleted.key.clone();
        let policy = deleted.policy.into_str();
        info!(
            stack.namespace = namespace,
            stack.name = name,
            policy,
            "a stack was deleted"
        );
        metrics::counter!("ecommercestack_operator_departures_total", "policy" => policy)
            .increment(1);
        if deleted.policy == DeletionPolicy::Retain && !deleted.is_certain {
            return; // Nothing is deleted, and the marks are right as far as is known.
        }
        let this = self.clone();
        tokio::spawn(async move {
            let operator = deleted.operator.as_deref();
            if this.installation.is_left_to_us(operator).await {
                this.carry_out(&deleted).await;
            }
            // The policy Retain is remembered for a stack of the same name, which adopts the data.
            if deleted.policy == DeletionPolicy::Delete {
                this.stacks.forget_deleted(&deleted.uid, deleted.policy);
            }
        });
    }

    /// Runs until the data are marked as retained, or until they are deleted and the database has ended.
    async fn carry_out(&self, deleted: &DeletedStack) {
        let remaining = RemainingData {
            client: &self.client,
            deleted,
        };
        let (namespace, name) = &deleted.key;
        let began = tokio::time::Instant::now();
        let mut quiet = 0;
        while quiet < QUIET_STEPS {
            if began.elapsed() >= LONGEST {
                error!(
                    stack.namespace = namespace,
                    stack.name = name,
                    "giving up on the data of a deleted stack; when an operator starts again, it applies the policy \
                     in the annotation {DELETION_POLICY} of the volume and the Secrets"
                );
                return;
            }
            let looked = {
                let _turn = self.locks.lock(&deleted.key).await;
                let known = self.stacks.policy_of_deleted(&deleted.uid);
                if known.is_some_and(|known| known != deleted.policy) {
                    return; // The deletion event arrived later and holds another policy.
                }
                // A request that is never answered must not hold the lock.
                timeout(LONGEST_STEP, remaining.step()).await
            };
            let (is_quiet, pause) = match looked {
                Ok(Ok(Remaining::NotOurs)) => return,
                Ok(Ok(Remaining::Nothing)) => (true, PAUSE),
                Ok(Ok(Remaining::Something)) => (false, PAUSE),
                Ok(Err(error)) => {
                    warn!(stack.namespace = namespace, stack.name = name, error = %error, "cannot mark or remove the data of a deleted stack");
                    (false, PAUSE_AFTER_ERROR)
                }
                Err(_) => (false, PAUSE_AFTER_ERROR),
            };
            quiet = if is_quiet { quiet + 1 } else { 0 };
            tokio::time::sleep(pause).await;
        }
    }
}
