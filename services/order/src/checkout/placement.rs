//! A request for an order as a command, and what may come of it.

use std::sync::Arc;

use money::Money;

use super::model::{MissingStock, OrderRequest, RequestedLine, TooManyUnpaidUnits};
use crate::{
    orders::model::Order,
    values::{Cause, Fingerprint, Operation, RequestIdentity, RequestKey, Sku, UserId},
};

/// A request for an order, with the hashes that it is known by.
#[derive(Clone, Debug)]
pub struct Command {
    pub identity: RequestIdentity,
    pub request_key: RequestKey,
    pub fingerprint: Fingerprint,
    pub request: OrderRequest,
}

impl Command {
    pub fn try_new(
        customer: UserId,
        key: &str,
        request: OrderRequest,
    ) -> Result<Self, PlaceOrderError> {
        let operation = Operation::PlaceOrder;
        let hash = idempotency::request_hash(customer.0, operation.as_str(), key);
        let fingerprint = idempotency::fingerprint(&request)
            .map_err(|error| PlaceOrderError::Failed(Arc::new(error)))?;
        Ok(Self {
            identity: RequestIdentity {
                principal: customer,
                operation,
                key: key.to_owned(),
            },
            request_key: RequestKey(hash),
            fingerprint: Fingerprint(fingerprint),
            request,
        })
    }
}

#[derive(Clone, Debug)]
pub struct Placed {
    pub order: Order,
    /// An earlier request with the same key made it.
    pub replayed: bool,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum PlaceOrderError {
    #[error("a request with this key is in progress")]
    KeyInUse,
    #[error("the key was used for a different request")]
    KeyReused,
    #[error("the hold of this key ended without an order")]
    KeyExpired,
    #[error("too many requests of this customer are in progress")]
    TooManyOfCustomer,
    #[error("no such payment method")]
    UnknownPaymentMethod,
    #[error("too many orders of this customer are unpaid")]
    TooManyUnpaid,
    #[error("too many units of one product would be unpaid")]
    TooManyUnpaidUnits(#[source] TooManyUnpaidUnits),
    #[error("an order of this customer made a batch fail a moment ago")]
    Suspended,
    #[error("the queue is full")]
    QueueFull,
    #[error("the request waited too long")]
    WaitedTooLong,
    #[error("insufficient stock for some lines")]
    OutOfStock(Vec<MissingStock>),
    #[error("some lines do not identify a product that can be ordered")]
    UnknownProducts(Vec<RequestedLine>),
    #[error("the total differs from the expected total")]
    PriceChanged { total: Money },
    #[error("the total is too large")]
    TotalTooLarge,
    #[error("the items of {0} add up to more units than an order may have")]
    TooManyUnits(Sku),
    /// Nothing was ordered, and trying again changes nothing before the shop is mended.
    #[error("product's data of an item does not allow an order")]
    NotOrderable(#[source] Cause),
    /// Nothing was done.
    #[error("orders cannot be placed at present")]
    Unavailable(#[source] Cause),
    /// The stock may be held, the order even written: the same request again finds it.
    #[error("the outcome of the request is not known")]
    OutcomeUnknown(#[source] Cause),
    #[error("the order cannot be stored")]
    Refused(#[source] Cause),
    #[error("the order failed because of a defect")]
    Failed(#[source] Cause),
}
