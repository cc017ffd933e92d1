//! Credentials, and the retention of data: volumes, Secrets and the state of Patroni.

use super::{World, volume};
use ecommercestack_crds::DeletionPolicy;
use ecommercestack_operator::{
    credentials::{Credential, complete, secrets},
    database::{
        identity::of_state,
        retention::{Disposition, metadata_changes, orphaned_states, predecessors, volume_marks},
    },
    randomness::{OperatingSystem, Placeholders},
};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use std::collections::BTreeMap;

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

#[test]
fn volumes_are_marked_with_their_stack_and_its_policy_and_never_owned_by_it() {
    let mut world = World::new("");
    let mut stack = world.stack();
    // An earlier release made the stack their owner.
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
    for (policy, disposition) in [("Retain", Disposition::Stay), ("Delete", Disposition::Go)] {
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
            (found[0].uid.as_str(), found[0].disposition),
            ("the-one-before", disposition)
        );
        assert_eq!(found.len(), 1);
    }
    let mut owner = stack.owner.clone();
    owner.uid = "the-one-before".into();
    left.metadata.annotations = None;
    left.metadata.owner_references = Some(vec![owner]);
    world.with_volume(left);
    let found = predecessors(&stack, &world.fetched);
    assert!(
        found
            .iter()
            .all(|found| found.disposition == Disposition::AreGoing)
    );
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
    // An earlier release named the stack itself.
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
    // The volume is created before the database; a pass may have ended between the two.
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
