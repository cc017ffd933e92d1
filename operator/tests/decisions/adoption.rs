//! The settings for which the volume of a deleted stack was created, and those of a new stack of the same name.

use super::World;
use ecommercestack_crds::{ConditionType, DatabaseStatus};
use ecommercestack_operator::{
    apply::Applied,
    database::{
        adoption,
        retention::{metadata_changes, volume_marks},
        volumes,
    },
    status::{StepError, condition, is_true, status},
};
use jiff::Timestamp;
use k8s_openapi::{
    api::core::v1::{PersistentVolumeClaim, PersistentVolumeClaimStatus},
    apimachinery::pkg::apis::meta::v1::Time,
};

/// A stack that finds another stack's volume.
fn successor(spec: &str, volume: PersistentVolumeClaim) -> World {
    let mut world = World::new(spec);
    let stack = &mut world.fetched.stack;
    stack.metadata.uid = Some("the-next".into());
    stack.status = None;
    world.with_volume(volume);
    world
}

fn with_storage(storage: &str, more: &str) -> World {
    let mut world = World::new(more);
    let managed = world.fetched.stack.spec.database.managed.as_mut().unwrap();
    managed.storage = serde_json::from_str(storage).unwrap();
    world
}

fn volume_of(world: &World) -> PersistentVolumeClaim {
    let mut volume = volumes::volume(&world.stack());
    // The API server names the default class.
    let spec = volume.spec.as_mut().unwrap();
    spec.storage_class_name.get_or_insert("standard".into());
    volume
}

fn refusal(world: &World) -> Option<String> {
    let result = adoption::check(&world.stack(), &world.fetched);
    result.err().map(|refused| refused.to_string())
}

#[test]
fn a_volume_is_not_taken_up_by_a_stack_with_other_values_of_fields_that_cannot_change() {
    let first = volume_of(&World::new(""));
    let mut next = with_storage(
        r#"{"size": "16Gi", "className": "fast"}"#,
        ", currency: EUR",
    );
    next.fetched.stack.metadata.uid = Some("the-next".into());
    next.with_volume(first);
    let message = refusal(&next).unwrap();
    for part in [
        "PersistentVolumeClaim data-shop-postgres-0",
        "spec.currency was USD and is EUR",
        "spec.database.managed.storage.className was standard and is fast",
        "spec.database.managed.storage.size was 1Gi and is 16Gi",
        "create it again with spec.currency: USD and spec.database.managed.storage.className: standard and \
         spec.database.managed.storage.size: 1Gi",
        "kubectl delete pvc data-shop-postgres-0 -n shops",
    ] {
        assert!(message.contains(part), "{message} lacks {part}");
    }
}

#[test]
fn a_refused_volume_is_the_reason_of_a_stack_that_is_not_ready() {
    let next = successor(", currency: EUR", volume_of(&World::new("")));
    let refused = adoption::check(&next.stack(), &next.fetched).unwrap_err();
    let failed = Err(StepError::from(refused));
    let status = status(None, Some(1), Timestamp::UNIX_EPOCH, &failed);
    let ready = condition(&status.conditions, ConditionType::Ready).unwrap();
    assert_eq!(ready.reason, "AdoptionRefused");
    assert_eq!(Some(&ready.message), refusal(&next).as_ref());
    assert!(is_true(&status.conditions, ConditionType::Degraded));
}

