//! What the watches have seen of the stacks' children, so that a pass over a stack where nothing happens reads none of
//! them from the API server (OPERATOR 5).
//!
//! A store may be late, above all after our own writes. It serves to see that there is nothing to do, and for nothing
//! else: a pass over it that would write, or say anything new, is begun again over lists (`reconcile`). It is not even
//! tried after a pass that wrote, while a watch is broken, or when the last lists are long ago.

use crate::{
    controller::{PAGE, Scope, StackRef, api},
    fetch::Live,
    labels::{MANAGED_BY, STACK, is_labeled, managed_selector},
    seen::StackKey,
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
    Client, Resource, ResourceExt as _,
    core::{NamespaceResourceScope, PartialObjectMeta},
    runtime::{
        WatchStreamExt as _,
        reflector::{self, Store},
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tracing::warn;

/// How long lists are good for. Whatever a watch may have missed is seen after that.
const LISTS_ARE_GOOD_FOR: Duration = Duration::from_mins(30);

/// A watch that does not work reports errors more often than this.
const AFTER_ERROR: Duration = Duration::from_mins(1);

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
        let healths = self.healths();
        healths.iter().all(|health| health.is_believed(now))
    }

    fn healths(&self) -> [&Health; 12] {
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
            &deployments.health,
            &stateful_sets.health,
            &jobs.health,
            &autoscalers.health,
            &volumes.health,
            &services.health,
            &service_accounts.health,
            &roles.health,
            &role_bindings.health,
            &ingresses.health,
            &budgets.health,
            &network_policies.health,
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
        }
    }
}

/// The objects of one kind.
struct Watched<K: Resource<DynamicType = ()> + Clone + 'static> {
    store: Store<K>,
    health: Arc<Health>,
}

impl<K: Resource<DynamicType = ()> + Clone + 'static> Watched<K> {
    fn of(&self, (namespace, name): &StackKey) -> BTreeMap<String, K> {
        self.select(namespace, |metadata| is_labeled(name, metadata))
    }

    fn within(&self, namespace: &str) -> BTreeMap<String, K> {
        self.select(namespace, |_| true)
    }

    fn metadata_of(&self, stack: &StackKey) -> BTreeMap<String, ObjectMeta> {
        let objects = self.of(stack).into_iter();
        objects
            .map(|(name, mut object)| (name, mem::take(object.meta_mut())))
            .collect()
    }

    fn select(
        &self,
        namespace: &str,
        is_wanted: impl Fn(&ObjectMeta) -> bool,
    ) -> BTreeMap<String, K> {
        let all = self.store.state().into_iter();
        all.filter(|object| {
            let metadata = object.meta();
            metadata.namespace.as_deref() == Some(namespace) && is_wanted(metadata)
        })
        .map(|object| (object.name_any(), K::clone(&object)))
        .collect()
    }
}

/// Since when, or from when on, a store is believed; never before its first list, nor while it is filled again.
#[derive(Debug, Default)]
struct Health(Mutex<Option<Instant>>);

impl Health {
    fn is_believed(&self, now: Instant) -> bool {
        let from = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        from.is_some_and(|from| from <= now)
    }

    fn note<K>(&self, event: &watcher::Result<Event<K>>, now: Instant) {
        let mut from = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Ok(Event::Init) => *from = None,
            Ok(Event::InitDone) => *from = Some(now),
            Ok(Event::InitApply(_) | Event::Apply(_) | Event::Delete(_)) => {}
            // A watch that goes on says nothing until something changes.
            Err(_) => *from = from.map(|_| now + AFTER_ERROR),
        }
    }
}

/// What can be watched in a namespace.
trait Kind:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + Debug
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
    fn objects<K: Kind>(&mut self, slim: fn(&mut K)) -> Watched<K> {
        let (store, writer) = reflector::store::<K>();
        let health = Arc::new(Health::default());
        let watched = health.clone();
        let changes = watcher(api::<K>(self.client, self.scope), ours())
            .default_backoff()
            .modify(move |object| {
                object.meta_mut().managed_fields = None;
                slim(object);
            })
            .reflect(writer)
            .inspect(move |event| {
                watched.note(event, Instant::now());
                if let Err(error) = event {
                    warn!(kind = %K::kind(&()), error = %error, "a watch reports an error");
                }
            })
            .touched_objects()
            // An error in the Controller's stream would hold up the other watches, too.
            .filter_map(|object| ready(object.ok().and_then(|object| stack_of(object.meta()))));
        self.changes.push(changes.boxed());
        Watched { store, health }
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
    use super::*;
    use axum::http::{Request, Response};
    use kube::client::Body;
    use std::{convert::Infallible, future::pending};

    const LATER: Duration = Duration::from_secs(5);

    /// Stores that have been filled, with nothing.
    fn stores(now: Instant) -> Stores {
        let nobody =
            tower::service_fn(|_: Request<Body>| pending::<Result<Response<Body>, Infallible>>());
        let client = Client::new(nobody, "shops");
        let (children, _) = Children::watch(&client, &None);
        for health in children.healths() {
            health.note::<Service>(&Ok(Event::InitDone), now);
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
        let health = children.healths()[3];
        let begins = |now| {
            stores.rests(&shop, now);
            stores.begin(&shop, now).is_some()
        };
        health.note::<Service>(&Err(watcher::Error::NoResourceVersion), now);
        assert!(!begins(now + LATER));
        assert!(begins(now + AFTER_ERROR));
        health.note::<Service>(&Ok(Event::Init), now);
        health.note::<Service>(&Err(watcher::Error::NoResourceVersion), now);
        assert!(!begins(now + AFTER_ERROR));
        health.note::<Service>(&Ok(Event::InitDone), now + AFTER_ERROR);
        assert!(begins(now + AFTER_ERROR));
    }
}
