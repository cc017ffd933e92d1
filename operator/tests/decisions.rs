//! What a pass decides from what it found: releases, credentials, owners, status. No cluster, only values.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

// In a folder, since a file beside this one would be a test program of its own.
#[path = "decisions/data.rs"]
mod data;

use ecommercestack_crds::{
    ComponentStatus, ComponentStatuses, ConditionType, DeletionPolicy, EcommerceStackStatus,
};
use ecommercestack_operator::{
    apply::{Applied, Problem},
    audits::{Audit, AuditFinding, Audits},
    build::{Desired, build},
    children::{access::PostgresRole, secrets},
    component::Application,
    credentials::{Credential, Credentials, complete},
    fetch::{Fetched, Live},
    identity::of_state,
    labels::labels,
    pod_failures::is_being_made,
    randomness::{OperatingSystem, Placeholders},
    releases::{Releases, decide},
    render::parse,
    restart::restarts,
    retention::{Course, metadata_changes, orphaned_states, predecessors, volume_marks},
    routing::Routing,
    status::{Report, StepError, condition, is_true, status},
    validate::{ValidStack, validate},
    warnings::{Warnings, last_warning},
};
use jiff::Timestamp;
use k8s_openapi::{
    api::{
        apps::v1::{Deployment, StatefulSet, StatefulSetStatus},
        batch::v1::{Job, JobCondition, JobStatus},
        core::v1::{
            ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting,
            ContainerStatus, Event, PersistentVolumeClaim, Pod, PodCondition, PodStatus,
        },
    },
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time},
};
use kube::ResourceExt as _;
use std::collections::BTreeMap;

/// A shop whose database is up and bootstrapped; `extra` is appended to the spec.
struct World {
    fetched: Fetched,
    audits: Audits,
}

impl World {
    fn new(extra: &str) -> Self {
        let yaml = format!(
            "{{apiVersion: ecommercestack.dev/v1alpha1, kind: EcommerceStack, metadata: {{name: shop, generation: 3}}, spec: {{version: 'new', database: {{managed: {{storage: {{size: 1Gi}}}}}}{extra}}}}}"
        );
        let stack = parse(&yaml, "shops").unwrap().remove(0);
        let database = StatefulSet {
            status: Some(StatefulSetStatus {
                ready_replicas: Some(1),
                updated_replicas: Some(1),
                ..Default::default()
            }),
            ..Default::default()
        };
        let live = Live {
            stateful_sets: BTreeMap::from([("shop-postgres".into(), database)]),
            ..Default::default()
        };
        let fetched = Fetched {
            stack,
            namespace_terminating: false,
            secrets: BTreeMap::new(),
            system_identifier: Some("1".into()),
            live,
            pods: Vec::new(),
            warnings: Warnings::default(),
            ingress_classes: None,
        };
        let mut world = Self {
            fetched,
            audits: Audits::not_read("nobody asked"),
        };
        world.promote("postgres", "docker.io/ecommercestack/postgres:new");
        let job = world.releases().postgres.bootstrap.unwrap().job;
        world.finish(&job, "Complete");
        world
    }

    fn stack(&self) -> ValidStack {
        validate(&self.fetched.stack).unwrap()
    }

    fn credentials(&self) -> Credentials {
        complete(
            &self.stack(),
            &self.fetched.secrets,
            false,
            &mut Placeholders,
        )
        .unwrap()
    }

    fn releases(&self) -> Releases {
        decide(&self.stack(), &self.fetched, &self.credentials())
    }

    fn desired(&self) -> Desired {
        build(
            &self.stack(),
            &self.fetched,
            &self.credentials(),
            &self.releases(),
            &role(),
        )
    }

    fn image(&self, application: Application) -> Option<String> {
        self.releases().of(application).image.clone()
    }

    fn promote(&mut self, component: &str, image: &str) {
        let status = self.fetched.stack.status.get_or_insert_default();
        let components = status
            .components
            .get_or_insert_with(ComponentStatuses::default);
        let new = Some(ComponentStatus {
            image: Some(image.into()),
            ..Default::default()
        });
        match component {
            "postgres" => components.postgres = new,
            "auth" => components.auth = new,
            "product" => components.product = new,
            _ => components.order = new,
        }
    }

