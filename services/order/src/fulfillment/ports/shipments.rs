//! Parcels that product must be told of.

use std::time::Duration;

use crate::{
    fulfillment::model::{ParcelLease, ParcelOutcome, ParcelTurn},
    values::Cause,
};

pub trait Shipments: Send + Sync + 'static {
    /// Takes up to `most` parcels that are to be shipped and that nobody else is taking, for the length of a lease.
    fn take(
        &self,
        most: i64,
        lease: Duration,
    ) -> impl Future<Output = Result<Vec<ParcelTurn>, ShipmentsError>> + Send;

    /// Writes what product answered, for as far as the leases still hold; how many it wrote.
    fn settle(
        &self,
        answered: &[(ParcelTurn, ParcelOutcome)],
    ) -> impl Future<Output = Result<usize, ShipmentsError>> + Send;

    /// Makes parcels due again after a pause each, for as far as the leases still hold.
    fn postpone(
        &self,
        parcels: &[(ParcelLease, Duration)],
        reason: &str,
    ) -> impl Future<Output = Result<(), ShipmentsError>> + Send;
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot read or write the shipments")]
pub struct ShipmentsError(#[source] pub Cause);
