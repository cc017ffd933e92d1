//! The objects of one kind that a watch has reported, each as JSON: a hundred shops have thousands of them, and the
//! typed objects of kube's reflector take several times the memory.

use crate::kube::{labels::STACK, per_stack::StackKey};
use kube::{
    Resource, ResourceExt as _,
    runtime::watcher::{self, Event},
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    any::type_name,
    collections::{BTreeMap, HashMap},
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tracing::warn;

/// A broken watch reports errors more often than this: kube waits a minute at most between attempts.
pub const AFTER_ERROR: Duration = Duration::from_mins(2);

#[derive(Debug, Default)]
pub struct Store(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    objects: Objects,
    /// A list that is not complete yet.
    incomplete: Objects,
    /// From when on the objects are trusted. Absent before the first list is complete, and while another one arrives.
    trusted_from: Option<Instant>,
}

#[derive(Debug, Default)]
struct Objects(HashMap<String, BTreeMap<String, Kept>>);

#[derive(Debug)]
struct Kept {
    stack: Option<Box<str>>,
    json: Box<[u8]>,
}

impl Store {
    /// Applies an event of the watch.
    pub fn take<K>(&self, event: &watcher::Result<Event<K>>, now: Instant)
    where
        K: Resource + Serialize,
    {
        let mut inner = self.lock();
        match event {
            Ok(Event::Init) => {
                inner.incomplete = Objects::default();
                inner.trusted_from = None;
            }
            Ok(Event::InitApply(object)) => inner.incomplete.put(object),
            Ok(Event::InitDone) => {
                inner.objects = mem::take(&mut inner.incomplete);
                inner.trusted_from = Some(now);
            }
            Ok(Event::Apply(object)) => inner.objects.put(object),
            Ok(Event::Delete(object)) => inner.objects.remove(object),
            // A watch that has recovered reports nothing until an object changes.
            Err(_) => inner.trusted_from = inner.trusted_from.map(|_| now + AFTER_ERROR),
        }
    }

    pub fn is_trusted(&self, now: Instant) -> bool {
        self.lock().trusted_from.is_some_and(|from| from <= now)
    }

    /// The objects with the stack's label, by name.
    pub fn of<K: DeserializeOwned>(&self, (namespace, stack): &StackKey) -> BTreeMap<String, K> {
        self.select(namespace, |kept| kept.stack.as_deref() == Some(stack))
    }

    /// All objects of a namespace, by name.
    pub fn within<K: DeserializeOwned>(&self, namespace: &str) -> BTreeMap<String, K> {
        self.select(namespace, |_| true)
    }

    fn select<K: DeserializeOwned>(
        &self,
        namespace: &str,
        is_wanted: impl Fn(&Kept) -> bool,
    ) -> BTreeMap<String, K> {
        let mut inner = self.lock();
        let objects = inner.objects.0.get(namespace).into_iter().flatten();
        let wanted = objects.filter(|(_, kept)| is_wanted(kept));
        let read = wanted.map(|(name, kept)| Some((name.clone(), kept.read()?)));
        let read: Option<BTreeMap<String, K>> = read.collect();
        if read.is_none() {
            // The store is not trusted until the next list; passes read from the API server meanwhile.
            warn!(
                kind = type_name::<K>(),
                "an object in the watch cache cannot be parsed"
            );
            inner.trusted_from = None;
        }
        read.unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Objects {
    fn put<K: Resource + Serialize>(&mut self, object: &K) {
        let kept = Kept {
            stack: object
                .labels()
                .get(STACK)
                .map(|stack| stack.as_str().into()),
            json: serde_json::to_vec(object).unwrap_or_default().into(),
        };
        let namespace = self.0.entry(object.namespace().unwrap_or_default());
        namespace.or_default().insert(object.name_any(), kept);
    }

    fn remove<K: Resource>(&mut self, object: &K) {
        let namespace = object.namespace().unwrap_or_default();
        let Some(objects) = self.0.get_mut(&namespace) else {
            return;
        };
        objects.remove(&object.name_any());
        if objects.is_empty() {
            self.0.remove(&namespace);
        }
    }
}

impl Kept {
    fn read<K: DeserializeOwned>(&self) -> Option<K> {
        serde_json::from_slice(&self.json).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::api::core::v1::{Pod, Service};
    use serde_json::json;

    fn service(namespace: &str, name: &str, stack: &str) -> Service {
        let service = json!({
            "metadata": { "name": name, "namespace": namespace, "labels": { STACK: stack } },
            "spec": { "clusterIP": "10.0.0.1" },
        });
        serde_json::from_value(service).unwrap()
    }

    fn names(store: &Store, namespace: &str, stack: &str) -> Vec<String> {
        let found = store.of::<Service>(&(namespace.to_owned(), stack.to_owned()));
        found.into_keys().collect()
    }

    #[test]
    fn objects_come_back_as_they_were_by_stack_and_by_namespace() {
        let (store, now) = (Store::default(), Instant::now());
        let mine = service("shops", "mine-auth", "mine");
        for service in [
            mine.clone(),
            service("shops", "other-auth", "other"),
            service("elsewhere", "mine-order", "mine"),
        ] {
            store.take(&Ok(Event::Apply(service)), now);
        }
        let found = store.of::<Service>(&("shops".to_owned(), "mine".to_owned()));
        assert_eq!(
            found,
            BTreeMap::from([("mine-auth".to_owned(), mine.clone())])
        );
        assert_eq!(store.within::<Service>("shops").len(), 2);
        store.take(&Ok(Event::Delete(mine)), now);
        assert!(names(&store, "shops", "mine").is_empty());
        assert_eq!(names(&store, "elsewhere", "mine"), ["mine-order"]);
    }

    #[test]
    fn what_cannot_be_read_is_believed_no_more() {
        let (store, now) = (Store::default(), Instant::now());
        store.take::<Service>(&Ok(Event::Init), now);
        store.take::<Service>(&Ok(Event::InitDone), now);
        store.take(&Ok(Event::Apply(service("shops", "mine", "mine"))), now);
        assert!(store.is_trusted(now));
        let key = ("shops".to_owned(), "mine".to_owned());
        assert!(store.of::<Pod>(&key).is_empty());
        assert!(!store.is_trusted(now));
    }

    #[test]
    fn a_list_takes_the_place_of_what_was_there_once_it_is_complete() {
        let (store, now) = (Store::default(), Instant::now());
        store.take(&Ok(Event::Apply(service("shops", "old", "mine"))), now);
        store.take::<Service>(&Ok(Event::Init), now);
        store.take(&Ok(Event::InitApply(service("shops", "new", "mine"))), now);
        assert_eq!(names(&store, "shops", "mine"), ["old"]);
        assert!(!store.is_trusted(now));
        store.take::<Service>(&Ok(Event::InitDone), now);
        assert_eq!(names(&store, "shops", "mine"), ["new"]);
        assert!(store.is_trusted(now));
    }
}