    fn finish(&mut self, job: &Job, type_: &str) {
        let mut job = job.clone();
        let condition = JobCondition {
            type_: type_.into(),
            status: "True".into(),
            ..Default::default()
        };
        job.status = Some(JobStatus {
            conditions: Some(vec![condition]),
            ..Default::default()
        });
        self.fetched.live.jobs.insert(job.name_any(), job);
    }

    fn migrate(&mut self, application: Application, type_: &str) -> String {
        let job = self
            .releases()
            .of(application)
            .migration
            .clone()
            .unwrap()
            .job;
        self.finish(&job, type_);
        job.name_any()
    }

    fn pod_of(&mut self, job: &str, state: ContainerState) {
        let container = ContainerStatus {
            state: Some(state),
            image: "the-image".into(),
            ..Default::default()
        };
        self.fetched.pods.push(Pod {
            metadata: ObjectMeta {
                labels: Some(
                    [("batch.kubernetes.io/job-name".to_owned(), job.to_owned())]
                        .into_iter()
                        .collect(),
                ),
                ..Default::default()
            },
            status: Some(PodStatus {
                container_statuses: Some(vec![container]),
                ..Default::default()
            }),
            ..Default::default()
        });
    }

    fn status(&self, applied: Applied) -> EcommerceStackStatus {
        self.later(None, applied, Timestamp::UNIX_EPOCH)
    }

    /// The status after this one.
    fn later(
        &self,
        before: Option<&EcommerceStackStatus>,
        applied: Applied,
        now: Timestamp,
    ) -> EcommerceStackStatus {
        let report = Report {
            stack: self.stack(),
            fetched: self.fetched.clone(),
            releases: self.releases(),
            applied,
            routing: Routing::NoIngress,
            audits: self.audits.clone(),
        };
        status(before, Some(3), now, &Ok(report))
    }

    fn message(&self, type_: ConditionType) -> (String, String) {
        let status = self.status(Applied::default());
        let condition = condition(&status.conditions, type_).unwrap();
        (condition.reason.clone(), condition.message.clone())
    }
}

fn role() -> PostgresRole {
    PostgresRole {
        name: "role".into(),
        kind: "Role",
    }
}

const OLD: &str = "docker.io/ecommercestack/auth:old";
const NEW: &str = "docker.io/ecommercestack/auth:new";

#[test]
fn a_service_gets_no_image_before_its_first_migration() {
    let mut world = World::new("");
    assert_eq!(world.image(Application::Auth), None);
    world.migrate(Application::Auth, "Complete");
    assert_eq!(world.image(Application::Auth).as_deref(), Some(NEW));
}

#[test]
fn a_closed_gate_holds_the_image_and_nothing_else() {
    let mut world = World::new(", components: {auth: {replicas: 4}}");
    world.promote("auth", OLD);
    world.migrate(Application::Auth, "Failed");
    let desired = world.desired();
    let auth = &desired.deployments[0];
    let image = auth
        .deployment
        .spec
        .template
        .spec
        .as_ref()
        .unwrap()
        .containers[0]
        .image
        .as_deref();
    assert_eq!((image, auth.replicas), (Some(OLD), Some(4)));
}

#[test]
fn a_later_service_waits_for_the_release_of_an_earlier_one() {
    let mut world = World::new("");
    world.promote("auth", OLD);
    world.promote("product", "docker.io/ecommercestack/product:old");
    world.migrate(Application::Product, "Complete");
    assert!(world.image(Application::Product).unwrap().ends_with(":old"));
    world.migrate(Application::Auth, "Complete");
    assert!(world.image(Application::Product).unwrap().ends_with(":new"));
}

#[test]
fn a_lost_status_is_read_from_the_live_deployment() {
    let mut world = World::new("");
    world.migrate(Application::Auth, "Complete");
    let desired = world.desired();
    let mut live: Deployment = desired.deployments[0].deployment.clone();
    live.spec.template.spec.as_mut().unwrap().containers[0].image = Some(OLD.into());
    world
        .fetched
        .live
        .deployments
        .insert("shop-auth".into(), live);
    world
        .fetched
        .live
        .jobs
        .retain(|name, _| name.contains("bootstrap"));
    assert_eq!(world.image(Application::Auth).as_deref(), Some(OLD));
}

