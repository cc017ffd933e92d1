//! What placing an order needs from outside: product's stock (ORDERS 1-6), and a place to write orders.

use std::{collections::HashMap, num::NonZeroU32, time::Duration};

use super::model::{NewOrder, OwingUnits, ReservationRequest, TooManyUnpaidUnits, Verdict};
use crate::{
    orders::{model::Order, ports::OrdersError},
    saga::model::{CommitOutcome, ExtendOutcome, ReleaseOutcome},
    values::{Cause, Fingerprint, OrderId, RequestIdentity, UserId},
};

/// Every method may be repeated with the same arguments and answers the same.
pub trait Reservations: Send + Sync + 'static {
    fn reserve(
        &self,
        requests: &[ReservationRequest],
    ) -> impl Future<Output = Result<Vec<Reserved>, ReservationsError>> + Send;

    fn commit(
        &self,
        orders: &[OrderId],
    ) -> impl Future<Output = Result<Vec<Result<CommitOutcome, Misfit>>, ReservationsError>> + Send;

    /// Makes holds last this long from now; expired ones are taken again where the units are there (ORDERS 2, 20).
    fn extend(
        &self,
        holds: &[(OrderId, Duration)],
    ) -> impl Future<Output = Result<Vec<Result<ExtendOutcome, Misfit>>, ReservationsError>> + Send;

    /// Gives back what is held, and what is committed and not shipped. For orders that end, by their sagas alone: before
    /// the order row is there, an outcome may be unknown and the buyer's retry may have adopted the hold.
    fn release(
        &self,
        orders: &[OrderId],
    ) -> impl Future<Output = Result<Vec<Result<ReleaseOutcome, Misfit>>, ReservationsError>> + Send;

    /// Gives back the holds of orders that were refused after their stock was held. Only of ids that this request made:
    /// then only a process that decides as this one does can have written an order by them. A lost call costs nothing:
    /// such holds end by themselves (ORDERS 2, 37).
    fn give_back(
        &self,
        orders: &[OrderId],
    ) -> impl Future<Output = Result<(), ReservationsError>> + Send;
}

/// Product's answer to one reservation.
#[derive(Clone, Debug)]
pub enum Reserved {
    Verdict(Verdict),
    /// It cannot be used, and so is known: asking again answers the same.
    Unusable {
        /// Whose hold it may be.
        hold: Option<OrderId>,
        misfit: Misfit,
    },
}

impl Reserved {
    /// Whose hold it leaves in product, as far as can be told.
    pub const fn hold(&self) -> Option<OrderId> {
        match self {
            Self::Verdict(verdict) => verdict.hold(),
            Self::Unusable { hold, .. } => *hold,
        }
    }
}

/// One entry of an answer does not fit; the others stand.
#[derive(Clone, Debug, thiserror::Error)]
#[error("product's response for this order is invalid")]
pub struct Misfit(#[source] pub Cause);

#[derive(Clone, Debug, thiserror::Error)]
pub enum ReservationsError {
    /// Too many calls failed lately; nothing was sent.
    #[error("calls to product are suspended after recent failures")]
    LeftAlone,
    /// Nothing was sent.
    #[error("product cannot be reached")]
    Unreachable(#[source] Cause),
    /// It may have been done or not.
    #[error("the outcome of a call to product is not known")]
    Unknown(#[source] Cause),
    /// Product refused the batch as a whole; nothing was done.
    #[error("product rejected the batch")]
    Refused(#[source] Cause),
}

/// Where orders are written as they are placed.
pub trait PlacedOrders: Send + Sync + 'static {
    /// The orders that these requests have made already, each by itself: one that cannot be read fails its request alone.
    fn recorded(
        &self,
        identities: &[&RequestIdentity],
    ) -> impl Future<Output = Result<Vec<Option<Result<Recorded, Cause>>>, OrdersError>> + Send;

    /// Writes orders with their lines, request keys and sagas, all or nothing, and tries the whole again where that
    /// helps: a key or an id that is there already yields what it stands for. An order that would leave its customer
    /// with more than `most_unpaid_units` of one SKU unpaid is refused by itself, whatever else is placed meanwhile.
    fn create(
        &self,
        orders: &[NewOrder],
        most_unpaid_units: Option<NonZeroU32>,
    ) -> impl Future<Output = Result<Vec<Creation>, OrdersError>> + Send;

    /// How many orders of each of these customers wait for a payment; a customer with none may be missing.
    fn unpaid(
        &self,
        customers: &[UserId],
    ) -> impl Future<Output = Result<HashMap<UserId, u32>, OrdersError>> + Send;

    /// The units that these customers have in orders that still owe.
    fn owing_units(
        &self,
        customers: &[UserId],
    ) -> impl Future<Output = Result<Vec<OwingUnits>, OrdersError>> + Send;

    /// Forgets request keys older than a day; how many it forgot.
    fn forget_old_keys(&self) -> impl Future<Output = Result<u64, OrdersError>> + Send;
}

/// What an earlier request under the same key asked for and got.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub fingerprint: Fingerprint,
    pub order: Order,
}

#[derive(Clone, Debug)]
pub enum Creation {
    Created(Order),
    /// A twin of the request was faster; its order may be one that cannot be read.
    Existed(Result<Recorded, Cause>),
    /// Nothing of it is written, its key neither.
    Refused(TooManyUnpaidUnits),
}
