//! All stacks that the operator watches, and the last deletion policy of each deleted one. A pass reads its own stack
//! from the API server; this registry answers questions about other stacks: whether a host is taken, and which policy a
//! predecessor had.

use crate::kube::per_stack::{StackKey, key_of};
use ecommercestack_crds::DeletionPolicy;
use jiff::Timestamp;
use kube::{ResourceExt as _, core::DynamicObject};
use serde::Deserialize as _;
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

/// The finalizer that propagation policy `Orphan` adds until the stack is deleted.
const ORPHAN: &str = "orphan";

/// An existing stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub key: StackKey,
    pub created: Option<Timestamp>,
    pub is_terminating: bool,
    /// Its status is about the current generation of its spec.
    pub is_answered: bool,
    pub ingress: Option<HostRule>,
    /// The installation of the operator that manages it.
    operator: Option<String>,
    policy: DeletionPolicy,
    /// Deleted with `--cascade=orphan`: everything is retained, whatever the policy is.
    is_orphaning: bool,
}

/// The host and class of a stack's Ingress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRule {
    pub host: Option<String>,
    pub class_name: Option<String>,
}

/// A deleted stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedStack {
    pub key: StackKey,
    pub uid: String,
    pub created: Option<Timestamp>,
    /// The installation of the operator that managed it.
    pub operator: Option<String>,
    pub policy: DeletionPolicy,
    /// The policy is the one in the deletion event, and so the last one applied. Otherwise it is the last that was
    /// observed, or the one in the marks.
    pub is_certain: bool,
}

/// By uid, since a deleted stack and its successor of the same name may be known at the same time.
#[derive(Debug, Default)]
pub struct Stacks(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    existing: HashMap<String, Known>,
    deleted: HashMap<String, DeletionPolicy>,
}

impl Stacks {
    /// Records the current state of a stack.
    pub fn applied(&self, stack: &DynamicObject) {
        let Some(uid) = stack.uid() else { return };
        self.with(|inner| inner.existing.insert(uid, known(stack)));
    }

    /// Records the deletion of a stack, given its last state.
    pub fn deleted(&self, stack: &DynamicObject) -> Option<DeletedStack> {
        let (uid, mut last) = (stack.uid()?, known(stack));
        self.with(|inner| {
            // The deletion event does not contain the finalizer any more.
            let before = inner.existing.get(&uid);
            last.is_orphaning |= before.is_some_and(|before| before.is_orphaning);
            Some(inner.record_deletion(uid, last, true))
        })
    }

    /// After a list of all stacks of a namespace, or of the cluster: the stacks that are not in it have been deleted.
    pub fn listed(&self, namespace: Option<&str>, uids: &HashSet<String>) -> Vec<DeletedStack> {
        self.with(|inner| {
            let is_missed = |uid: &String, known: &mut Known| {
                namespace.is_none_or(|namespace| known.key.0 == namespace) && !uids.contains(uid)
            };
            let missed: Vec<_> = inner.existing.extract_if(is_missed).collect();
            let missed = missed.into_iter();
            missed
                .map(|(uid, last)| inner.record_deletion(uid, last, false))
                .collect()
        })
    }

    /// The policy of a stack whose deletion was observed.
    pub fn policy_of_deleted(&self, uid: &str) -> Option<DeletionPolicy> {
        self.with(|inner| inner.deleted.get(uid).copied())
    }

    /// Records a stack as deleted that was deleted while it was not watched. False if it exists, or its deletion was
    /// observed.
    pub fn deleted_unobserved(&self, uid: &str, policy: DeletionPolicy) -> bool {
        self.with(|inner| {
            let is_news = !inner.existing.contains_key(uid) && !inner.deleted.contains_key(uid);
            if is_news {
                inner.remember(uid.to_owned(), policy);
            }
            is_news
        })
    }

    /// Forgets a deleted stack of which no data remain.
    pub fn forget_deleted(&self, uid: &str, policy: DeletionPolicy) {
        self.with(|inner| {
            // Another policy may be known by now.
            if inner.deleted.get(uid) == Some(&policy) {
                inner.deleted.remove(uid);
            }
        });
    }

    /// All existing stacks.
    pub fn existing(&self) -> Vec<Known> {
        self.with(|inner| inner.existing.values().cloned().collect())
    }

