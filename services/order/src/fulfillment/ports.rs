//! Goods that leave and come back: the queues of what is to be reported to product, and product's stock.

use std::time::Duration;

use uuid::Uuid;

use super::model::{Movement, MovementOutcome};
use crate::{
    checkout::ports::{Misfit, ReservationsError},
    values::{Cause, Leased, Postponement},
};

/// Goods of one kind that are to be reported to product: those that leave, or those that come back.
pub trait MovementQueue<G>: Send + Sync + 'static {
    /// Takes up to `most` of them that no other worker is taking, for the length of a lease.
    fn take(
        &self,
        most: i64,
        lease: Duration,
    ) -> impl Future<Output = Result<Vec<Leased<Uuid, G>>, QueueError>> + Send;

    /// Writes product's answers, as far as the leases still hold; returns how many.
    fn settle(
        &self,
        answered: &[(Leased<Uuid, G>, MovementOutcome)],
    ) -> impl Future<Output = Result<usize, QueueError>> + Send;

    /// Makes them due again after a pause each, as far as the leases still hold.
    fn postpone(
        &self,
        postponements: &[Postponement<Uuid>],
    ) -> impl Future<Output = Result<(), QueueError>> + Send;
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot read or write the shipments or returns")]
pub struct QueueError(#[source] pub Cause);

/// Product's answer about each movement of a request.
pub type MovementOutcomes = Vec<Result<MovementOutcome, Misfit>>;

/// Product's stock, as far as goods leave it and come back (ORDERS 6). Every method may be repeated with the same movements
/// and answers the same.
pub trait Stock: Send + Sync + 'static {
    fn ship(
        &self,
        movements: &[Movement],
    ) -> impl Future<Output = Result<MovementOutcomes, ReservationsError>> + Send;

    fn take_back(
        &self,
        movements: &[Movement],
    ) -> impl Future<Output = Result<MovementOutcomes, ReservationsError>> + Send;
}
