//! Units that product has not any more, though orders had committed them: read from product, recorded with the orders,
//! and then settled there.

use uuid::Uuid;

use super::model::Shortfall;
use crate::{
    checkout::ports::{Misfit, ReservationsError},
    orders::ports::OrdersError,
};

/// Product's side. Every method may be repeated.
pub trait OpenShortfalls: Send + Sync + 'static {
    /// What is not settled, the oldest first, behind the shortfall `after`; an entry that cannot be read does not hide
    /// the others.
    fn open(
        &self,
        after: Option<Uuid>,
    ) -> impl Future<Output = Result<OpenPage, ReservationsError>> + Send;

    /// These are recorded.
    fn settle(&self, ids: &[Uuid]) -> impl Future<Output = Result<(), ReservationsError>> + Send;
}

/// Some of what is not settled.
#[derive(Debug)]
pub struct OpenPage {
    pub shortfalls: Vec<Result<Shortfall, Misfit>>,
    /// The shortfall behind which there are more.
    pub next: Option<Uuid>,
}

pub trait Shortfalls: Send + Sync + 'static {
    /// Writes what a shortfall means for its order, and wakes the order's saga; one transaction. What was recorded before
    /// changes nothing.
    fn record(
        &self,
        shortfall: &Shortfall,
    ) -> impl Future<Output = Result<Recording, OrdersError>> + Send;
}

/// What became of a shortfall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recording {
    /// The order has fewer units to ship now.
    Taken,
    /// The order has ended, or was shipped before.
    Nothing,
    /// It was recorded before.
    Known,
    /// There is no such order.
    NoOrder,
}
