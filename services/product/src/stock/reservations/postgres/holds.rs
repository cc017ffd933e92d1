//! Holds and their lines. A transaction that changes a hold has locked its stock before, so nothing here waits for long.

mod expiry;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use db::Transaction;
use uuid::Uuid;

pub use self::expiry::{OverdueLine, expire, overdue, overdue_batch};
use crate::{
    catalog::products::model::{Name, Sku},
    infrastructure::postgres::failure::StockError,
    stock::{
        postgres::levels::{self, Shift},
        reservations::model::{
            Hash, HeldLine, HoldState, KnownHold, NewHold, Offer, Reservation, StockLevel,
        },
    },
};

/// New holds and their lines, column by column.
#[derive(Debug, Default)]
pub struct NewRows<'a> {
    orders: Vec<Uuid>,
    request_keys: Vec<&'a [u8]>,
    fingerprints: Vec<&'a [u8]>,
    totals: Vec<i64>,
    seconds: Vec<i32>,
    line_orders: Vec<Uuid>,
    line_places: Vec<i16>,
    line_products: Vec<Uuid>,
    line_vendors: Vec<Uuid>,
    line_names: Vec<&'a str>,
    line_prices: Vec<i64>,
    line_skus: Vec<&'a str>,
    line_locations: Vec<&'a str>,
    line_quantities: Vec<i64>,
}

impl<'a> NewRows<'a> {
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    pub fn add(&mut self, order: &'a Reservation, hold: &'a NewHold, offers: &'a [Offer]) {
        self.orders.push(order.order_id);
        self.request_keys.push(&order.request_key.0);
        self.fingerprints.push(&order.fingerprint.0);
        self.totals.push(hold.total_minor);
        self.seconds.push(order.hold_seconds.cast_signed());
        for (place, line) in (0_i16..).zip(&hold.lines) {
            let offer = &offers[line.offer];
            for take in &line.takes {
                self.line_orders.push(order.order_id);
                self.line_places.push(place);
                self.line_products.push(offer.product_id);
                self.line_vendors.push(offer.vendor_id);
                self.line_names.push(offer.name.as_str());
                self.line_prices.push(offer.price_minor);
                self.line_skus.push(offer.sku.as_str());
                self.line_locations.push(&take.location);
                self.line_quantities.push(take.quantity);
            }
        }
    }
}

/// Writes new holds, their lines and the counters of the locked stock; returns when each ends.
pub async fn insert(
    tx: &mut Transaction,
    rows: &NewRows<'_>,
) -> Result<HashMap<Uuid, DateTime<Utc>>, StockError> {
    let inserted = sqlx::query!(
        "INSERT INTO holds (order_id, request_key, fingerprint, state, total_minor, expires_at)
         SELECT order_id, request_key, fingerprint, 'held', total_minor, now() + make_interval(secs => seconds)
         FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bigint[], $5::int[])
             AS hold (order_id, request_key, fingerprint, total_minor, seconds)
         ORDER BY order_id
         ON CONFLICT DO NOTHING RETURNING order_id, expires_at",
        &rows.orders,
        &rows.request_keys as _,
        &rows.fingerprints as _,
        &rows.totals,
        &rows.seconds,
    )
    .fetch_all(&mut **tx)
    .await?;
    // Another transaction wrote a hold, or a tombstone, of the same request or order since the facts were read.
    StockError::raced_unless(inserted.len() == rows.orders.len())?;
    sqlx::query!(
        "INSERT INTO hold_lines (order_id, line, product_id, vendor_id, name, unit_price_minor, sku, location, quantity)
         SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::text[],
             $8::text[], $9::bigint[]) AS line (order_id, line, product_id, vendor_id, name, price, sku, location, quantity)
         ORDER BY order_id, sku, location",
        &rows.line_orders,
        &rows.line_places,
        &rows.line_products,
        &rows.line_vendors,
        &rows.line_names as _,
        &rows.line_prices,
        &rows.line_skus as _,
        &rows.line_locations as _,
        &rows.line_quantities,
    )
    .execute(&mut **tx)
    .await?;
    levels::shift(
        tx,
        Shift::HOLD,
        &rows.line_skus,
        &rows.line_locations,
        &rows.line_quantities,
    )
    .await?;
    Ok(inserted
        .into_iter()
        .map(|hold| (hold.order_id, hold.expires_at))
        .collect())
}

/// The holds of these requests and these orders. No predicate on the state: it would invite the wrong index (ORDERS 13).
pub async fn known(
    tx: &mut Transaction,
    request_keys: &[Vec<u8>],
    orders: &[Uuid],
) -> Result<Vec<KnownHold>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT order_id, request_key, fingerprint, state AS "state: HoldState", total_minor,
               -- A hold without an end, made by hand, is beyond what can be read.
               LEAST(GREATEST(expires_at, created_at), created_at + interval '10 years') AS "expires_at!" FROM holds
           WHERE request_key = ANY ($1) OR order_id = ANY ($2)"#,
        request_keys,
        orders,
    )
    .fetch_all(&mut **tx)
    .await?;
    let hash = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| bytes.try_into().ok()).map(Hash);
    let known = rows.into_iter().map(|row| KnownHold {
        order_id: row.order_id,
        request_key: hash(row.request_key),
        fingerprint: hash(row.fingerprint),
        state: row.state,
        expires_at: row.expires_at,
        total_minor: row.total_minor,
    });
    Ok(known.collect())
}