#[test]
fn a_smaller_size_is_refused_and_another_spelling_of_the_same_is_not() {
    let first = || volume_of(&with_storage(r#"{"size": "2Gi"}"#, ""));
    for (size, is_refused) in [
        ("1Gi", true),
        ("2048Mi", false),
        ("2Gi", false),
        ("3Gi", true),
    ] {
        let mut next = with_storage(&format!(r#"{{"size": "{size}"}}"#), "");
        next.fetched.stack.metadata.uid = Some("the-next".into());
        next.with_volume(first());
        assert_eq!(refusal(&next).is_some(), is_refused, "{size}");
    }
}

#[test]
fn the_class_that_the_volume_has_may_be_named_and_a_named_one_may_not_be_left_out() {
    let storage = |class: Option<&str>| match class {
        Some(class) => format!(r#"{{"size": "1Gi", "className": "{class}"}}"#),
        None => r#"{"size": "1Gi"}"#.to_owned(),
    };
    for (before, after, is_refused) in [
        (None, None, false),
        (None, Some("standard"), false),
        (None, Some("fast"), true),
        (Some("fast"), Some("fast"), false),
        (Some("fast"), Some("standard"), true),
        (Some("fast"), None, true),
    ] {
        let first = volume_of(&with_storage(&storage(before), ""));
        let mut next = with_storage(&storage(after), "");
        next.fetched.stack.metadata.uid = Some("the-next".into());
        next.with_volume(first);
        assert_eq!(
            refusal(&next).is_some(),
            is_refused,
            "{before:?} -> {after:?}"
        );
    }
}

#[test]
fn a_volume_of_an_older_release_is_taken_up_and_marked() {
    let mut unmarked = volume_of(&World::new(""));
    let annotations = unmarked.metadata.annotations.as_mut().unwrap();
    annotations.remove("ecommercestack.dev/currency").unwrap();
    annotations
        .remove("ecommercestack.dev/storage-class")
        .unwrap();
    let next = successor(", currency: EUR", unmarked);
    assert_eq!(refusal(&next), None);
    let stack = next.stack();
    let changes = metadata_changes(&stack, &next.fetched);
    assert_eq!(changes[0].annotations["ecommercestack.dev/currency"], "EUR");
    let mut marked = volume_of(&World::new(""));
    marked.metadata.annotations = Some(volume_marks(&stack));
    let next = successor(", currency: EUR", marked);
    assert!(metadata_changes(&stack, &next.fetched).is_empty());
}

#[test]
fn a_stack_keeps_its_own_volume_whatever_is_written_on_it() {
    let mut world = World::new("");
    let mut volume = volume_of(&world);
    let annotations = volume.metadata.annotations.as_mut().unwrap();
    annotations.insert("ecommercestack.dev/currency".into(), "EUR".into());
    world.with_volume(volume);
    assert_eq!(refusal(&world), None);
}

#[test]
fn the_log_has_room_on_a_volume_that_is_smaller_than_the_spec_says() {
    let log_size = |world: &World| {
        let desired = world.desired();
        let template = desired.stateful_sets[0].spec.template.clone();
        let container = template.spec.unwrap().containers.remove(0);
        let variables = container.env.unwrap().into_iter();
        let mut found = variables.filter(|variable| variable.name == "MAX_WAL_SIZE");
        found.next().unwrap().value.unwrap()
    };
    let mut world = with_storage(r#"{"size": "16Gi"}"#, "");
    assert_eq!(log_size(&world), "4096MB");
    world.with_volume(volume_of(&World::new("")));
    assert_eq!(log_size(&world), "256MB");
    // A larger volume changes nothing, and restarts no database.
    let mut world = World::new("");
    world.with_volume(volume_of(&with_storage(r#"{"size": "16Gi"}"#, "")));
    assert_eq!(log_size(&world), "256MB");
}

#[test]
fn a_volume_that_goes_is_said_while_the_database_still_answers() {
    let mut world = World::new("");
    let set = world.fetched.live.stateful_sets["shop-postgres"].clone();
    let applied = Applied {
        stateful_set: Some(set),
        ..Default::default()
    };
    let says = |world: &World| {
        let status = world.status(applied.clone());
        let postgres = condition(&status.conditions, ConditionType::PostgresReady).unwrap();
        let degraded = is_true(&status.conditions, ConditionType::Degraded);
        (postgres.clone(), degraded)
    };
    let mut volume = volume_of(&world);
    volume.spec.as_mut().unwrap().volume_name = Some("pv-7".into());
    world.with_volume(volume.clone());
    let (postgres, degraded) = says(&world);
    assert_eq!((postgres.reason.as_str(), degraded), ("Running", false));

    volume.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    world.with_volume(volume.clone());
    let (postgres, degraded) = says(&world);
    assert_eq!((postgres.status.as_str(), degraded), ("False", true));
    assert_eq!(postgres.reason, "VolumeLost");
    for part in [
        "PersistentVolumeClaim data-shop-postgres-0 is being deleted",
        "as soon as pod shop-postgres-0 ends",
        "kubectl patch pv pv-7",
    ] {
        assert!(postgres.message.contains(part), "{}", postgres.message);
    }

    volume.metadata.deletion_timestamp = None;
    volume.status = Some(PersistentVolumeClaimStatus {
        phase: Some("Lost".into()),
        ..Default::default()
    });
    world.with_volume(volume);
    let (postgres, degraded) = says(&world);
    assert_eq!((postgres.reason.as_str(), degraded), ("VolumeLost", true));
    for part in [
        "has lost its PersistentVolume pv-7",
        "kubectl delete pvc data-shop-postgres-0 -n shops",
    ] {
        assert!(postgres.message.contains(part), "{}", postgres.message);
    }
}

/// A pass, as the next one finds its status.
fn pass(world: &mut World) -> (String, String, Option<String>) {
    let set = world.fetched.live.stateful_sets["shop-postgres"].clone();
    let status = world.status(Applied {
        stateful_set: Some(set),
        ..Default::default()
    });
    let postgres = condition(&status.conditions, ConditionType::PostgresReady).unwrap();
    let said = (postgres.reason.clone(), postgres.message.clone());
    let kept = status.database.clone();
    world.fetched.stack.status = Some(status);
    (
        said.0,
        said.1,
        kept.and_then(|database| database.system_identifier),
    )
}

#[test]
fn another_database_is_reported_until_a_person_accepts_that_very_one() {
    let mut world = World::new("");
    let (reason, _, kept) = pass(&mut world);
    assert_eq!((reason.as_str(), kept.as_deref()), ("Running", Some("1")));
    // A database that starts has no identifier yet.
    world.fetched.system_identifier = None;
    assert_eq!(pass(&mut world).2.as_deref(), Some("1"));

    world.fetched.system_identifier = Some("2".into());
    for _ in 0..2 {
        let (reason, message, kept) = pass(&mut world);
        assert_eq!(
            (reason.as_str(), kept.as_deref()),
            ("DatabaseReplaced", Some("1"))
        );
        for part in [
            "system identifier 2",
            "another database, 1;",
            "kubectl annotate estack shop -n shops --overwrite ecommercestack.dev/accept-database=2",
        ] {
            assert!(message.contains(part), "{message} lacks {part}");
        }
        let status = world.fetched.stack.status.as_ref().unwrap();
        assert!(is_true(&status.conditions, ConditionType::Degraded));
        let ready = condition(&status.conditions, ConditionType::Ready).unwrap();
        assert_eq!(ready.reason, "DatabaseReplaced");
    }

    let mut accept = |identifier: &str| {
        let annotations = world
            .fetched
            .stack
            .metadata
            .annotations
            .get_or_insert_default();
        annotations.insert(
            "ecommercestack.dev/accept-database".into(),
            identifier.into(),
        );
        let (reason, _, kept) = pass(&mut world);
        (reason, kept.unwrap())
    };
    assert_eq!(accept("1"), ("DatabaseReplaced".into(), "1".into()));
    let (reason, kept) = accept("2");
    assert_ne!(reason, "DatabaseReplaced");
    assert_eq!(kept, "2");
    // An earlier consent does not cover a later replacement.
    world.fetched.system_identifier = Some("3".into());
    let (reason, _, kept) = pass(&mut world);
    assert_eq!(
        (reason.as_str(), kept.as_deref()),
        ("DatabaseReplaced", Some("2"))
    );
}

#[test]
fn a_pass_that_failed_keeps_the_identifier() {
    let mut world = World::new("");
    pass(&mut world);
    let before = world.fetched.stack.status.clone().unwrap();
    let failed = Err(StepError::Overdue);
    let after = status(Some(&before), Some(3), Timestamp::UNIX_EPOCH, &failed);
    let kept = DatabaseStatus {
        system_identifier: Some("1".into()),
    };
    assert_eq!(after.database, Some(kept));
}
