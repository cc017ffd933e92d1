//! Writing a batch of orders: keys, orders, items and sagas in one transaction, each set in key order (ORDERS 8, 14).

use std::{collections::HashMap, num::NonZeroU32, time::Instant};

use clock::Jitter;
use db::{Pool, Transaction};
use uuid::Uuid;

use super::{
    insert::{Stamp, claim_keys, insert_items, insert_orders, insert_payments, insert_sagas},
    recorded::recorded,
    unpaid_units::{self, unclaim_keys},
};
use crate::{
    checkout::{
        model::{NewOrder, TooManyUnpaidUnits},
        ports::{Creation, Recorded},
    },
    fail_point::{FailPoint, reach},
    infrastructure::postgres::{
        column,
        failure::{StoreError, on_demand, retries},
    },
    orders::{
        model::{Order, OrderState, StoredOrder},
        postgres::events::{self, EventRow},
    },
    values::Cause,
};

/// What a transaction did, by the ids of the orders; twins of what was there before are in neither.
#[derive(Default)]
struct Written {
    stamps: HashMap<Uuid, Stamp>,
    refused: HashMap<Uuid, TooManyUnpaidUnits>,
}

pub(super) async fn create(
    pool: &Pool,
    jitter: Jitter,
    orders: &[NewOrder],
    most_unpaid_units: Option<NonZeroU32>,
) -> Result<Vec<Creation>, StoreError> {
    let mut retries = retries(Instant::now(), jitter);
    let mut uncertain = false;
    let written = loop {
        let mut committing = false;
        match attempt(pool, orders, most_unpaid_units, &mut committing).await {
            Ok(written) => break written,
            Err(error) => retries.again(error).await?,
        }
        uncertain |= committing;
    };
    answers(pool, orders, written, uncertain).await
}

/// `committing`: COMMIT was sent, so that it may all be there even after an error.
async fn attempt(
    pool: &Pool,
    orders: &[NewOrder],
    most_unpaid_units: Option<NonZeroU32>,
    committing: &mut bool,
) -> Result<Written, StoreError> {
    let mut transaction = pool.begin().await?;
    let written = write(&mut transaction, orders, most_unpaid_units).await?;
    reach(FailPoint::BeforeOrderCommit)
        .await
        .map_err(on_demand)?;
    *committing = true;
    transaction.commit().await?;
    reach(FailPoint::AfterOrderCommit)
        .await
        .map_err(on_demand)?;
    Ok(written)
}

/// Writes what is new; what a twin wrote before is left alone, and waited for where it is not committed yet.
async fn write(
    transaction: &mut Transaction,
    orders: &[NewOrder],
    most_unpaid_units: Option<NonZeroU32>,
) -> Result<Written, StoreError> {
    let claimed = claim_keys(transaction, orders).await?;
    let mut claimed: Vec<&NewOrder> = orders
        .iter()
        .filter(|order| claimed.contains(&order.id.0))
        .collect();
    let mut refused = HashMap::new();
    if let Some(allowed) = most_unpaid_units {
        refused = unpaid_units::refused(transaction, &claimed, allowed).await?;
    }
    if !refused.is_empty() {
        let (turned_away, admitted): (Vec<_>, Vec<_>) = claimed
            .into_iter()
            .partition(|order| refused.contains_key(&order.id.0));
        unclaim_keys(transaction, &turned_away).await?;
        claimed = admitted;
    }
    if claimed.is_empty() {
        let stamps = HashMap::new();
        return Ok(Written { stamps, refused });
    }
    let stamps = insert_orders(transaction, &claimed).await?;
    let written: Vec<&NewOrder> = claimed
        .into_iter()
        .filter(|order| stamps.contains_key(&order.id.0))
        .collect();
    insert_items(transaction, &written).await?;
    insert_payments(transaction, &written).await?;
    insert_sagas(transaction, &written).await?;
    let placed = OrderState::placed();
    let created = column(&written, |order| {
        EventRow::new(order.id, &placed, order.created())
    });
    events::write(transaction, &created).await?;
    Ok(Written { stamps, refused })
}

async fn answers(
    pool: &Pool,
    orders: &[NewOrder],
    written: Written,
    uncertain: bool,
) -> Result<Vec<Creation>, StoreError> {
    let Written {
        mut stamps,
        mut refused,
    } = written;
    let mut answers: Vec<Option<Creation>> = orders
        .iter()
        .map(|order| {
            let stamp = stamps.remove(&order.id.0);
            let created = stamp.map(|stamp| Creation::Created(placed(order, &stamp)));
            created.or_else(|| refused.remove(&order.id.0).map(Creation::Refused))
        })
        .collect();
    let twins: Vec<usize> = (0..orders.len())
        .filter(|index| answers[*index].is_none())
        .collect();
    if !twins.is_empty() {
        let identities = column(&twins, |index| &orders[*index].identity);
        for (index, recorded) in twins.into_iter().zip(recorded(pool, &identities).await?) {
            answers[index] = recorded.map(|recorded| existed(&orders[index], recorded, uncertain));
        }
    }
    answers
        .into_iter()
        .map(|answer| answer.ok_or(StoreError::row("the key of an order")))
        .collect()
}

/// After a COMMIT without an answer, our own order is found where a twin's would be.
fn existed(order: &NewOrder, recorded: Result<Recorded, Cause>, uncertain: bool) -> Creation {
    match recorded {
        Ok(recorded) if uncertain && recorded.order.id == order.id => {
            Creation::Created(recorded.order)
        }
        recorded => Creation::Existed(recorded),
    }
}

fn placed(order: &NewOrder, stamp: &Stamp) -> Order {
    Order::stored(StoredOrder {
        id: order.id,
        number: stamp.number,
        pay_by: stamp.pay_by,
        cancel_requested_at: None,
        customer: order.identity.principal,
        state: OrderState::placed(),
        lines: order.lines.clone(),
        totals: order.totals,
        shipping_address: order.shipping_address.clone(),
        note: order.note.as_ref().map(|note| note.as_str().to_owned()),
        created_at: stamp.created_at,
        updated_at: stamp.updated_at,
    })
}
