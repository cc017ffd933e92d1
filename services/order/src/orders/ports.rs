//! Where orders and their events are kept. A method that writes is one transaction.

use std::time::Duration;

use super::model::{
    NewEvent, Order, OrderFilter, OrderPart, OrderWith, PartitionLease, PastEvent, Published,
};
use crate::values::{Cause, Listed, Listing, OrderId, Position, Window};

pub trait Orders: Send + Sync + 'static {
    fn find(&self, id: OrderId) -> impl Future<Output = Result<Option<Order>, OrdersError>> + Send;

    /// Orders, newest first.
    fn list(
        &self,
        filter: &OrderFilter,
        window: &Window,
    ) -> impl Future<Output = Result<OrderListing, OrdersError>> + Send;

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
    ) -> impl Future<Output = Result<Vec<Listed<PastEvent, i64>>, OrdersError>> + Send;
}

/// Orders with what belongs to them: their fulfillments, or their returns.
pub trait OrdersWith<P: OrderPart>: Send + Sync + 'static {
    fn find_with(
        &self,
        order: OrderId,
    ) -> impl Future<Output = Result<Option<OrderWith<P>>, OrdersError>> + Send;

    /// The order that a part is of.
    fn order_of(
        &self,
        part: P::Id,
    ) -> impl Future<Output = Result<Option<OrderId>, OrdersError>> + Send;

    /// Writes a step and the order's new versions, if the order still has the version that was read.
    fn save_with(
        &self,
        changed: &OrderWith<P>,
    ) -> impl Future<Output = Result<Saved, OrdersError>> + Send;
}

/// The log of what happened to orders, as far as it is published: a number for each event, partition by partition.
pub trait EventLog: Send + Sync + 'static {
    /// Takes up to `most` partitions that have something to publish and that no other worker holds, for the length of a
    /// lease.
    fn take(
        &self,
        most: i64,
        lease: Duration,
    ) -> impl Future<Output = Result<Vec<PartitionLease>, OrdersError>> + Send;

    /// Numbers up to `most` committed events of each partition, each order's in the order of its versions, and gives
    /// the partitions back. A lease that passed on publishes nothing.
    fn publish(
        &self,
        leases: &[PartitionLease],
        most: i64,
    ) -> impl Future<Output = Result<Published, OrdersError>> + Send;

    /// Events that have no number yet.
    fn unpublished(&self) -> impl Future<Output = Result<i64, OrdersError>> + Send;

    /// Writes the events that the release before left out, of orders placed within this time; how many.
    fn fill_gaps(&self, within: Duration) -> impl Future<Output = Result<u64, OrdersError>> + Send;
}

pub type OrderListing = Listing<Order, Position>;

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
