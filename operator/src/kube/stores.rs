//! The children of stacks, as the watches report them, so that a pass over an unchanged stack reads none of them from
//! the API server (OPERATOR 5).
//!
//! A store may be stale, above all after the operator's own writes. It only serves to find that there is nothing to do:
//! a pass over it that would write, or would change the status, starts again from lists (`reconcile`). No store is used
//! after a pass that wrote, while a watch is broken, or long after the last lists.

mod store;

use crate::kube::{
    labels::{MANAGED_BY, STACK, managed_selector},
    live::Live,
    per_stack::{PerStack, StackKey},
    scope::{Namespaced, PAGE, Scope, StackRef, api},
};
use futures::{
    StreamExt as _,
    future::ready,
    stream::{BoxStream, select_all},
};
use k8s_openapi::{
    api::{
        apps::v1::{Deployment, StatefulSet},
        autoscaling::v2::HorizontalPodAutoscaler,
        batch::v1::Job,
        core::v1::{
            Container, PersistentVolumeClaim, PodSpec, PodTemplateSpec, Service, ServiceAccount,
        },
        networking::v1::{Ingress, NetworkPolicy},
        policy::v1::PodDisruptionBudget,
        rbac::v1::{Role, RoleBinding},
    },
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use kube::{
    Client, Resource as _,
    core::PartialObjectMeta,
    runtime::{
        WatchStreamExt as _,
        watcher::{self, watcher},
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use store::Store;
use tracing::warn;

/// How long after the last lists the stores are used. It bounds how long an event that a watch has missed can go
/// unnoticed.
const LISTS_ARE_GOOD_FOR: Duration = Duration::from_mins(30);

/// The stores of every scope, and the stacks that may be read from them.
#[derive(Default)]
pub struct Stores {
    scopes: Mutex<HashMap<Scope, Arc<Children>>>,
    /// When stacks were listed last whose passes since then wrote nothing and changed no status.
    idle: PerStack<Instant>,
}

/// What a pass over an idle stack may read, and when the stack was listed.
pub struct Idle {
    pub children: Arc<Children>,
    pub listed: Instant,
}

impl Stores {
    pub fn add(&self, scope: Scope, children: Children) {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        scopes.insert(scope, Arc::new(children));
    }

    /// What a starting pass may read instead of lists. The pass has to mark the stack as idle again.
    pub fn begin(&self, stack: &StackKey, now: Instant) -> Option<Idle> {
        let listed = self.idle.remove(stack)?;
        let scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        let children = scopes
            .get(&Some(stack.0.clone()))
            .or_else(|| scopes.get(&None))?;
        let is_recent = now.saturating_duration_since(listed) < LISTS_ARE_GOOD_FOR;
        (is_recent && children.are_trusted(now)).then(|| Idle {
            children: children.clone(),
            listed,
        })
    }

    /// A pass wrote nothing and changed no status.
    pub fn mark_idle(&self, stack: &StackKey, listed: Instant) {
        self.idle.insert(stack, listed);
    }

    pub fn forget(&self, stack: &StackKey) {
        self.idle.remove(stack);
    }
}

/// The children in a scope that have our managed-by label: a store for each kind.
pub struct Children(BTreeMap<String, Arc<Store>>);

impl Children {
    /// The stores, and the stream of stacks whose children change. Polling the stream fills the stores.
    pub fn watch(client: &Client, scope: &Scope) -> (Self, BoxStream<'static, StackRef>) {
        let mut watches = Watches {
            client,
            scope,
            stores: BTreeMap::new(),
            changes: Vec::new(),
        };
        watches.objects(|deployment: &mut Deployment| keep_images(&mut deployment.spec.template));
        watches.objects(|set: &mut StatefulSet| keep_images(&mut set.spec.template));
        // Only its name and its status are read.
        watches.objects(|job: &mut Job| job.spec = None);
        watches.objects(|_: &mut HorizontalPodAutoscaler| {});
        watches.objects(|_: &mut PersistentVolumeClaim| {});
        watches.metadata::<Service>();
        watches.metadata::<ServiceAccount>();
        watches.metadata::<Role>();
        watches.metadata::<RoleBinding>();
        watches.metadata::<Ingress>();
        watches.metadata::<PodDisruptionBudget>();
        watches.metadata::<NetworkPolicy>();
        (Self(watches.stores), select_all(watches.changes).boxed())
    }

    fn are_trusted(&self, now: Instant) -> bool {
        self.0.values().all(|store| store.is_trusted(now))
    }

    /// The children of one stack, without the kinds that are not watched.
    pub fn live(&self, stack: &StackKey) -> Live {
        Live {
            may_be_stale: true,
            deployments: self.of(stack),
            stateful_sets: self.of(stack),
            jobs: self.of(stack),
            services: self.of(stack),
            service_accounts: self.of(stack),
            roles: self.of(stack),
            role_bindings: self.of(stack),
            ingresses: self.of(stack),
            budgets: self.of(stack),
            autoscalers: self
                .store::<HorizontalPodAutoscaler>()
                .map(|store| store.within(&stack.0))
                .unwrap_or_default(),
            network_policies: self.of(stack),
            volumes: self.of(stack),
            patroni: BTreeMap::new(),
            foreign_states: BTreeMap::new(),
        }
    }

    fn store<K: Namespaced>(&self) -> Option<&Arc<Store>> {
        self.0.get(&*K::kind(&()))
    }

    fn of<K: Namespaced>(&self, stack: &StackKey) -> BTreeMap<String, K> {
        let store = self.store::<K>();
        store.map(|store| store.of(stack)).unwrap_or_default()
    }
}

/// The watches of a scope during setup.
struct Watches<'a> {
    client: &'a Client,
    scope: &'a Scope,
    stores: BTreeMap<String, Arc<Store>>,
    changes: Vec<BoxStream<'static, StackRef>>,
}

impl Watches<'_> {
    /// Watches whole objects, without the parts that no pass over a store needs.
    fn objects<K: Namespaced>(&mut self, reduce: fn(&mut K)) {
        let store = self.stores.entry(K::kind(&()).into_owned());
        let store = store.or_default().clone();
        let changes = watcher(api::<K>(self.client, self.scope), ours())
            .default_backoff()
            .modify(move |object| {
                object.meta_mut().managed_fields = None;
                reduce(object);
            })
            .inspect(move |event| {
                store.take(event, Instant::now());
                if let Err(error) = event {
                    warn!(kind = %K::kind(&()), error = %error, "a watch returned an error");
                }
            })
            .touched_objects()
            // An error in the Controller's stream would delay the other watches, too.
            .filter_map(|object| ready(object.ok().and_then(|object| stack_of(object.meta()))));
        self.changes.push(changes.boxed());
    }

    fn metadata<K: Namespaced>(&mut self) {
        self.objects(|object: &mut PartialObjectMeta<K>| {
            let metadata = object.meta_mut();
            metadata.annotations = None;
            if let Some(labels) = &mut metadata.labels {
                labels.retain(|label, _| [STACK, MANAGED_BY].contains(&label.as_str()));
            }
        });
    }
}

fn ours() -> watcher::Config {
    watcher::Config::default()
        .labels(&managed_selector())
        .page_size(PAGE)
}

/// The stack that an object belongs to: by its owner reference, or by its label if it has none, as a volume.
fn stack_of(metadata: &ObjectMeta) -> Option<StackRef> {
    let namespace = metadata.namespace.as_deref()?;
    let mut owners = metadata.owner_references.iter().flatten();
    owners
        .find_map(|owner| StackRef::from_owner_ref(Some(namespace), owner, ()))
        .or_else(|| {
            let name = metadata.labels.as_ref()?.get(STACK)?;
            Some(StackRef::new(name).within(namespace))
        })
}

/// Decisions read only the images of a pod template; the rest is large.
fn keep_images(template: &mut PodTemplateSpec) {
    template.metadata = None;
    let Some(spec) = &mut template.spec else {
        return;
    };
    let containers = mem::take(&mut spec.containers).into_iter();
    let containers = containers.map(|container| Container {
        name: container.name,
        image: container.image,
        ..Container::default()
    });
    *spec = PodSpec {
        containers: containers.collect(),
        ..PodSpec::default()
    };
}

#[cfg(test)]
mod tests {
    use super::{store::AFTER_ERROR, *};
    use axum::http::{Request, Response};
    use kube::{client::Body, runtime::watcher::Event};
    use std::{convert::Infallible, future::pending};

    const LATER: Duration = Duration::from_secs(5);

    /// Stores that have been filled, with nothing.
    fn stores(now: Instant) -> Stores {
        let unreachable =
            tower::service_fn(|_: Request<Body>| pending::<Result<Response<Body>, Infallible>>());
        let client = Client::new(unreachable, "shops");
        let (children, _) = Children::watch(&client, &None);
        for store in children.0.values() {
            store.take::<Service>(&Ok(Event::InitDone), now);
        }
        let stores = Stores::default();
        stores.add(None, children);
        stores
    }

    fn shop() -> StackKey {
        ("shops".to_owned(), "shop".to_owned())
    }

    #[tokio::test]
    async fn stores_are_read_only_after_a_pass_that_wrote_nothing() {
        let (shop, now) = (shop(), Instant::now());
        let stores = stores(now);
        assert!(stores.begin(&shop, now).is_none(), "never listed");
        stores.mark_idle(&shop, now);
        assert!(stores.begin(&shop, now + LATER).is_some());
        // That pass wrote, or failed: it did not say that the stack is at rest.
        assert!(stores.begin(&shop, now + LATER).is_none());
        stores.mark_idle(&shop, now);
        stores.forget(&shop);
        assert!(stores.begin(&shop, now + LATER).is_none());
    }

    #[tokio::test]
    async fn stores_are_not_read_long_after_the_last_lists() {
        let (shop, now) = (shop(), Instant::now());
        let stores = stores(now);
        stores.mark_idle(&shop, now);
        let rest = stores.begin(&shop, now + LATER).unwrap();
        stores.mark_idle(&shop, rest.listed);
        assert!(stores.begin(&shop, now + LISTS_ARE_GOOD_FOR).is_none());
    }

    #[tokio::test]
    async fn stores_are_not_read_while_one_watch_is_broken() {
        let (shop, now) = (shop(), Instant::now());
        let stores = stores(now);
        let children = stores.scopes.lock().unwrap()[&None].clone();
        let store = children.0.values().nth(3).unwrap();
        let begins = |now| {
            stores.mark_idle(&shop, now);
            stores.begin(&shop, now).is_some()
        };
        store.take::<Service>(&Err(watcher::Error::NoResourceVersion), now);
        assert!(!begins(now + LATER));
        assert!(begins(now + AFTER_ERROR));
        store.take::<Service>(&Ok(Event::Init), now);
        store.take::<Service>(&Err(watcher::Error::NoResourceVersion), now);
        assert!(!begins(now + AFTER_ERROR));
        store.take::<Service>(&Ok(Event::InitDone), now + AFTER_ERROR);
        assert!(begins(now + AFTER_ERROR));
    }
}
