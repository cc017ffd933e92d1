//! What the watches have seen of the stacks' children, so that a pass over a stack where nothing happens reads none of
//! them from the API server (OPERATOR 5).
//!
//! A store may be late, above all after our own writes. It serves to see that there is nothing to do, and for nothing
//! else: a pass over it that would write, or say anything new, is begun again over lists (`reconcile`). It is not even
//! tried after a pass that wrote, while a watch is broken, or when the last lists are long ago.

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

/// How long lists are good for. Whatever a watch may have missed is seen after that.
const LISTS_ARE_GOOD_FOR: Duration = Duration::from_mins(30);

/// The stores of every scope, and which stacks may be read from them.
#[derive(Default)]
pub struct Stores {
    scopes: Mutex<HashMap<Scope, Arc<Children>>>,
    /// When stacks were listed last of which nothing was written and nothing new was said since.
    at_rest: PerStack<Instant>,
}

/// What a pass over a stack at rest may read, and when the stack was listed.
pub struct AtRest {
    pub children: Arc<Children>,
    pub listed: Instant,
}

impl Stores {
    pub fn add(&self, scope: Scope, children: Children) {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        scopes.insert(scope, Arc::new(children));
    }

    /// What a pass that begins may read instead of lists. It has to say so again if the stack is at rest after it.
    pub fn begin(&self, stack: &StackKey, now: Instant) -> Option<AtRest> {
        let listed = self.at_rest.remove(stack)?;
        let scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        let children = scopes
            .get(&Some(stack.0.clone()))
            .or_else(|| scopes.get(&None))?;
        let is_recent = now.saturating_duration_since(listed) < LISTS_ARE_GOOD_FOR;
        (is_recent && children.are_believed(now)).then(|| AtRest {
            children: children.clone(),
            listed,
        })
    }

    /// A pass wrote nothing and said nothing new.
    pub fn rests(&self, stack: &StackKey, listed: Instant) {
        self.at_rest.insert(stack, listed);
    }

    pub fn forget(&self, stack: &StackKey) {
        self.at_rest.remove(stack);
    }
}

/// The children in a scope that have our managed-by label: a store for each kind.
pub struct Children(BTreeMap<String, Arc<Store>>);

impl Children {
    /// The stores, and the stacks whose children change. Who polls these fills those.
    pub fn watch(client: &Client, scope: &Scope) -> (Self, BoxStream<'static, StackRef>) {
        let mut watches = Watches {
            client,
            scope,
            stores: BTreeMap::new(),
            changes: Vec::new(),
        };
        watches.objects(|deployment: &mut Deployment| keep_images(&mut deployment.spec.template));
        watches.objects(|set: &mut StatefulSet| keep_images(&mut set.spec.template));
        // Its name says what it is for, and its status what came of it.
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

    fn are_believed(&self, now: Instant) -> bool {
        self.0.values().all(|store| store.is_believed(now))
    }

    /// The children of one stack, without what is not watched.
    pub fn live(&self, stack: &StackKey) -> Live {
        Live {
            may_be_late: true,
            deployments: self.of(stack),
            stateful_sets: self.of(stack),
            jobs: self.of(stack),
            services: self.metadata_of::<Service>(stack),
            service_accounts: self.metadata_of::<ServiceAccount>(stack),
            roles: self.metadata_of::<Role>(stack),
            role_bindings: self.metadata_of::<RoleBinding>(stack),
            ingresses: self.metadata_of::<Ingress>(stack),
            budgets: self.metadata_of::<PodDisruptionBudget>(stack),
            autoscalers: self
                .store::<HorizontalPodAutoscaler>()
                .map(|store| store.within(&stack.0))
                .unwrap_or_default(),
            network_policies: self.metadata_of::<NetworkPolicy>(stack),
            volumes: self.of(stack),
            patroni: BTreeMap::new(),
            strange_states: BTreeMap::new(),
        }
    }

    fn store<K: Namespaced>(&self) -> Option<&Arc<Store>> {
        self.0.get(&*K::kind(&()))
    }

    fn of<K: Namespaced>(&self, stack: &StackKey) -> BTreeMap<String, K> {
        let store = self.store::<K>();
        store.map(|store| store.of(stack)).unwrap_or_default()
    }

    fn metadata_of<K: Namespaced>(&self, stack: &StackKey) -> BTreeMap<String, ObjectMeta> {
        let objects = self.of::<PartialObjectMeta<K>>(stack).into_iter();
        objects
            .map(|(name, object)| (name, object.metadata))
            .collect()
    }
}

/// The watches of a scope, while they are set up.
struct Watches<'a> {
    client: &'a Client,
    scope: &'a Scope,
    stores: BTreeMap<String, Arc<Store>>,
    changes: Vec<BoxStream<'static, StackRef>>,
}

impl Watches<'_> {
    /// Whole objects, but for what no pass over a store needs.
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
            // An error in the Controller's stream would hold up the other watches, too.
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

/// The stack that an object belongs to: by its owner, or as a volume, which has none, by its label.
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

/// Of pods, all that decisions read is the images: the rest is large.
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
        stores.rests(&shop, now);
        assert!(stores.begin(&shop, now + LATER).is_some());
        // That pass wrote, or failed: it did not say that the stack is at rest.
        assert!(stores.begin(&shop, now + LATER).is_none());
        stores.rests(&shop, now);
        stores.forget(&shop);
        assert!(stores.begin(&shop, now + LATER).is_none());
    }

    #[tokio::test]
    async fn stores_are_not_read_long_after_the_last_lists() {
        let (shop, now) = (shop(), Instant::now());
        let stores = stores(now);
        stores.rests(&shop, now);
        let rest = stores.begin(&shop, now + LATER).unwrap();
        stores.rests(&shop, rest.listed);
        assert!(stores.begin(&shop, now + LISTS_ARE_GOOD_FOR).is_none());
    }

    #[tokio::test]
    async fn stores_are_not_read_while_one_watch_is_broken() {
        let (shop, now) = (shop(), Instant::now());
        let stores = stores(now);
        let children = stores.scopes.lock().unwrap()[&None].clone();
        let store = children.0.values().nth(3).unwrap();
        let begins = |now| {
            stores.rests(&shop, now);
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
