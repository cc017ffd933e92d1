//! Which image a component gets and when: migrations, the order of rolls, the database.

use super::{World, volume, waiting};
use ecommercestack_crds::ConditionType;
use ecommercestack_operator::{
    component::Application, database::restart::restarts, kube::labels::labels,
};
use jiff::Timestamp;
use k8s_openapi::{
    api::{
        apps::v1::Deployment,
        core::v1::{ContainerState, ContainerStateTerminated, Pod, PodCondition, PodStatus},
    },
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference, Time},
};
use kube::ResourceExt as _;

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
    // The data would be lost with the pod.
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
    let may_start = |world: &World| {
        let releases = world.releases();
        let migration = releases.of(Application::Auth).migration.as_ref();
        migration.unwrap().may_start
    };
    assert!(may_start(&world));
    let sets = &mut world.fetched.live.stateful_sets;
    sets.get_mut("shop-postgres").unwrap().status = None;
    assert!(!may_start(&world));
    assert_eq!(
        world.message(ConditionType::AuthReady).0,
        "WaitingForDatabase"
    );
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