#[test]
fn the_databases_image_waits_for_its_bootstrap_unless_the_database_is_broken() {
    let mut world = World::new("");
    world.promote("postgres", "docker.io/ecommercestack/postgres:old");
    assert!(
        world.releases().postgres.image.ends_with(":new"),
        "the bootstrap of `new` went through"
    );
    world.fetched.live.jobs.clear();
    assert!(world.releases().postgres.image.ends_with(":old"));
    world.pod_of("none", waiting("ImagePullBackOff", "not found"));
    let pod = world.fetched.pods.last_mut().unwrap();
    pod.metadata.labels = Some(labels("shop", "postgres"));
    assert!(world.releases().postgres.image.ends_with(":new"));
}

#[test]
fn a_healthy_database_restarts_between_migrations_and_not_for_the_bootstrap() {
    let mut world = World::new("");
    let sets = &mut world.fetched.live.stateful_sets;
    let set = sets.get_mut("shop-postgres").unwrap();
    set.status.as_mut().unwrap().update_revision = Some("new".into());
    set.metadata.uid = Some("set".into());
    let of_set = OwnerReference {
        uid: "set".into(),
        ..Default::default()
    };
    let mut own = labels("shop", "postgres");
    own.insert("controller-revision-hash".into(), "old".into());
    let ready = PodCondition {
        type_: "Ready".into(),
        status: "True".into(),
        ..Default::default()
    };
    world.fetched.pods.push(Pod {
        metadata: ObjectMeta {
            name: Some("shop-postgres-0".into()),
            labels: Some(own),
            owner_references: Some(vec![of_set]),
            ..Default::default()
        },
        status: Some(PodStatus {
            conditions: Some(vec![ready]),
            ..Default::default()
        }),
        ..Default::default()
    });
    // With a new superuser's password that Job can only end after the restart.
    for job in world.fetched.live.jobs.values_mut() {
        job.status = None;
    }
    assert_eq!(restarts(&world.stack(), &world.fetched).len(), 1);
    // The data would go with the pod.
    let mut leaving = volume("v");
    leaving.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    world.with_volume(leaving);
    assert!(restarts(&world.stack(), &world.fetched).is_empty());
    world.with_volume(volume("v"));
    assert_eq!(restarts(&world.stack(), &world.fetched).len(), 1);
    let gate = world.releases().of(Application::Auth).migration.clone();
    let job = gate.unwrap().job;
    world.fetched.live.jobs.insert(job.name_any(), job);
    assert!(restarts(&world.stack(), &world.fetched).is_empty());
}

#[test]
fn a_migration_waits_for_a_database_that_restarts() {
    let mut world = World::new("");
    assert!(
        world
            .releases()
            .of(Application::Auth)
            .migration
            .as_ref()
            .unwrap()
            .may_start
    );
    world
        .fetched
        .live
        .stateful_sets
        .get_mut("shop-postgres")
        .unwrap()
        .status = None;
    assert!(
        !world
            .releases()
            .of(Application::Auth)
            .migration
            .as_ref()
            .unwrap()
            .may_start
    );
    assert_eq!(
        world.message(ConditionType::AuthReady).0,
        "WaitingForDatabase"
    );
}

fn waiting(reason: &str, message: &str) -> ContainerState {
    let waiting = ContainerStateWaiting {
        reason: Some(reason.into()),
        message: Some(message.into()),
    };
    ContainerState {
        waiting: Some(waiting),
        ..Default::default()
    }
}

#[test]
fn a_failed_migration_says_why_what_serves_and_what_to_do() {
    let mut world = World::new("");
    world.promote("auth", OLD);
    let job = world.migrate(Application::Auth, "Failed");
    let end = ContainerStateTerminated {
        exit_code: 1,
        message: Some("column exists\nalready".into()),
        ..Default::default()
    };
    world.pod_of(
        &job,
        ContainerState {
            terminated: Some(end),
            ..Default::default()
        },
    );
    let (reason, message) = world.message(ConditionType::AuthReady);
    assert_eq!(reason, "MigrationFailed");
    for part in [
        "exit 1: column exists already",
        OLD,
        NEW,
        &format!("kubectl delete job {job}"),
    ] {
        assert!(message.contains(part), "{message} lacks {part}");
    }
    assert_eq!(world.message(ConditionType::Ready), (reason, message));
}

