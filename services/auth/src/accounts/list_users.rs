//! Lists of users: the users at the next places of a list.

use std::ops::Range;

use db::Pool;
use uuid::Uuid;

use super::{
    model::{Place, User, UserFilter, UserId, Walk},
    postgres as users,
};

pub(crate) use super::postgres::search_prefix;

/// Up to so many places behind one, each with its user if the filter admits them. Fewer places are the end of the list.
pub(crate) async fn look(
    pool: &Pool,
    filter: &UserFilter,
    behind: Option<Place>,
    count: i64,
) -> Result<Vec<(Place, Option<User>)>, sqlx::Error> {
    let ids = ids_behind(filter, behind.as_ref());
    let places = match filter.walk() {
        Walk::Terms(prefix) => users::terms(pool, prefix, behind.as_ref(), count).await?,
        Walk::Role(role) => of_ids(users::with_role(pool, role, &ids, count).await?),
        Walk::Status(status) => of_ids(users::with_status(pool, status, &ids, count).await?),
        Walk::All => of_ids(users::all(pool, &ids, count).await?),
    };
    let wanted = places.iter().filter(|(_, is_first)| *is_first);
    let wanted: Vec<Uuid> = wanted.map(|(place, _)| place.user.0).collect();
    let mut found = users::with_ids(pool, &wanted).await?;
    let looked_at = places.into_iter().map(|(place, is_first)| {
        let user = is_first.then(|| found.remove(&place.user)).flatten();
        (place, user.filter(|user| filter.admits(user)))
    });
    Ok(looked_at.collect())
}

/// The ids of the rest of a list that is read newest first.
fn ids_behind(filter: &UserFilter, behind: Option<&Place>) -> Range<Uuid> {
    let ids = filter.created.ids();
    let end = behind.map_or(ids.end, |place| ids.end.min(place.user.0));
    ids.start..end
}

/// Each user is at one place only.
fn of_ids(ids: Vec<Uuid>) -> Vec<(Place, bool)> {
    let place = |id| Place {
        term: None,
        user: UserId(id),
    };
    ids.into_iter().map(|id| (place(id), true)).collect()
}
