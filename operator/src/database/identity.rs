//! Which database the shop has. PostgreSQL assigns each database an identifier when it is initialized, and the status
//! keeps the first one observed. Another identifier means another database without the shop's data, and only a person
//! can accept it. Pure.

use crate::{
    database::retention::orphaned_states,
    fetched::Fetched,
    kube::{labels::ACCEPT_DATABASE, live::Live},
};
use kube::ResourceExt as _;

/// A database that has not been accepted in the place of the previous one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced<'a> {
    pub kept: &'a str,
    pub live: &'a str,
}

/// The identifier in Patroni's state. A state that is about to be deleted belongs to a lost database.
pub fn of_state(live: &Live, stack: &str) -> Option<String> {
    let name = format!("{stack}-postgres-config");
    let state = live.patroni.get(&name)?;
    let is_orphaned = orphaned_states(live)
        .iter()
        .any(|orphan| orphan.name.as_ref() == Some(&name));
    let identifier = state.annotations.as_ref()?.get("initialize")?;
    (!is_orphaned && !identifier.is_empty()).then(|| identifier.clone())
}

/// The identifier for the status to keep, once there is one.
pub fn kept(fetched: &Fetched) -> Option<&str> {
    let live = fetched.system_identifier.as_deref();
    match replaced(fetched) {
        Some(replaced) => Some(replaced.kept),
        // A starting database, or one without its ConfigMaps, has no identifier.
        None => live.or_else(|| before(fetched)),
    }
}

pub fn replaced(fetched: &Fetched) -> Option<Replaced<'_>> {
    let kept = before(fetched)?;
    let live = fetched.system_identifier.as_deref()?;
    let accepted = fetched.stack.annotations().get(ACCEPT_DATABASE);
    let is_accepted = accepted.is_some_and(|accepted| accepted == live);
    (kept != live && !is_accepted).then_some(Replaced { kept, live })
}

fn before(fetched: &Fetched) -> Option<&str> {
    let database = fetched.stack.status.as_ref()?.database.as_ref()?;
    database.system_identifier.as_deref()
}
