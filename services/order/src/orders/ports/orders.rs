//! Where orders are kept.

use std::{collections::HashMap, num::NonZeroU32};

use crate::{
    checkout::model::{NewOrder, OwingUnits, TooManyUnpaidUnits},
    orders::model::{Order, OrderFilter},
    values::{Cause, Fingerprint, OrderId, RequestIdentity, UserId, Window},
};

pub trait Orders: Send + Sync + 'static {
    /// The orders that these requests have made already.
    fn recorded(
        &self,
        identities: &[RequestIdentity],
    ) -> impl Future<Output = Result<Vec<Option<Recorded>>, OrdersError>> + Send;

    /// Writes orders with their lines, request keys and sagas, all or nothing, and tries the whole again where that
    /// helps: a key or an id that is there already yields what it stands for. An order that would leave its customer
    /// with more than `most_unpaid_units` of one SKU unpaid is refused by itself, whatever else is placed meanwhile.
    fn create(
        &self,
        orders: &[NewOrder],
        most_unpaid_units: Option<NonZeroU32>,
    ) -> impl Future<Output = Result<Vec<Creation>, OrdersError>> + Send;

    /// How many orders of each of these customers wait for a payment; who has none may be missing.
    fn unpaid(
        &self,
        customers: &[UserId],
    ) -> impl Future<Output = Result<HashMap<UserId, u32>, OrdersError>> + Send;

    /// The units that these customers have in orders that still owe.
    fn owing_units(
        &self,
        customers: &[UserId],
    ) -> impl Future<Output = Result<Vec<OwingUnits>, OrdersError>> + Send;

    fn find(&self, id: OrderId) -> impl Future<Output = Result<Option<Order>, OrdersError>> + Send;

    /// Orders, newest first.
    fn list(
        &self,
        filter: &OrderFilter,
        window: &Window,
    ) -> impl Future<Output = Result<Listing, OrdersError>> + Send;

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
    /// A twin of the request was faster.
    Existed(Recorded),
    /// Nothing of it is written, its key neither.
    Refused(TooManyUnpaidUnits),
}

#[derive(Clone, Debug)]
pub struct Listing {
    pub orders: Vec<Order>,
    pub counted: Option<i64>,
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