/// The lines of these orders as they were held, over all locations.
pub async fn lines(
    tx: &mut Transaction,
    orders: &[Uuid],
) -> Result<HashMap<Uuid, Vec<HeldLine>>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT order_id, product_id, vendor_id, sku AS "sku: Sku", name AS "name: Name", unit_price_minor,
               sum(quantity)::bigint AS "quantity!"
           FROM hold_lines WHERE order_id = ANY ($1)
           GROUP BY order_id, line, product_id, vendor_id, sku, name, unit_price_minor ORDER BY order_id, line"#,
        orders,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut lines: HashMap<Uuid, Vec<HeldLine>> = HashMap::new();
    for row in rows {
        lines.entry(row.order_id).or_default().push(HeldLine {
            product_id: row.product_id,
            vendor_id: row.vendor_id,
            sku: row.sku,
            name: row.name,
            unit_price_minor: row.unit_price_minor,
            quantity: row.quantity,
        });
    }
    Ok(lines)
}

/// The keys of locked stock, column by column.
fn keys(stock: &[StockLevel]) -> (Vec<&str>, Vec<&str>) {
    let keys = stock.iter();
    keys.map(|level| (level.sku.as_str(), level.location.as_str()))
        .unzip()
}

/// Locks the stock of these orders. With more SKUs to `reach` all locations of those and of the orders' own are locked.
pub async fn lock_stock(
    tx: &mut Transaction,
    orders: &[Uuid],
    reach: &BTreeSet<Sku>,
) -> Result<Vec<StockLevel>, sqlx::Error> {
    if reach.is_empty() {
        return levels::lock_of(tx, orders).await;
    }
    let lines = sqlx::query_scalar!(
        r#"SELECT sku AS "sku: Sku" FROM hold_lines WHERE order_id = ANY ($1)"#,
        orders
    )
    .fetch_all(&mut **tx)
    .await?;
    let skus: BTreeSet<&str> = lines.iter().chain(reach).map(Sku::as_str).collect();
    levels::lock(tx, &Vec::from_iter(skus)).await
}

/// What a batch has locked.
#[derive(Debug)]
pub struct Locked {
    pub levels: Vec<StockLevel>,
    pub states: HashMap<Uuid, HoldState>,
}

/// Locks the stock of these orders, then their holds, and reads the holds' states in a statement of its own.
pub async fn lock(tx: &mut Transaction, orders: &[Uuid]) -> Result<Locked, StockError> {
    let stock = lock_stock(tx, orders, &BTreeSet::new()).await?;
    let (skus, locations) = keys(&stock);
    let holds = sqlx::query!(
        r#"SELECT order_id, state AS "state: HoldState", (
               SELECT count(*) FROM hold_lines WHERE order_id = ANY ($1)
                   AND (sku, location) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
           ) AS "unlocked!"
           FROM holds WHERE order_id = ANY ($1) ORDER BY order_id FOR NO KEY UPDATE"#,
        orders,
        &skus as _,
        &locations as _,
    )
    .fetch_all(&mut **tx)
    .await?;
    // A hold that was written since the stock was locked, or taken again from elsewhere, has lines whose stock is not.
    StockError::raced_unless(holds.first().is_none_or(|hold| hold.unlocked == 0))?;
    let states = holds.into_iter().map(|hold| (hold.order_id, hold.state));
    Ok(Locked {
        levels: stock,
        states: states.collect(),
    })
}

