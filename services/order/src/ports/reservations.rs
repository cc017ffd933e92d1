//! Product's stock, as far as orders need it (ORDERS 1-6).

use crate::{
    domain::{CommitOutcome, OrderId, ReleaseOutcome, ReservationRequest, Verdict},
    ports::Cause,
};

/// Every method may be repeated with the same arguments and answers the same.
pub trait Reservations: Send + Sync + 'static {
    fn reserve(
        &self,
        requests: &[ReservationRequest],
    ) -> impl Future<Output = Result<Vec<Verdict>, ReservationsError>> + Send;

    fn commit(
        &self,
        orders: &[OrderId],
    ) -> impl Future<Output = Result<Vec<CommitOutcome>, ReservationsError>> + Send;

    /// Gives holds back. Never called when an outcome is unknown: the buyer's retry may have adopted the hold.
    fn release(
        &self,
        orders: &[OrderId],
    ) -> impl Future<Output = Result<Vec<ReleaseOutcome>, ReservationsError>> + Send;
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum ReservationsError {
    /// Too many calls failed lately; nothing was sent.
    #[error("product has not answered lately and is left alone for a moment")]
    LeftAlone,
    /// Nothing was sent.
    #[error("product cannot be reached")]
    Unreachable(#[source] Cause),
    /// It may have been done or not.
    #[error("the outcome of a call to product is not known")]
    Unknown(#[source] Cause),
    /// Product refused the batch as a whole; nothing was done.
    #[error("product refused the batch")]
    Refused(#[source] Cause),
}
