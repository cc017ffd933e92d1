//! The audit log as it is listed: the next entries of a list.

use db::Pool;

use super::{
    model::{EntryFilter, EntryId, PastEntry, Walk},
    postgres as log,
};

/// Up to so many entries behind one, newest first; only those that the filter admits are returned whole. Fewer are the end
/// of the list.
pub(crate) async fn look(
    pool: &Pool,
    filter: &EntryFilter,
    behind: Option<EntryId>,
    count: i64,
) -> Result<Vec<(EntryId, Option<PastEntry>)>, sqlx::Error> {
    let ids = filter.occurred.ids();
    let end = behind.map_or(ids.end, |entry| ids.end.min(entry.0));
    let ids = ids.start..end;
    let entries = match filter.walk() {
        Walk::Target(target) => log::with_target(pool, target, &ids, count).await?,
        Walk::Actor(actor) => log::of_actor(pool, actor, &ids, count).await?,
        Walk::Action(action) => log::with_action(pool, action, &ids, count).await?,
        Walk::Service(service) => log::of_service(pool, service, &ids, count).await?,
        Walk::All => log::all(pool, &ids, count).await?,
    };
    let looked_at = entries.into_iter().map(|entry| {
        let id = entry.id;
        (id, Some(entry).filter(|entry| filter.admits(entry)))
    });
    Ok(looked_at.collect())
}
