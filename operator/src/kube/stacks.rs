//! All stacks that the operator watches, and how each that is gone was last applied. A pass decides for its own stack and
//! reads it from the API server; this is for what concerns another one: a host that is taken, a predecessor's policy.

use crate::kube::per_stack::StackKey;
use ecommercestack_crds::DeletionPolicy;
use jiff::Timestamp;
use kube::{ResourceExt as _, core::DynamicObject};
use serde::Deserialize as _;
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

/// What propagation policy `Orphan` leaves in `metadata.finalizers` until the stack is gone.
const ORPHAN: &str = "orphan";

/// A stack that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub key: StackKey,
    pub created: Option<Timestamp>,
    pub is_leaving: bool,
    /// Its status is about its spec as it is now.
    pub is_answered: bool,
    pub ingress: Option<Place>,
    /// The installation of the operator that works on it.
    operator: Option<String>,
    policy: DeletionPolicy,
    /// Deleted with `--cascade=orphan`: whatever the policy says, all of it stays.
    is_orphaning: bool,
}

/// Where an ingress controller answers for a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub host: Option<String>,
    pub class_name: Option<String>,
}

/// A stack that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Departed {
    pub key: StackKey,
    pub uid: String,
    pub created: Option<Timestamp>,
    /// The installation of the operator that worked on it.
    pub operator: Option<String>,
    pub policy: DeletionPolicy,
    /// The policy is the one that was last applied: the event of the deletion said so. Otherwise it is the last that
    /// was seen, or what was marked.
    pub is_certain: bool,
}

/// By uid: two stacks of one name may be known at a time, the deleted one and the next.
#[derive(Debug, Default)]
pub struct Stacks(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    there: HashMap<String, Known>,
    gone: HashMap<String, DeletionPolicy>,
}

impl Stacks {
    /// A stack is there as it is now.
    pub fn applied(&self, stack: &DynamicObject) {
        let Some(uid) = stack.uid() else { return };
        self.with(|inner| inner.there.insert(uid, known(stack)));
    }

    /// A stack is gone; as it was last.
    pub fn deleted(&self, stack: &DynamicObject) -> Option<Departed> {
        let (uid, mut last) = (stack.uid()?, known(stack));
        self.with(|inner| {
            // The finalizer is off again by the time of the last event.
            let before = inner.there.get(&uid);
            last.is_orphaning |= before.is_some_and(|before| before.is_orphaning);
            Some(inner.depart(uid, last, true))
        })
    }

    /// After a list of all stacks of a namespace, or of the cluster: the others are gone.
    pub fn listed(&self, namespace: Option<&str>, uids: &HashSet<String>) -> Vec<Departed> {
        self.with(|inner| {
            let missed: Vec<_> = inner
                .there
                .iter()
                .filter(|(uid, known)| {
                    namespace.is_none_or(|namespace| known.key.0 == namespace)
                        && !uids.contains(*uid)
                })
                .map(|(uid, known)| (uid.clone(), known.clone()))
                .collect();
            missed
                .into_iter()
                .map(|(uid, last)| inner.depart(uid, last, false))
                .collect()
        })
    }

    /// The policy of a stack that was seen going.
    pub fn policy_of_departed(&self, uid: &str) -> Option<DeletionPolicy> {
        self.with(|inner| inner.gone.get(uid).copied())
    }

    /// Takes a stack for gone that was deleted while it was not watched. False if it is there, or was seen going.
    pub fn went_unseen(&self, uid: &str, policy: DeletionPolicy) -> bool {
        self.with(|inner| {
            let is_news = !inner.there.contains_key(uid) && !inner.gone.contains_key(uid);
            if is_news {
                inner.remember(uid.to_owned(), policy);
            }
            is_news
        })
    }

    /// Nothing is left of it to decide about.
    pub fn forget_departed(&self, uid: &str, policy: DeletionPolicy) {
        self.with(|inner| {
            // Another one may be known by now.
            if inner.gone.get(uid) == Some(&policy) {
                inner.gone.remove(uid);
            }
        });
    }

    /// All that are there.
    pub fn there(&self) -> Vec<Known> {
        self.with(|inner| inner.there.values().cloned().collect())
    }

    /// Whether a stack that is there has a status about its spec as it is now.
    pub fn is_answered(&self, key: &StackKey) -> bool {
        self.with(|inner| {
            let mut known = inner.there.values();
            known.any(|known| known.key == *key && !known.is_leaving && known.is_answered)
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Policies of deleted stacks that are remembered. What is forgotten is decided by the marks of its data.
const MOST_REMEMBERED: usize = 4096;

impl Inner {
    fn remember(&mut self, uid: String, policy: DeletionPolicy) {
        if self.gone.len() >= MOST_REMEMBERED {
            self.gone.clear();
        }
        self.gone.insert(uid, policy);
    }

    fn depart(&mut self, uid: String, last: Known, is_certain: bool) -> Departed {
        self.there.remove(&uid);
        let policy = if last.is_orphaning {
            DeletionPolicy::Retain
        } else {
            last.policy
        };
        self.remember(uid.clone(), policy);
        Departed {
            key: last.key,
            uid,
            created: last.created,
            operator: last.operator,
            policy,
            is_certain,
        }
    }
}

/// Field by field: a stack that cannot be read as a whole, as one of a newer definition, has its host and its data all
/// the same. Of a policy that this operator does not know, the data stay.
fn known(stack: &DynamicObject) -> Known {
    let finalizers = stack.metadata.finalizers.as_deref().unwrap_or_default();
    let spec = &stack.data["spec"];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Known {
        key: (stack.namespace().unwrap_or_default(), stack.name_any()),
        created: stack.creation_timestamp().map(|time| time.0),
        is_leaving: stack.metadata.deletion_timestamp.is_some(),
        is_answered: stack.metadata.generation.is_some_and(|generation| {
            stack.data["status"]["observedGeneration"].as_i64() == Some(generation)
        }),
        ingress: spec.get("ingress").map(|ingress| Place {
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
        let known = stacks.there().remove(0);
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
        assert!(stacks.there().is_empty());
    }

    #[test]
    fn of_a_deletion_that_nobody_saw_the_policy_is_not_certain() {
        let stacks = Stacks::default();
        let shop = stack(&json!({ "deletionPolicy": "Delete" }));
        stacks.applied(&shop);
        let missed = stacks.listed(None, &HashSet::new()).remove(0);
        assert!(!missed.is_certain);
        // The event that comes late decides, and a caller that acted on the other one does not remove it.
        let last = stack(&json!({ "deletionPolicy": "Retain" }));
        assert!(stacks.deleted(&last).unwrap().is_certain);
        stacks.forget_departed("u", DeletionPolicy::Delete);
        assert_eq!(stacks.policy_of_departed("u"), Some(DeletionPolicy::Retain));
    }
}
