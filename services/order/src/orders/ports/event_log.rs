//! The log of what happened to orders, as far as it is published: a number for each event, partition by partition.

use std::time::Duration;

use super::OrdersError;
use crate::orders::model::{PartitionLease, Published};

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
