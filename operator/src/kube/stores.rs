//! What the watches have seen of the stacks' children, so that a pass over a stack where nothing happens reads none of
//! them from the API server (OPERATOR 5).
//!
//! A store may be late, above all after our own writes. It serves to see that there is nothing to do, and for nothing
//! else: a pass over it that would write, or say anything new, is begun again over lists (`reconcile`). It is not even
//! tried after a pass that wrote, while a watch is broken, or when the last lists are long ago.

mod store;

use crate::kube::{
    apply_cache::StackKey,
    labels::{MANAGED_BY, STACK, managed_selector},
    live::Live,
    scope::{PAGE, Scope, StackRef, api},
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
    Client, Resource,
    core::{NamespaceResourceScope, PartialObjectMeta},
    runtime::{
        WatchStreamExt as _,
        watcher::{self, watcher},
    },
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
    marker::PhantomData,
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
    at_rest: Mutex<HashMap<StackKey, Instant>>,
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
        let listed = self.with(|at_rest| at_rest.remove(stack))?;
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
        self.with(|at_rest| at_rest.insert(stack.clone(), listed));
    }

    pub fn forget(&self, stack: &StackKey) {
        self.with(|at_rest| at_rest.remove(stack));
    }

    fn with<T>(&self, work: impl FnOnce(&mut HashMap<StackKey, Instant>) -> T) -> T {
        work(&mut self.at_rest.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The children in a scope that have our managed-by label.
pub struct Children {
    deployments: Watched<Deployment>,
    stateful_sets: Watched<StatefulSet>,
    jobs: Watched<Job>,
    autoscalers: Watched<HorizontalPodAutoscaler>,
    volumes: Watched<PersistentVolumeClaim>,
    services: Watched<PartialObjectMeta<Service>>,
    service_accounts: Watched<PartialObjectMeta<ServiceAccount>>,
    roles: Watched<PartialObjectMeta<Role>>,
    role_bindings: Watched<PartialObjectMeta<RoleBinding>>,
    ingresses: Watched<PartialObjectMeta<Ingress>>,
    budgets: Watched<PartialObjectMeta<PodDisruptionBudget>>,
    network_policies: Watched<PartialObjectMeta<NetworkPolicy>>,
}

impl Children {
    /// The stores, and the stacks whose children change. Who polls these fills those.
    pub fn watch(client: &Client, scope: &Scope) -> (Self, BoxStream<'static, StackRef>) {
        let mut watches = Watches {
            client,
            scope,
            changes: Vec::new(),
        };
        let children = Self {
            deployments: watches.objects(|deployment: &mut Deployment| {
                keep_images(&mut deployment.spec.template);
            }),
            stateful_sets: watches.objects(|set: &mut StatefulSet| {
                keep_images(&mut set.spec.template);
            }),
            // Its name says what it is for, and its status what came of it.
            jobs: watches.objects(|job: &mut Job| job.spec = None),
            autoscalers: watches.objects(|_| {}),
            volumes: watches.objects(|_| {}),
            services: watches.metadata(),
            service_accounts: watches.metadata(),
            roles: watches.metadata(),
            role_bindings: watches.metadata(),
            ingresses: watches.metadata(),
            budgets: watches.metadata(),
            network_policies: watches.metadata(),
        };
        (children, select_all(watches.changes).boxed())
    }

    fn are_believed(&self, now: Instant) -> bool {
        let stores = self.stores();
        stores.iter().all(|store| store.is_believed(now))
    }

    fn stores(&self) -> [&Store; 12] {
        let Self {
            deployments,
            stateful_sets,
            jobs,
            autoscalers,
            volumes,
            services,
            service_accounts,
            roles,
            role_bindings,
            ingresses,
            budgets,
            network_policies,
        } = self;
        [
            &deployments.store,
            &stateful_sets.store,
            &jobs.store,
            &autoscalers.store,
            &volumes.store,
            &services.store,
            &service_accounts.store,
            &roles.store,
            &role_bindings.store,
            &ingresses.store,
            &budgets.store,
            &network_policies.store,
        ]
    }

    /// The children of one stack, without what is not watched.
    pub fn live(&self, stack: &StackKey) -> Live {
        Live {
            may_be_late: true,
            deployments: self.deployments.of(stack),
            stateful_sets: self.stateful_sets.of(stack),
            jobs: self.jobs.of(stack),
            services: self.services.metadata_of(stack),
            service_accounts: self.service_accounts.metadata_of(stack),
            roles: self.roles.metadata_of(stack),
            role_bindings: self.role_bindings.metadata_of(stack),
            ingresses: self.ingresses.metadata_of(stack),
            budgets: self.budgets.metadata_of(stack),
            autoscalers: self.autoscalers.within(&stack.0),
            network_policies: self.network_policies.metadata_of(stack),
            volumes: self.volumes.of(stack),
            patroni: BTreeMap::new(),
            strange_states: BTreeMap::new(),
        }
    }
}

/// The objects of one kind.
struct Watched<K> {
    store: Arc<Store>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Watched<K> {
    fn of(&self, stack: &StackKey) -> BTreeMap<String, K> {
        self.store.of(stack)
    }

    fn within(&self, namespace: &str) -> BTreeMap<String, K> {
        self.store.within(namespace)
    }

    fn metadata_of(&self, stack: &StackKey) -> BTreeMap<String, ObjectMeta> {
        let objects = self.of(stack).into_iter();
        objects
            .map(|(name, mut object)| (name, mem::take(object.meta_mut())))
            .collect()
    }
}

/// What can be watched in a namespace.
trait Kind:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
}

impl<K> Kind for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

/// The watches of a scope, while they are set up.
struct Watches<'a> {
    client: &'a Client,
    scope: &'a Scope,
    changes: Vec<BoxStream<'static, StackRef>>,
}

impl Watches<'_> {
    /// Whole objects, but for what no pass over a store needs.
    fn objects<K: Kind>(&mut self, reduce: fn(&mut K)) -> Watched<K> {
        let watched = Watched {
            store: Arc::default(),
            kind: PhantomData,
        };
        let filled = watched.store.clone();
        let changes = watcher(api::<K>(self.client, self.scope), ours())
            .default_backoff()
            .modify(move |object| {
                object.meta_mut().managed_fields = None;
                reduce(object);
            })
            .inspect(move |event| {
                filled.take(event, Instant::now());
                if let Err(error) = event {
                    warn!(kind = %K::kind(&()), error = %error, "a watch returned an error");
                }
            })
            .touched_objects()
            // An error in the Controller's stream would hold up the other watches, too.
            .filter_map(|object| ready(object.ok().and_then(|object| stack_of(object.meta()))));
        self.changes.push(changes.boxed());
        watched
    }

    fn metadata<K: Kind>(&mut self) -> Watched<PartialObjectMeta<K>> {
        self.objects(|object: &mut PartialObjectMeta<K>| {
            let metadata = object.meta_mut();
            metadata.annotations = None;
            if let Some(labels) = &mut metadata.labels {
                labels.retain(|label, _| [STACK, MANAGED_BY].contains(&label.as_str()));
            }
        })
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
        for store in children.stores() {
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
        let store = children.stores()[3];
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
