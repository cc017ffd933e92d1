//! Which database the shop has. PostgreSQL gives each one an identifier when it is initialised; the status keeps the
//! first that was seen. Another one is another database, without the shop's data however well it runs, and only a person
//! can say that this was meant. Pure.

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

/// What Patroni's state says. One that is about to be removed is of a database that is gone.
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
    match replaced(fetched) {
        Some(replaced) => Some(replaced.kept),
        // A database that is starting, or whose ConfigMaps are gone, says nothing.
        None => fetched
            .system_identifier
            .as_deref()
            .or_else(|| before(fetched)),
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