#[test]
fn an_image_that_cannot_be_pulled_is_told_from_a_job_that_runs() {
    let mut world = World::new("");
    let job = world
        .releases()
        .of(Application::Auth)
        .migration
        .clone()
        .unwrap()
        .job;
    world.fetched.live.jobs.insert(job.name_any(), job.clone());
    assert_eq!(world.message(ConditionType::AuthReady).0, "Migrating");
    world.pod_of(
        &job.name_any(),
        waiting("ErrImagePull", "failed: rpc error: not found"),
    );
    let (reason, message) = world.message(ConditionType::AuthReady);
    assert_eq!(reason, "ImageUnavailable");
    assert!(message.contains("the-image (not found)"), "{message}");
}

#[test]
fn existing_values_are_kept_and_missing_ones_completed() {
    let world = World::new("");
    let stack = world.stack();
    let first = complete(&stack, &BTreeMap::new(), false, &mut OperatingSystem).unwrap();
    let mut live: BTreeMap<_, _> = first
        .writes
        .iter()
        .map(|write| (write.credential, secrets::secret(&stack, write)))
        .collect();
    let again = complete(&stack, &live, false, &mut OperatingSystem).unwrap();
    assert!(again.writes.is_empty());
    assert_eq!(
        first.fingerprint(&Credential::ALL),
        again.fingerprint(&Credential::ALL)
    );

    let jwt = live
        .get_mut(&Credential::SigningKeys)
        .unwrap()
        .data
        .as_mut()
        .unwrap();
    jwt.remove("refresh.key");
    let completed = complete(&stack, &live, false, &mut OperatingSystem).unwrap();
    let keys: Vec<_> = completed
        .writes
        .iter()
        .flat_map(|write| write.content.keys())
        .collect();
    assert_eq!(keys, ["refresh.key"]);
    assert_ne!(
        first.fingerprint(&[Credential::SigningKeys]),
        completed.fingerprint(&[Credential::SigningKeys])
    );
}

fn volume(uid: &str) -> PersistentVolumeClaim {
    PersistentVolumeClaim {
        metadata: ObjectMeta {
            name: Some("data-shop-postgres-0".into()),
            uid: Some(uid.into()),
            labels: Some(labels("shop", "postgres")),
            ..Default::default()
        },
        ..Default::default()
    }
}

impl World {
    fn with_volume(&mut self, volume: PersistentVolumeClaim) {
        let volumes = &mut self.fetched.live.volumes;
        volumes.insert("data-shop-postgres-0".into(), volume);
    }
}

#[test]
fn volumes_are_marked_with_their_stack_and_its_policy_and_never_owned_by_it() {
    let mut world = World::new("");
    let mut stack = world.stack();
    // A release before this one made the stack their owner.
    let mut old = volume("v");
    old.metadata.owner_references = Some(vec![stack.owner.clone()]);
    world.with_volume(old.clone());
    for policy in [DeletionPolicy::Retain, DeletionPolicy::Delete] {
        stack.deletion_policy = policy;
        let changes = metadata_changes(&stack, &world.fetched);
        assert_eq!(changes[0].owners, Some(Vec::new()));
        assert_eq!(changes[0].annotations, volume_marks(&stack));
        let mut new = volume("v");
        new.metadata.annotations = Some(changes[0].annotations.clone());
        let mut world = World::new("");
        world.with_volume(new);
        assert!(metadata_changes(&stack, &world.fetched).is_empty());
        stack.deletion_policy = match policy {
            DeletionPolicy::Retain => DeletionPolicy::Delete,
            DeletionPolicy::Delete => DeletionPolicy::Retain,
        };
        assert_eq!(metadata_changes(&stack, &world.fetched).len(), 1);
    }
}

