//! Lists of users. A page is found in two steps, each along an index: the places of users in the order of the list, and then
//! the users at these places.
//!
//! A filter is compared together with the id. With `status = $1 ORDER BY id` the planner might read all users by id for the few
//! that have a rare status.

use std::{collections::HashMap, ops::Range};

use db::Pool;
use uuid::Uuid;

use crate::{
    accounts::model::{Place, Status, User, UserId},
    infrastructure::postgres::users::{query_users, read_user},
    roles::model::RoleName,
};

/// Sorts behind every term that begins with the text before it, in the order of bytes.
const LAST: char = char::MAX;

/// A text as the terms of users are written.
pub async fn search_prefix(pool: &Pool, text: &str) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT left(search_text($1), 100) AS "prefix!""#, text)
        .fetch_one(pool)
        .await
}

/// The next terms with this beginning, and whether each is the first such term of its user.
pub async fn terms(
    pool: &Pool,
    prefix: &str,
    behind: Option<&Place>,
    count: i64,
) -> Result<Vec<(Place, bool)>, sqlx::Error> {
    let (term, user) = match behind {
        Some(Place {
            term: Some(term),
            user,
        }) if term.as_str() >= prefix => (term.as_str(), user.0),
        Some(_) | None => (prefix, Uuid::nil()),
    };
    let rows = sqlx::query!(
        r#"
        SELECT term, user_id, NOT EXISTS (
            SELECT FROM user_terms AS earlier
            WHERE earlier.user_id = user_terms.user_id AND earlier.term >= $1 AND earlier.term < user_terms.term
        ) AS "is_first!"
        FROM user_terms
        WHERE (term, user_id) > ($2, $3) AND term < $4
        ORDER BY term, user_id LIMIT $5
        "#,
        prefix,
        term,
        user,
        format!("{prefix}{LAST}"),
        count,
    )
    .fetch_all(pool)
    .await?;
    let places = rows.into_iter().map(|row| {
        let place = Place {
            term: Some(row.term),
            user: UserId(row.user_id),
        };
        (place, row.is_first)
    });
    Ok(places.collect())
}

/// The next users among these ids, newest first.
pub async fn all(pool: &Pool, ids: &Range<Uuid>, count: i64) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT id FROM users WHERE id >= $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        ids.start,
        ids.end,
        count,
    )
    .fetch_all(pool)
    .await
}

pub async fn with_status(
    pool: &Pool,
    status: Status,
    ids: &Range<Uuid>,
    count: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "
        SELECT id FROM users WHERE (status, id) >= ($1, $2) AND (status, id) < ($1, $3)
        ORDER BY status DESC, id DESC LIMIT $4
        ",
        status.into_str(),
        ids.start,
        ids.end,
        count,
    )
    .fetch_all(pool)
    .await
}

pub async fn with_role(
    pool: &Pool,
    role: &RoleName,
    ids: &Range<Uuid>,
    count: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "
        SELECT user_id FROM user_roles WHERE (role, user_id) >= ($1, $2) AND (role, user_id) < ($1, $3)
        ORDER BY role DESC, user_id DESC LIMIT $4
        ",
        role.as_str(),
        ids.start,
        ids.end,
        count,
    )
    .fetch_all(pool)
    .await
}

/// The users with these ids. One that cannot be read is left out, so that it does not end the lists that it is on.
pub async fn with_ids(pool: &Pool, ids: &[Uuid]) -> Result<HashMap<UserId, User>, sqlx::Error> {
    let rows = query_users!(["SELECT "], ["FROM users WHERE id = ANY ($1)"], ids);
    let rows = rows.fetch_all(pool).await?;
    let users = rows.into_iter().filter_map(|row| {
        let id = UserId(row.id);
        match read_user!(row) {
            Ok(user) => Some((id, user)),
            Err(error) => {
                tracing::error!(user.id = %id, error = &error as &dyn std::error::Error, "left an unreadable account out of a list");
                None
            }
        }
    });
    Ok(users.collect())
}
