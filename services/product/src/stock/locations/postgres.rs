//! The places where units may be.

use db::{
    Pool,
    readable::{Attempt, Time, row},
};
use sqlx::PgExecutor;
use web::list::{Paging, Total};

use crate::{
    catalog::products::model::Name,
    stock::locations::model::{Location, LocationCode},
};

/// None: there is already one with this code.
pub async fn insert(
    db: impl PgExecutor<'_>,
    code: &LocationCode,
    name: &Name,
    priority: i16,
) -> Result<Option<Location>, sqlx::Error> {
    sqlx::query_as!(
        Location,
        r#"INSERT INTO locations (code, name, priority) VALUES ($1, $2, $3) ON CONFLICT (code) DO NOTHING
           RETURNING code AS "code: _", name AS "name: _", priority, created_at"#,
        code.as_str(),
        name.as_str(),
        priority,
    )
    .fetch_optional(db)
    .await
}

row!(
    LocationRow, "location", code => Location
    { code: LocationCode, name: Name, priority: i16 }
    { created_at: Attempt<Time> }
);

/// The rows of one page, by code.
pub async fn rows(pool: &Pool, paging: &Paging<String>) -> Result<Vec<LocationRow>, sqlx::Error> {
    sqlx::query_as!(
        LocationRow,
        r#"SELECT code AS "code: _", name AS "name: _", priority, created_at AS "created_at: _" FROM locations
           WHERE code > $1 ORDER BY code LIMIT $2 OFFSET $3"#,
        paging.after().map_or("", String::as_str),
        paging.fetch(),
        paging.offset(),
    )
    .fetch_all(pool)
    .await
}

pub async fn total(pool: &Pool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (SELECT FROM locations LIMIT $1) counted"#,
        Total::COUNT_TO,
    )
    .fetch_one(pool)
    .await
}
