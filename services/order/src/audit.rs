//! The audit across databases (ORDERS 25): orders against the holds of product, payments against the books of the
//! provider. What is wrong is read twice, so that what was under way has landed. For tests, and for `order audit`.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use postgres::Pool;
use sqlx::FromRow;
use uuid::Uuid;

/// Order's own database, with the mock provider's books: a line for everything that does not add up.
pub const BOOKS: &str = include_str!("../audit.sql");

/// Orders that are compared at once.
const CHUNK: i64 = 10_000;

const ORDERS: &str = "
    SELECT id, status, fulfillment_status,
           EXISTS (SELECT FROM sagas WHERE sagas.order_id = orders.id AND finished_at IS NULL) AS under_way,
           (SELECT sum(quantity - short) FROM order_items WHERE order_items.order_id = orders.id)::bigint AS units
    FROM orders WHERE id > $1 ORDER BY id LIMIT $2";

const HOLDS: &str = "
    SELECT holds.order_id, holds.state, COALESCE(sum(quantity), 0)::bigint AS quantity,
           COALESCE(sum(shipped), 0)::bigint AS shipped, COALESCE(sum(released), 0)::bigint AS released
    FROM holds LEFT JOIN hold_lines USING (order_id)
    WHERE holds.order_id > $1 AND holds.order_id <= $2 GROUP BY holds.order_id, holds.state";

#[derive(FromRow)]
struct OrderRow {
    id: Uuid,
    status: String,
    fulfillment_status: String,
    under_way: bool,
    units: Option<i64>,
}

#[derive(FromRow)]
struct HoldRow {
    order_id: Uuid,
    state: String,
    quantity: i64,
    shipped: i64,
    released: i64,
}

/// What order's own database says against itself and the provider; twice, `apart` from each other.
pub async fn books(orders: &Pool, apart: Duration) -> Result<Vec<String>, sqlx::Error> {
    let read = async || sqlx::query_scalar(BOOKS).fetch_all(orders).await;
    let first: Vec<String> = read().await?;
    twice(first, apart, read).await
}

/// A committed hold for each confirmed order, and the other way round; nothing kept for a cancelled one.
pub async fn across(
    orders: &Pool,
    product: &Pool,
    apart: Duration,
) -> Result<Vec<String>, sqlx::Error> {
    let read = async || compare(orders, product).await;
    let first = read().await?;
    twice(first, apart, read).await
}

async fn twice(
    first: Vec<String>,
    apart: Duration,
    read: impl AsyncFn() -> Result<Vec<String>, sqlx::Error>,
) -> Result<Vec<String>, sqlx::Error> {
    if first.is_empty() {
        return Ok(first);
    }
    tokio::time::sleep(apart).await;
    let again: BTreeSet<String> = read().await?.into_iter().collect();
    Ok(first
        .into_iter()
        .filter(|line| again.contains(line))
        .collect())
}

async fn compare(orders: &Pool, product: &Pool) -> Result<Vec<String>, sqlx::Error> {
    let mut wrong = Vec::new();
    let mut last = Uuid::nil();
    loop {
        let chunk: Vec<OrderRow> = sqlx::query_as(ORDERS)
            .bind(last)
            .bind(CHUNK)
            .fetch_all(orders)
            .await?;
        let full = i64::try_from(chunk.len()) == Ok(CHUNK);
        let upto = match chunk.last() {
            Some(order) if full => order.id,
            Some(_) | None => Uuid::max(),
        };
        // Read after the orders: a hold is never younger than its order, so none is missing.
        let holds: Vec<HoldRow> = sqlx::query_as(HOLDS)
            .bind(last)
            .bind(upto)
            .fetch_all(product)
            .await?;
        let mut holds: HashMap<Uuid, HoldRow> = holds
            .into_iter()
            .map(|hold| (hold.order_id, hold))
            .collect();
        for order in &chunk {
            let hold = holds.remove(&order.id);
            wrong.extend(misfit(order, hold.as_ref()));
        }
        // What is left has no order: a running hold may get one yet.
        let orphans = holds.values().filter(|hold| hold.state == "committed");
        wrong.extend(
            orphans
                .map(|hold| format!("the committed hold of order {} has no order", hold.order_id)),
        );
        if !full {
            return Ok(wrong);
        }
        last = upto;
    }
}

fn misfit(order: &OrderRow, hold: Option<&HoldRow>) -> Option<String> {
    if order.under_way {
        return None;
    }
    let state = hold.map_or("none", |hold| hold.state.as_str());
    let fits = match (order.status.as_str(), hold) {
        ("confirmed" | "completed", Some(hold)) => {
            state == "committed" && Some(hold.quantity - hold.released) == order.units
        }
        ("cancelled", Some(hold)) => match state {
            "committed" => hold.quantity == hold.shipped + hold.released,
            _ => state != "held",
        },
        // Product forgets ended holds after a while.
        ("cancelled", None) => order.fulfillment_status == "unfulfilled",
        _ => false,
    };
    (!fits).then(|| {
        let units = hold.map_or(0, |hold| hold.quantity - hold.released - hold.shipped);
        format!(
            "order {} is {}, its hold {state} with {units} units still to ship",
            order.id, order.status
        )
    })
}