#[test]
fn what_a_deleted_stack_left_says_whether_it_stays() {
    let mut world = World::new("");
    let stack = world.stack();
    let mut left = volume("v");
    for (policy, course) in [("Retain", Course::Stay), ("Delete", Course::Go)] {
        left.metadata.annotations = Some(
            [
                ("ecommercestack.dev/stack-uid", "the-one-before"),
                ("ecommercestack.dev/deletion-policy", policy),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        );
        world.with_volume(left.clone());
        let found: Vec<_> = predecessors(&stack, &world.fetched).into_iter().collect();
        assert_eq!(
            (found[0].uid.as_str(), found[0].course),
            ("the-one-before", course)
        );
        assert_eq!(found.len(), 1);
    }
    let mut owner = stack.owner.clone();
    owner.uid = "the-one-before".into();
    left.metadata.annotations = None;
    left.metadata.owner_references = Some(vec![owner]);
    world.with_volume(left);
    let found = predecessors(&stack, &world.fetched);
    assert!(found.iter().all(|found| found.course == Course::AreGoing));
    world.with_volume(volume("v"));
    assert!(predecessors(&stack, &world.fetched).is_empty());
}

#[test]
fn the_state_of_patroni_follows_its_volume_under_either_policy() {
    let mut world = World::new("");
    let state = ObjectMeta {
        name: Some("shop-postgres-config".into()),
        ..Default::default()
    };
    let states = &mut world.fetched.live.patroni;
    states.insert("shop-postgres-config".into(), state);
    let stack = world.stack();
    assert!(metadata_changes(&stack, &world.fetched).is_empty());
    let mut marked = volume("volume");
    marked.metadata.annotations = Some(volume_marks(&stack));
    world.with_volume(marked);
    let changes = metadata_changes(&stack, &world.fetched);
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].name, "shop-postgres-config");
    let owners = changes[0].owners.clone().unwrap();
    assert_eq!(
        (owners[0].kind.as_str(), owners[0].uid.as_str()),
        ("PersistentVolumeClaim", "volume")
    );
    for state in world.fetched.live.patroni.values_mut() {
        state.owner_references = Some(owners.clone());
    }
    assert!(metadata_changes(&stack, &world.fetched).is_empty());
    // A release before this one named the stack itself.
    for state in world.fetched.live.patroni.values_mut() {
        state.owner_references = Some(vec![stack.owner.clone()]);
    }
    let renewed = metadata_changes(&stack, &world.fetched);
    assert_eq!(renewed[0].owners, Some(owners));
}

#[test]
fn the_state_of_a_database_on_another_volume_is_removed_before_a_new_one_starts() {
    let mut world = World::new("");
    let at = |second: i64| Some(Time(Timestamp::from_second(second).unwrap()));
    let state = ObjectMeta {
        name: Some("shop-postgres-config".into()),
        creation_timestamp: at(10),
        annotations: Some([("initialize".to_owned(), "4711".to_owned())].into()),
        ..Default::default()
    };
    let states = &mut world.fetched.live.patroni;
    states.insert("shop-postgres-config".into(), state);
    let identifier = |world: &World| of_state(&world.fetched.live, "shop");
    assert_eq!(identifier(&world).as_deref(), Some("4711"));
    assert!(
        orphaned_states(&world.fetched.live).is_empty(),
        "a database is there"
    );
    world.fetched.live.stateful_sets.clear();
    assert_eq!(
        orphaned_states(&world.fetched.live).len(),
        1,
        "there is no volume"
    );
    assert_eq!(identifier(&world), None, "of a database that is gone");
    let mut own = volume("own");
    own.metadata.creation_timestamp = at(5);
    world.with_volume(own.clone());
    assert!(
        orphaned_states(&world.fetched.live).is_empty(),
        "it may be this volume's"
    );
    // The volume is made before the database; a pass may have ended between the two.
    own.metadata.creation_timestamp = at(15);
    world.with_volume(own);
    assert_eq!(
        orphaned_states(&world.fetched.live).len(),
        1,
        "the volume is newer"
    );
}

#[test]
fn an_initial_password_is_of_no_use_once_there_is_an_administrator() {
    let world = World::new("");
    let completed = complete(&world.stack(), &BTreeMap::new(), true, &mut Placeholders).unwrap();
    let mut written = completed.writes.iter().map(|write| write.credential);
    assert!(written.all(|credential| credential != Credential::Administrator));
    let mut world = World::new("");
    assert!(!world.fetched.has_administrator());
    let mut remembers = volume("v");
    remembers.metadata.annotations = Some(
        [(
            "ecommercestack.dev/administrator".to_owned(),
            "exists".to_owned(),
        )]
        .into(),
    );
    world.with_volume(remembers);
    assert!(world.fetched.has_administrator());
    // A database that a person accepted in the place of another has none yet.
    let accepted = [(
        "ecommercestack.dev/accept-database".to_owned(),
        "1".to_owned(),
    )];
    world.fetched.stack.metadata.annotations = Some(accepted.into());
    assert!(!world.fetched.has_administrator());
}

