//! The way of a change by hand: an order is read, changed, and written with its event if it still has the version that was
//! read (ORDERS 22); again, where somebody else was faster.

use super::{
    ReviseOrderError,
    model::{NewEvent, Order, RevisionError},
    ports::{Orders, Revisions, Saved},
};
use crate::values::{OrderId, Precondition};

/// How often a write that fits any version is tried again after somebody else's.
const ATTEMPTS: u32 = 5;

/// `sees`: who does not see the order is told that there is none. `change` returns its event, or `None` where it changes
/// nothing.
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
