//! Where orders are kept.

use crate::{
    orders::model::{NewEvent, Order, OrderFilter, PastEvent},
    values::{Cause, OrderId, Window},
};

pub trait Orders: Send + Sync + 'static {
    fn find(&self, id: OrderId) -> impl Future<Output = Result<Option<Order>, OrdersError>> + Send;

    /// Orders, newest first.
    fn list(
        &self,
        filter: &OrderFilter,
        window: &Window,
    ) -> impl Future<Output = Result<Listing, OrdersError>> + Send;

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

#[derive(Clone, Debug)]
pub struct Listing {
    pub orders: Vec<Order>,
    pub counted: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    Written,
    /// Another writer changed the order; nothing was written.
    Changed,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum OrdersError {
    /// Trying again may help.
    #[error("the order database is not available")]
    Unavailable(#[source] Cause),
    /// Something in this batch can never be written.
    #[error("the order database rejected the data")]
    Refused(#[source] Cause),
    #[error("unexpected data or query in the order database")]
    Defect(#[source] Cause),
}
