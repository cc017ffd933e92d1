//! Sagas: rows that say what is still to be done for an order.

use std::time::Duration;

use crate::{
    saga::model::{Backlog, Postponement, Queue, Settled, Settlement, Turn},
    values::Cause,
};

pub trait Sagas: Send + Sync + 'static {
    /// Takes up to `most` sagas of a queue that are due and that nobody else is taking, for the length of a lease.
    fn take(
        &self,
        queue: Queue,
        most: usize,
        lease: Duration,
    ) -> impl Future<Output = Result<Vec<Turn>, SagasError>> + Send;

    /// Moves orders and their payments on, and their sagas to the next step or the end, for as far as the leases
    /// still hold.
    fn settle(
        &self,
        settlements: &[Settlement],
    ) -> impl Future<Output = Result<Vec<Settled>, SagasError>> + Send;

    /// Makes sagas due again after a pause, for as far as the leases still hold.
    fn postpone(
        &self,
        postponements: &[Postponement],
    ) -> impl Future<Output = Result<(), SagasError>> + Send;

    /// Wakes finished sagas of orders that still want something: another release ended them, or a person did. How many.
    fn reopen_unsettled(&self) -> impl Future<Output = Result<u64, SagasError>> + Send;

    fn backlog(&self) -> impl Future<Output = Result<Backlog, SagasError>> + Send;

    /// Forgets sagas that ended more than a week ago; how many it forgot.
    fn forget_finished(&self) -> impl Future<Output = Result<u64, SagasError>> + Send;
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot read or write sagas")]
pub struct SagasError(#[source] pub Cause);
