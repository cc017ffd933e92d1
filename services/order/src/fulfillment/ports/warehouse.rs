//! Product's stock, as far as goods leave it and come back (ORDERS 6).

use crate::{
    checkout::ports::{Misfit, ReservationsError},
    fulfillment::model::{Parcel, ParcelOutcome},
};

/// Every method may be repeated with the same parcels and answers the same.
pub trait Warehouse: Send + Sync + 'static {
    fn ship(
        &self,
        parcels: &[Parcel],
    ) -> impl Future<Output = Result<Vec<Result<ParcelOutcome, Misfit>>, ReservationsError>> + Send;

    fn take_back(
        &self,
        parcels: &[Parcel],
    ) -> impl Future<Output = Result<Vec<Result<ParcelOutcome, Misfit>>, ReservationsError>> + Send;
}