    /// Whether an existing stack has a status about the current generation of its spec.
    pub fn is_answered(&self, key: &StackKey) -> bool {
        self.with(|inner| {
            let mut known = inner.existing.values();
            known.any(|known| known.key == *key && !known.is_terminating && known.is_answered)
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How many policies of deleted stacks are remembered. For a forgotten one, the marks of its data decide.
const MOST_REMEMBERED: usize = 4096;

impl Inner {
    fn remember(&mut self, uid: String, policy: DeletionPolicy) {
        if self.deleted.len() >= MOST_REMEMBERED {
            self.deleted.clear();
        }
        self.deleted.insert(uid, policy);
    }

    fn record_deletion(&mut self, uid: String, last: Known, is_certain: bool) -> DeletedStack {
        self.existing.remove(&uid);
        let policy = if last.is_orphaning {
            DeletionPolicy::Retain
        } else {
            last.policy
        };
        self.remember(uid.clone(), policy);
        DeletedStack {
            key: last.key,
            uid,
            created: last.created,
            operator: last.operator,
            policy,
            is_certain,
        }
    }
}

/// Read field by field: a stack that cannot be parsed as a whole, such as one of a newer CRD, has a host and data as
/// well. Under a policy that this operator does not know, the data are retained.
fn known(stack: &DynamicObject) -> Known {
    let finalizers = stack.metadata.finalizers.as_deref().unwrap_or_default();
    let spec = &stack.data["spec"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Known {
        key: key_of(stack),
        created: stack.creation_timestamp().map(|time| time.0),
        is_terminating: stack.metadata.deletion_timestamp.is_some(),
        is_answered: stack.metadata.generation.is_some_and(|generation| {
            stack.data["status"]["observedGeneration"].as_i64() == Some(generation)
        }),
        ingress: spec.get("ingress").map(|ingress| HostRule {
            host: text(&ingress["host"]),
            class_name: text(&ingress["className"]),
        }),
        operator: text(&stack.data["status"]["operator"]),
        policy: DeletionPolicy::deserialize(&spec["deletionPolicy"]).unwrap_or_default(),
        is_orphaning: finalizers.iter().any(|finalizer| finalizer == ORPHAN),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn stack(spec: &Value) -> DynamicObject {
        let stack = json!({ "metadata": { "name": "shop", "namespace": "shops", "uid": "u" }, "spec": spec });
        serde_json::from_value(stack).unwrap()
    }

    #[test]
    fn a_stack_that_cannot_be_read_keeps_its_host_and_leaves_its_data() {
        let stacks = Stacks::default();
        let newer = stack(&json!({
            "deletionPolicy": "Archive", "ingress": { "host": "shop.example", "mode": 5 }, "replicas": [],
        }));
        stacks.applied(&newer);
        let known = stacks.existing().remove(0);
        assert_eq!(known.ingress.unwrap().host.unwrap(), "shop.example");
        assert_eq!(
            stacks.deleted(&newer).unwrap().policy,
            DeletionPolicy::Retain
        );
    }

    #[test]
    fn a_stack_is_answered_once_its_status_is_about_its_spec() {
        let stacks = Stacks::default();
        let key = ("shops".to_owned(), "shop".to_owned());
        let mut shop = stack(&json!({}));
        shop.metadata.generation = Some(1);
        stacks.applied(&shop);
        assert!(!stacks.is_answered(&key));
        shop.data["status"] = json!({ "observedGeneration": 1 });
        stacks.applied(&shop);
        assert!(stacks.is_answered(&key));
        shop.metadata.generation = Some(2);
        stacks.applied(&shop);
        assert!(!stacks.is_answered(&key));
    }

    #[test]
    fn the_policy_is_the_last_that_was_applied() {
        let stacks = Stacks::default();
        stacks.applied(&stack(&json!({})));
        let last = stack(&json!({ "deletionPolicy": "Delete" }));
        assert_eq!(
            stacks.deleted(&last).unwrap().policy,
            DeletionPolicy::Delete
        );
        assert!(stacks.existing().is_empty());
    }

    #[test]
    fn the_policy_of_an_unobserved_deletion_is_not_certain() {
        let stacks = Stacks::default();
        let shop = stack(&json!({ "deletionPolicy": "Delete" }));
        stacks.applied(&shop);
        let missed = stacks.listed(None, &HashSet::new()).remove(0);
        assert!(!missed.is_certain);
        // The event that comes late decides, and a caller that acted on the other one does not remove it.
        let last = stack(&json!({ "deletionPolicy": "Retain" }));
        assert!(stacks.deleted(&last).unwrap().is_certain);
        stacks.forget_deleted("u", DeletionPolicy::Delete);
        assert_eq!(stacks.policy_of_deleted("u"), Some(DeletionPolicy::Retain));
    }
}
