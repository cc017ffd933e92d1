//! Changes an order by compare-and-set: reads it, applies the change, and writes it with its event if it still has the
//! version that was read; otherwise tries again (ORDERS 22).

use super::{
    ReviseOrderError,
    model::{NewEvent, Order, RevisionError},
    ports::{Orders, Revisions, Saved},
};
use crate::values::{OrderId, Precondition};

/// How often a write is tried again after a concurrent one.
const ATTEMPTS: u32 = 5;

/// `sees`: whether the caller may see the order. `change` returns the event, or `None` if it changes nothing.
pub(super) async fn change_order<O: Orders + Revisions>(
    orders: &O,
    id: OrderId,
    precondition: &Precondition,
    sees: impl Fn(&Order) -> bool + Sync,
    change: impl Fn(&mut Order) -> Result<Option<NewEvent>, RevisionError> + Sync,
) -> Result<Order, ReviseOrderError> {
    for _ in 0..ATTEMPTS {
        let order = orders.find(id).await?.filter(&sees);
        let mut order = order.ok_or(ReviseOrderError::NotFound)?;
        let read_version = order.state.version;
        if !precondition.holds(read_version) {
            return Err(ReviseOrderError::Stale);
        }
        let Some(event) = change(&mut order)? else {
            return Ok(order);
        };
        match orders.save(&order, read_version, &event).await? {
            // Read again: the database stamps the time of the change.
            Saved::Written => {
                let saved = orders.find(id).await?;
                return saved.ok_or(ReviseOrderError::NotFound);
            }
            Saved::Changed => {}
        }
    }
    Err(ReviseOrderError::Stale)
}