/// Commits those of these orders that are held, all lines of each, in one statement. Their stock is locked.
/// Returns the states that they were in.
pub async fn commit(
    tx: &mut Transaction,
    orders: &[Uuid],
    stock: &[StockLevel],
) -> Result<HashMap<Uuid, HoldState>, StockError> {
    let (skus, locations) = keys(stock);
    let holds = sqlx::query!(
        r#"WITH found AS MATERIALIZED (
               SELECT order_id, state FROM holds WHERE order_id = ANY ($1) ORDER BY order_id FOR NO KEY UPDATE
           ), ended AS (
               UPDATE holds SET state = 'committed', ended_at = now() FROM found
               WHERE holds.order_id = found.order_id AND found.state = 'held' RETURNING 1
           ), units AS (
               SELECT sku, location, sum(quantity)::bigint AS quantity FROM hold_lines JOIN found USING (order_id)
               WHERE found.state = 'held' GROUP BY sku, location ORDER BY sku, location
           ), changed AS (
               UPDATE stock SET held = stock.held - units.quantity, allocated = stock.allocated + units.quantity FROM units
               WHERE stock.sku = units.sku AND stock.location = units.location RETURNING 1
           )
           SELECT order_id, state AS "state: HoldState", (SELECT count(*) FROM ended) AS "ended!",
               (SELECT count(*) FROM units) AS "wanted!", (SELECT count(*) FROM changed) AS "changed!", (
                   SELECT count(*) FROM hold_lines WHERE order_id = ANY ($1)
                       AND (sku, location) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
               ) AS "unlocked!"
           FROM found"#,
        orders,
        &skus as _,
        &locations as _,
    )
    .fetch_all(&mut **tx)
    .await?;
    if let Some(counts) = holds.first() {
        // As above.
        StockError::raced_unless(counts.unlocked == 0)?;
        let held = holds.iter().filter(|hold| hold.state == HoldState::Held);
        StockError::raced_unless(i64::try_from(held.count()) == Ok(counts.ended))?;
        levels::counted(counts.wanted, counts.changed)?;
    }
    let states = holds.into_iter().map(|hold| (hold.order_id, hold.state));
    Ok(states.collect())
}

/// Locks these holds without their stock, and reads their states: enough where no units move.
pub async fn lock_alone(
    tx: &mut Transaction,
    orders: &[Uuid],
) -> Result<HashMap<Uuid, HoldState>, sqlx::Error> {
    let holds = sqlx::query!(
        r#"SELECT order_id, state AS "state: HoldState" FROM holds WHERE order_id = ANY ($1)
           ORDER BY order_id FOR NO KEY UPDATE"#,
        orders,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(holds
        .into_iter()
        .map(|hold| (hold.order_id, hold.state))
        .collect())
}

/// Ends holds that this transaction has locked and found in the state `from`. That the state is compared in this way
/// keeps the planner off the index of running holds, which it would read from end to end (ORDERS 13).
pub async fn end(
    tx: &mut Transaction,
    orders: &[Uuid],
    from: HoldState,
    to: HoldState,
) -> Result<(), StockError> {
    let ended = sqlx::query!(
        "UPDATE holds SET state = $3, ended_at = COALESCE(ended_at, now())
         WHERE order_id = ANY ($1) AND state IS NOT DISTINCT FROM $2",
        orders,
        from as HoldState,
        to as HoldState,
    )
    .execute(&mut **tx)
    .await?;
    StockError::raced_unless(ended.rows_affected() == orders.len() as u64)?;
    Ok(close_lines(tx, orders).await?)
}

/// The lines of these holds, which have ended, have no units any more. That the flag is compared in this way keeps the
/// planner off the index that has the flag (ORDERS 13).
async fn close_lines(tx: &mut Transaction, orders: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE hold_lines SET is_open = false WHERE order_id = ANY ($1) AND is_open IS DISTINCT FROM false",
        orders,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Gives up what these committed orders have not shipped; those that shipped nothing are released.
/// Their stock has been given back.
pub async fn give_up(tx: &mut Transaction, orders: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE hold_lines SET released = quantity - shipped, is_open = false
         WHERE order_id = ANY ($1) AND shipped + released < quantity",
        orders,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE holds SET state = 'released' WHERE order_id = ANY ($1) AND state = 'committed' AND NOT EXISTS (
             SELECT FROM hold_lines WHERE hold_lines.order_id = holds.order_id AND shipped > 0
         )",
        orders,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Tombstones for orders that have no hold.
pub async fn insert_tombstones(tx: &mut Transaction, orders: &[Uuid]) -> Result<(), StockError> {
    let inserted = sqlx::query!(
        "INSERT INTO holds (order_id, state, expires_at, ended_at)
         SELECT order_id, 'released', now(), now() FROM unnest($1::uuid[]) AS tomb (order_id) ORDER BY order_id
         ON CONFLICT DO NOTHING",
        orders,
    )
    .execute(&mut **tx)
    .await?;
    // The reservation arrived in between: it is found on the next attempt.
    StockError::raced_unless(inserted.rows_affected() == orders.len() as u64)
}

/// Lets those that are held run until so many seconds from now, if that is longer. They are locked.
pub async fn extend(
    tx: &mut Transaction,
    extensions: &BTreeMap<Uuid, u32>,
) -> Result<(), sqlx::Error> {
    let orders: Vec<Uuid> = extensions.keys().copied().collect();
    let seconds: Vec<i32> = extensions
        .values()
        .map(|seconds| seconds.cast_signed())
        .collect();
    sqlx::query!(
        "UPDATE holds SET expires_at = GREATEST(expires_at, now() + make_interval(secs => longer.seconds))
         FROM unnest($1::uuid[], $2::int[]) AS longer (order_id, seconds)
         WHERE holds.order_id = longer.order_id AND state IS NOT DISTINCT FROM 'held'",
        &orders,
        &seconds,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
