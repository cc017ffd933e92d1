//! The status that a pass reports of a stack.

use super::{World, waiting};
use ecommercestack_crds::ConditionType;
use ecommercestack_operator::{
    apply::{Applied, Problem},
    kube::{labels::labels, pod_failures::is_creating_containers, warnings::last_warning},
    status::{
        StepError,
        audits::{Audit, AuditFinding, Audits},
        condition, is_true, status,
    },
};
use jiff::Timestamp;
use k8s_openapi::{
    api::core::v1::{ContainerState, ContainerStateRunning, Event},
    apimachinery::pkg::apis::meta::v1::Time,
};

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
fn after_a_pass_that_ended_early_the_components_are_unknown() {
    let world = World::new("");
    let before = world.status(Applied::default());
    let failed = Err(StepError::Overdue);
    let after = status(Some(&before), Some(4), Timestamp::UNIX_EPOCH, &failed);
    let types: Vec<_> = after.conditions.iter().map(|one| &one.type_).collect();
    let all: Vec<_> = ConditionType::reported()
        .map(|type_| type_.into_str())
        .collect();
    assert_eq!(types, all);
    for type_ in ConditionType::reported() {
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
            said.message.contains("has not responded for a minute"),
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
    // Its time begins with its pod, however long it was missing for another cause.
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
    assert!(is_creating_containers(pod));
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
            one.type_ != ConditionType::StockConsistent.into_str()
                && one.type_ != ConditionType::SagasFlowing.into_str()
        });
        others.collect::<Vec<_>>()
    };
    let before = others(&world);
    assert_eq!(
        says(&world, ConditionType::StockConsistent),
        (
            "Unknown".to_owned(),
            "NotChecked".to_owned(),
            "the audit of stock was not read: not requested".to_owned()
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