#[test]
fn an_administrator_is_of_one_database() {
    let mut world = World::new("");
    world.with_volume(volume("v"));
    for (database, is_there) in [("1", true), ("2", false)] {
        let mark = (
            "ecommercestack.dev/administrator".to_owned(),
            "1".to_owned(),
        );
        let volume = world.fetched.live.volumes.values_mut().next().unwrap();
        volume.metadata.annotations = Some([mark].into());
        world.fetched.system_identifier = Some(database.to_owned());
        assert_eq!(world.fetched.has_administrator(), is_there, "{database}");
    }
}

#[test]
fn only_the_last_event_counts() {
    let event = |second: i64, type_: &str| Event {
        type_: Some(type_.into()),
        message: Some(format!("at {second}")),
        last_timestamp: Some(Time(Timestamp::from_second(second).unwrap())),
        ..Default::default()
    };
    let events = [event(1, "Warning"), event(3, "Warning"), event(2, "Normal")];
    assert_eq!(last_warning(&events), Some("at 3"));
    let events = [event(1, "Warning"), event(2, "Normal")];
    assert_eq!(last_warning(&events), None);
    assert_eq!(last_warning(&[]), None);
}

#[test]
fn a_refused_write_reaches_the_conditions() {
    let world = World::new("");
    let problems = vec![Problem::Refused {
        kind: "Service".into(),
        name: "shop-auth".into(),
        message: "no".into(),
    }];
    let status = world.status(Applied {
        problems,
        ..Default::default()
    });
    assert!(is_true(&status.conditions, ConditionType::Degraded));
    let ready = condition(&status.conditions, ConditionType::Ready).unwrap();
    assert_eq!(
        (ready.status.as_str(), ready.reason.as_str()),
        ("False", "WriteRefused")
    );
}

#[test]
fn a_step_that_fails_is_reported_and_keeps_what_is_known_of_the_components() {
    let world = World::new("");
    let before = world.fetched.stack.status.clone().unwrap();
    let failed = Err(StepError::NamespaceTerminating("shops".into()));
    let after = status(Some(&before), Some(3), Timestamp::UNIX_EPOCH, &failed);
    assert_eq!(after.components, before.components);
    assert!(is_true(&after.conditions, ConditionType::Degraded));
}

#[test]
fn after_a_pass_that_ended_early_nobody_knows_how_the_components_are() {
    let world = World::new("");
    let before = world.status(Applied::default());
    let failed = Err(StepError::Overdue);
    let after = status(Some(&before), Some(4), Timestamp::UNIX_EPOCH, &failed);
    let types: Vec<_> = after.conditions.iter().map(|one| &one.type_).collect();
    let all = ConditionType::ALL.map(ConditionType::as_str);
    assert_eq!(types, all);
    for type_ in ConditionType::ALL {
        let said = condition(&after.conditions, type_).unwrap();
        let expected = match type_ {
            ConditionType::Ready => "False",
            ConditionType::Degraded => "True",
            _ => "Unknown",
        };
        assert_eq!(
            (said.status.as_str(), said.reason.as_str()),
            (expected, "ApiUnavailable")
        );
        assert_eq!(said.observed_generation, Some(4));
        assert!(
            said.message.contains("has not answered for a minute"),
            "{}",
            said.message
        );
    }
}

#[test]
fn a_database_that_does_not_start_is_wrong_after_five_minutes() {
    let mut world = World::new("");
    let at = |second| Timestamp::from_second(second).unwrap();
    let mut last = world.later(None, Applied::default(), at(0));
    let mut reason = |world: &World, second| {
        last = world.later(Some(&last), Applied::default(), at(second));
        let said = condition(&last.conditions, ConditionType::PostgresReady).unwrap();
        let available = condition(&last.conditions, ConditionType::Available).unwrap();
        assert_eq!(said.reason, available.reason);
        said.reason.clone()
    };
    // However long it was away for another cause, its time begins with its pod.
    world.pod_of("none", waiting("ImagePullBackOff", "not found"));
    let pod = world.fetched.pods.last_mut().unwrap();
    pod.metadata.labels = Some(labels("shop", "postgres"));
    pod.metadata.creation_timestamp = Some(Time(at(1_000)));
    assert_eq!(reason(&world, 1_900), "ImageUnavailable");
    let status = world.fetched.pods.last_mut().unwrap().status.as_mut();
    let started = ContainerStateRunning {
        started_at: Some(Time(at(2_000))),
    };
    status.unwrap().container_statuses.as_mut().unwrap()[0].state = Some(ContainerState {
        running: Some(started),
        ..Default::default()
    });
    for (second, expected) in [
        (2_001, "DatabaseStarting"),
        (2_299, "DatabaseStarting"),
        (2_300, "DatabaseStalled"),
        (2_600, "DatabaseStalled"),
    ] {
        assert_eq!(reason(&world, second), expected, "at {second}");
    }
    assert!(is_true(&last.conditions, ConditionType::Degraded));
    let said = condition(&last.conditions, ConditionType::Ready).unwrap();
    assert!(
        said.message
            .contains("kubectl describe pod shop-postgres-0"),
        "{}",
        said.message
    );
}

