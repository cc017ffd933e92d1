//! Goods that come back: asked for by customers, and told to product by a worker.

use std::time::Duration;

use money::Money;

use super::model::ReturnStep;
use crate::{
    fulfillment::{
        model::{ParcelLease, ParcelOutcome, ParcelTurn},
        ports::ShipmentsError,
    },
    intents::ports::Request,
    orders::ports::OrdersError,
    values::{Fingerprint, OrderId, RequestIdentity, ReturnId},
};

pub trait Returns: Send + Sync + 'static {
    /// What an earlier request under this key asked for and made.
    fn requested(
        &self,
        identity: &RequestIdentity,
    ) -> impl Future<Output = Result<Option<(Fingerprint, ReturnId)>, OrdersError>> + Send;

    /// The order that a return is of.
    fn order_of_return(
        &self,
        id: ReturnId,
    ) -> impl Future<Output = Result<Option<OrderId>, OrdersError>> + Send;

    /// Writes a step and the order's new version, if the order still has the version that was read; with the key of the
    /// request where there is one.
    fn write_return(
        &self,
        order: OrderId,
        step: &ReturnStep,
        request: Option<&Request>,
    ) -> impl Future<Output = Result<ReturnSaved, OrdersError>> + Send;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnSaved {
    Written,
    /// Somebody else changed the order; nothing was written.
    Changed,
    /// A twin of the request was faster.
    Repeated(ReturnId),
    /// The key stands for another request.
    KeyReused,
}

/// Returned goods that product and the payment must be told of.
pub trait ReturnedGoods: Send + Sync + 'static {
    /// Takes up to `most` of them that nobody else is taking, for the length of a lease.
    fn take(
        &self,
        most: i64,
        lease: Duration,
    ) -> impl Future<Output = Result<Vec<ReturnTurn>, ShipmentsError>> + Send;

    /// Writes what became of them, for as far as the leases still hold; how many it wrote.
    fn settle(
        &self,
        answered: &[(ReturnTurn, ParcelOutcome)],
    ) -> impl Future<Output = Result<usize, ShipmentsError>> + Send;

    /// Makes them due again after a pause each, for as far as the leases still hold.
    fn postpone(
        &self,
        returns: &[(ParcelLease, Duration)],
        reason: &str,
    ) -> impl Future<Output = Result<(), ShipmentsError>> + Send;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnTurn {
    pub turn: ParcelTurn,
    /// What is to go back for it.
    pub refund: Money,
}
