//! Addresses in the database. Who changes those of a user holds the lock of the user's row.

mod stored_address;

use db::{Connection, Pool};
use sqlx::PgExecutor;
use text::Text;
use web::list::Paging;

use crate::{
    accounts::model::UserId,
    addresses::model::{Address, AddressId, Book, Defaults, Phone, PostalAddress},
};
use stored_address::StoredAddress;

/// One page of a user's addresses, the oldest first. The key is the id of the last address seen.
pub async fn rows(
    pool: &Pool,
    user: UserId,
    paging: &Paging<AddressId>,
) -> Result<Vec<Address>, sqlx::Error> {
    let rows = sqlx::query_as!(
        StoredAddress,
        "
        SELECT id, name, company, line1, line2, city, region, postal_code, country, phone, default_shipping,
            default_billing, version, created_at, updated_at
        FROM addresses WHERE user_id = $1 AND ($2::uuid IS NULL OR id > $2)
        ORDER BY id OFFSET $3 LIMIT $4
        ",
        user.0,
        paging.after().map(|id| id.0),
        paging.offset(),
        paging.fetch(),
    )
    .fetch_all(pool)
    .await?;
    read(rows)
}

/// All addresses of a user, the oldest first.
pub async fn all(db: impl PgExecutor<'_>, user: UserId) -> Result<Vec<Address>, sqlx::Error> {
    let rows = sqlx::query_as!(
        StoredAddress,
        "
        SELECT id, name, company, line1, line2, city, region, postal_code, country, phone, default_shipping,
            default_billing, version, created_at, updated_at
        FROM addresses WHERE user_id = $1 ORDER BY id LIMIT $2
        ",
        user.0,
        Book::MAX,
    )
    .fetch_all(db)
    .await?;
    read(rows)
}

fn read(rows: Vec<StoredAddress>) -> Result<Vec<Address>, sqlx::Error> {
    let addresses = rows.into_iter().map(Address::try_from);
    addresses
        .collect::<Result<_, _>>()
        .map_err(sqlx::Error::Decode)
}

pub async fn count(db: impl PgExecutor<'_>, user: UserId) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM addresses WHERE user_id = $1"#,
        user.0
    )
    .fetch_one(db)
    .await
}

pub async fn find(
    db: impl PgExecutor<'_>,
    user: UserId,
    id: AddressId,
) -> Result<Option<Address>, sqlx::Error> {
    let row = sqlx::query_as!(
        StoredAddress,
        "
        SELECT id, name, company, line1, line2, city, region, postal_code, country, phone, default_shipping,
            default_billing, version, created_at, updated_at
        FROM addresses WHERE id = $1 AND user_id = $2
        ",
        id.0,
        user.0,
    )
    .fetch_optional(db)
    .await?;
    let address = row.map(Address::try_from).transpose();
    address.map_err(sqlx::Error::Decode)
}

/// Takes the uses that `id` is to be the default for from the other addresses of the user.
pub async fn release_defaults(
    connection: &mut Connection,
    user: UserId,
    id: AddressId,
    taken: Defaults,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "
        UPDATE addresses SET
            default_shipping = default_shipping AND NOT $3,
            default_billing = default_billing AND NOT $4,
            version = version + 1,
            updated_at = now()
        WHERE user_id = $1 AND id <> $2 AND (default_shipping AND $3 OR default_billing AND $4)
        ",
        user.0,
        id.0,
        taken.shipping,
        taken.billing,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn insert(
    connection: &mut Connection,
    user: UserId,
    id: AddressId,
    postal: &PostalAddress,
    defaults: Defaults,
) -> Result<Address, sqlx::Error> {
    let parts = postal.parts();
    let row = sqlx::query_as!(
        StoredAddress,
        "
        INSERT INTO addresses (id, user_id, name, company, line1, line2, city, region, postal_code, country, phone,
            default_shipping, default_billing)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        RETURNING id, name, company, line1, line2, city, region, postal_code, country, phone, default_shipping,
            default_billing, version, created_at, updated_at
        ",
        id.0,
        user.0,
        parts.name.as_str(),
        parts.company.as_ref().map(Text::as_str),
        parts.line1.as_str(),
        parts.line2.as_ref().map(Text::as_str),
        parts.city.as_str(),
        parts.region.as_ref().map(Text::as_str),
        parts.postal_code.as_ref().map(Text::as_str),
        parts.country.as_str(),
        parts.phone.as_ref().map(Phone::as_str),
        defaults.shipping,
        defaults.billing,
    )
    .fetch_one(connection)
    .await?;
    row.try_into().map_err(sqlx::Error::Decode)
}

pub async fn update(
    connection: &mut Connection,
    id: AddressId,
    postal: &PostalAddress,
    defaults: Defaults,
) -> Result<Address, sqlx::Error> {
    let parts = postal.parts();
    let row = sqlx::query_as!(
        StoredAddress,
        "
        UPDATE addresses SET name = $2, company = $3, line1 = $4, line2 = $5, city = $6, region = $7, postal_code = $8,
            country = $9, phone = $10, default_shipping = $11, default_billing = $12, version = version + 1,
            updated_at = now()
        WHERE id = $1
        RETURNING id, name, company, line1, line2, city, region, postal_code, country, phone, default_shipping,
            default_billing, version, created_at, updated_at
        ",
        id.0,
        parts.name.as_str(),
        parts.company.as_ref().map(Text::as_str),
        parts.line1.as_str(),
        parts.line2.as_ref().map(Text::as_str),
        parts.city.as_str(),
        parts.region.as_ref().map(Text::as_str),
        parts.postal_code.as_ref().map(Text::as_str),
        parts.country.as_str(),
        parts.phone.as_ref().map(Phone::as_str),
        defaults.shipping,
        defaults.billing,
    )
    .fetch_one(connection)
    .await?;
    row.try_into().map_err(sqlx::Error::Decode)
}

pub async fn delete(connection: &mut Connection, id: AddressId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM addresses WHERE id = $1", id.0)
        .execute(connection)
        .await?;
    Ok(())
}

/// Deletes the addresses of a user who is to be forgotten.
pub async fn erase(connection: &mut Connection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM addresses WHERE user_id = $1", user.0)
        .execute(connection)
        .await?;
    Ok(())
}