#[test]
fn a_volume_that_cannot_be_mounted_is_why_the_database_does_not_start() {
    let mut world = World::new("");
    world.pod_of("none", waiting("ContainerCreating", ""));
    let pod = world.fetched.pods.last_mut().unwrap();
    pod.metadata.name = Some("shop-postgres-0".into());
    pod.metadata.labels = Some(labels("shop", "postgres"));
    assert!(is_being_made(pod));
    assert_eq!(
        world.message(ConditionType::PostgresReady).0,
        "DatabaseStarting"
    );
    let failed = "MountVolume.SetUp failed for volume \"data\": exit status 32";
    let of_pod = ("Pod", "shop-postgres-0".to_owned());
    world.fetched.warnings.0.insert(of_pod, failed.to_owned());
    let (reason, message) = world.message(ConditionType::PostgresReady);
    assert_eq!(reason, "PodsFailing");
    assert!(message.contains(failed), "{message}");
}

#[test]
fn the_time_of_a_transition_moves_only_with_the_status() {
    let world = World::new("");
    let first = world.status(Applied::default());
    let later = Timestamp::from_second(60).unwrap();
    let second = world.later(Some(&first), Applied::default(), later);
    assert_eq!(first, second);
    assert_eq!(
        second.conditions[0].last_transition_time,
        Time(Timestamp::UNIX_EPOCH)
    );
}

#[test]
fn what_an_audit_finds_is_told_and_leaves_the_shop_as_ready_as_it_is() {
    let mut world = World::new("");
    let at = Timestamp::UNIX_EPOCH;
    let says = |world: &World, type_| {
        let status = world.status(Applied::default());
        let found = condition(&status.conditions, type_).unwrap().clone();
        (found.status, found.reason, found.message)
    };
    let others = |world: &World| {
        let conditions = world.status(Applied::default()).conditions.into_iter();
        let others = conditions.filter(|one| {
            one.type_ != ConditionType::StockConsistent.as_str()
                && one.type_ != ConditionType::SagasFlowing.as_str()
        });
        others.collect::<Vec<_>>()
    };
    let before = others(&world);
    assert_eq!(
        says(&world, ConditionType::StockConsistent),
        (
            "Unknown".to_owned(),
            "NotChecked".to_owned(),
            "the audit of stock was not read: nobody asked".to_owned()
        )
    );
    world.audits = Audits {
        stock: Audit::Problems(
            at,
            vec![AuditFinding {
                code: "held".to_owned(),
                message: "MUG at main: held 2, lines say 1".to_owned(),
                count: 1,
            }],
        ),
        orders: Audit::Consistent(at),
    };
    let (status, reason, message) = says(&world, ConditionType::StockConsistent);
    assert_eq!((status.as_str(), reason.as_str()), ("False", "held"));
    assert!(message.contains("MUG at main: held 2"), "{message}");
    let (status, reason, message) = says(&world, ConditionType::SagasFlowing);
    assert_eq!((status.as_str(), reason.as_str()), ("True", "Consistent"));
    assert!(message.contains("the audit of orders"), "{message}");
    assert_eq!(others(&world), before);
}

#[test]
fn more_pods_than_the_database_takes_connections_is_said() {
    let world = World::new(", components: {order: {replicas: 50}}");
    let (reason, message) = world.message(ConditionType::Degraded);
    assert_eq!(reason, "TooManyConnections");
    assert!(message.contains("at most 19 pods in all"), "{message}");
}
