//! All stacks that the operator watches, and how each that is gone was last applied. A pass decides for its own stack and
//! reads it from the API server; this is for what concerns another one: a host that is taken, a predecessor's policy.

use crate::seen::StackKey;
use ecommercestack_crds::{DeletionPolicy, EcommerceStack};
use jiff::Timestamp;
use kube::{Resource as _, ResourceExt as _, core::DeserializeGuard};
use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
};

/// A stack as a watch tells of it: one that cannot be read must not end the watch of all.
pub type Watched = DeserializeGuard<EcommerceStack>;

/// What propagation policy `Orphan` leaves in `metadata.finalizers` until the stack is gone.
const ORPHAN: &str = "orphan";

/// A stack that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub key: StackKey,
    pub created: Option<Timestamp>,
    pub is_leaving: bool,
    pub ingress: Option<Place>,
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
    /// As it was last applied.
    pub policy: DeletionPolicy,
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
    pub fn applied(&self, stack: &Watched) {
        let Some(uid) = stack.uid() else { return };
        self.with(|inner| {
            let known = known(stack, inner.there.get(&uid));
            inner.there.insert(uid, known)
        });
    }

    /// A stack is gone; as it was last.
    pub fn deleted(&self, stack: &Watched) -> Option<Departed> {
        let uid = stack.uid()?;
        self.with(|inner| {
            let before = inner.there.get(&uid);
            let mut last = known(stack, before);
            // The finalizer is off again by the time of the last event.
            last.is_orphaning |= before.is_some_and(|before| before.is_orphaning);
            Some(inner.depart(uid, last))
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
                .map(|(uid, last)| inner.depart(uid, last))
                .collect()
        })
    }

    /// The policy of a stack that was seen going.
    pub fn policy_of_departed(&self, uid: &str) -> Option<DeletionPolicy> {
        self.with(|inner| inner.gone.get(uid).copied())
    }

    /// Takes a stack for gone that went while nobody watched. False if it is there, or was seen going.
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
    pub fn forget_departed(&self, uid: &str) {
        self.with(|inner| inner.gone.remove(uid));
    }

    /// All that are there.
    pub fn there(&self) -> Vec<Known> {
        self.with(|inner| inner.there.values().cloned().collect())
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

    fn depart(&mut self, uid: String, last: Known) -> Departed {
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
            policy,
        }
    }
}

/// Of a stack that cannot be read, what was known before still holds; of one that never could be, the data stay.
fn known(stack: &Watched, before: Option<&Known>) -> Known {
    let metadata = stack.meta();
    let finalizers = metadata.finalizers.as_deref().unwrap_or_default();
    let (ingress, policy) = match (&stack.0, before) {
        (Ok(stack), _) => {
            let ingress = stack.spec.ingress.as_ref().map(|ingress| Place {
                host: ingress.host.clone(),
                class_name: ingress.class_name.clone(),
            });
            (ingress, stack.spec.deletion_policy())
        }
        (Err(_), Some(before)) => (before.ingress.clone(), before.policy),
        (Err(_), None) => (None, DeletionPolicy::Retain),
    };
    Known {
        key: (stack.namespace().unwrap_or_default(), stack.name_any()),
        created: stack.creation_timestamp().map(|time| time.0),
        is_leaving: metadata.deletion_timestamp.is_some(),
        ingress,
        policy,
        is_orphaning: finalizers.iter().any(|finalizer| finalizer == ORPHAN),
    }
}
