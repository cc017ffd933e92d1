//! Orders as people change them by hand, and what has happened to them.

use super::OrdersError;
use crate::{
    orders::model::{NewEvent, Order, PastEvent},
    values::OrderId,
};

pub trait Revisions: Send + Sync + 'static {
    /// Writes the order's status, fulfilment, address and note with the event of its new version, if the order still
    /// has the version that was read.
    fn save(
        &self,
        order: &Order,
        event: &NewEvent,
    ) -> impl Future<Output = Result<Saved, OrdersError>> + Send;

    /// Events of an order behind this version, oldest first.
    fn history(
        &self,
        order: OrderId,
        after: i64,
        rows: i64,
    ) -> impl Future<Output = Result<Vec<PastEvent>, OrdersError>> + Send;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    Written,
    /// Somebody else changed the order; nothing was written.
    Changed,
}
