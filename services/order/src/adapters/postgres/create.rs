//! Writing a batch of orders: keys, orders, items and sagas in one transaction, each set in key order (ORDERS 8, 14).

use std::collections::HashMap;

use postgres::{Pool, Transaction};
use uuid::Uuid;
use web::clock::Clock;

use super::{
    events::{self, EventRow},
    failure::{Retries, StoreError, on_demand},
    insert::{Stamp, claim_keys, insert_items, insert_orders, insert_payments, insert_sagas},
    recorded::recorded,
};
use crate::{
    domain::{NewOrder, Order, OrderId, OrderState},
    fail_point::{FailPoint, reach},
    ports::{Creation, Recorded},
};

enum Attempt {
    Written(HashMap<Uuid, Stamp>),
    Failed(StoreError),
    /// The answer to COMMIT was lost: it may all be there.
    Uncertain(StoreError),
}

pub(super) async fn create(
    pool: &Pool,
    clock: Clock,
    orders: &[NewOrder],
) -> Result<Vec<Creation>, StoreError> {
    let mut retries = Retries::new(clock);
    let mut uncertain = false;
    let stamps = loop {
        match attempt(pool, orders).await {
            Attempt::Written(stamps) => break stamps,
            Attempt::Failed(error) => retries.pause(error).await?,
            Attempt::Uncertain(error) => {
                uncertain = true;
                retries.pause(error).await?;
            }
        }
    };
    answers(pool, orders, stamps, uncertain).await
}

async fn attempt(pool: &Pool, orders: &[NewOrder]) -> Attempt {
    let mut transaction = match pool.begin().await {
        Ok(transaction) => transaction,
        Err(error) => return Attempt::Failed(error.into()),
    };
    let stamps = match write(&mut transaction, orders).await {
        Ok(stamps) => stamps,
        Err(error) => return Attempt::Failed(error.into()),
    };
    if let Err(error) = reach(FailPoint::BeforeOrderCommit).await {
        return Attempt::Failed(on_demand(error));
    }
    if let Err(error) = transaction.commit().await {
        return Attempt::Uncertain(error.into());
    }
    match reach(FailPoint::AfterOrderCommit).await {
        Ok(()) => Attempt::Written(stamps),
        Err(error) => Attempt::Uncertain(on_demand(error)),
    }
}

/// Writes what is new; what a twin wrote before is left alone, and waited for where it is not committed yet.
async fn write(
    transaction: &mut Transaction,
    orders: &[NewOrder],
) -> Result<HashMap<Uuid, Stamp>, sqlx::Error> {
    let claimed = claim_keys(transaction, orders).await?;
    let claimed: Vec<&NewOrder> = orders
        .iter()
        .filter(|order| claimed.contains(&order.id.0))
        .collect();
    if claimed.is_empty() {
        return Ok(HashMap::new());
    }
    let stamps = insert_orders(transaction, &claimed).await?;
    let written: Vec<&NewOrder> = claimed
        .into_iter()
        .filter(|order| stamps.contains_key(&order.id.0))
        .collect();
    insert_items(transaction, &written).await?;
    insert_payments(transaction, &written).await?;
    insert_sagas(transaction, &written).await?;
    let created: Vec<EventRow> = written
        .iter()
        .map(|order| EventRow::created(order))
        .collect();
    events::write(transaction, &created).await?;
    Ok(stamps)
}

async fn answers(
    pool: &Pool,
    orders: &[NewOrder],
    mut stamps: HashMap<Uuid, Stamp>,
    uncertain: bool,
) -> Result<Vec<Creation>, StoreError> {
    let mut answers: Vec<Option<Creation>> = orders
        .iter()
        .map(|order| {
            stamps
                .remove(&order.id.0)
                .map(|stamp| Creation::Created(placed(order, &stamp)))
        })
        .collect();
    let twins: Vec<usize> = (0..orders.len())
        .filter(|index| answers[*index].is_none())
        .collect();
    if !twins.is_empty() {
        let identities: Vec<_> = twins
            .iter()
            .map(|index| orders[*index].identity.clone())
            .collect();
        for (index, recorded) in twins.into_iter().zip(recorded(pool, &identities).await?) {
            answers[index] = recorded.map(|recorded| existed(&orders[index], recorded, uncertain));
        }
    }
    answers
        .into_iter()
        .map(|answer| answer.ok_or(StoreError::Row("the key of an order")))
        .collect()
}

/// After a COMMIT without an answer, our own order is found where a twin's would be.
fn existed(order: &NewOrder, recorded: Recorded, uncertain: bool) -> Creation {
    if uncertain && recorded.order.id == order.id {
        Creation::Created(recorded.order)
    } else {
        Creation::Existed(recorded)
    }
}

fn placed(order: &NewOrder, stamp: &Stamp) -> Order {
    Order {
        id: OrderId(order.id.0),
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
    }
}
