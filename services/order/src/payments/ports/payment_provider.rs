//! Who moves the money: a bank, a card network, or the mock. A foreign system: its records are not in our transactions.
//!
//! Every operation carries a key that is the same whenever it is tried again, so trying again is always safe: the
//! answer to the first try comes back. No lock and no transaction of ours is open during a call.

use money::Money;

use crate::{
    payments::model::{PaymentMethod, ProviderName, ProviderReference, RefusalReason},
    values::{Cause, OrderId, PaymentId, RefundId},
};

pub trait PaymentProvider: Send + Sync + 'static {
    /// What a new payment may be made with; nothing if orders are not paid here.
    fn methods(&self) -> &[OfferedMethod];

    /// Sets the money aside. To be captured or voided later.
    fn authorise(
        &self,
        charge: &Charge,
    ) -> impl Future<Output = Result<Authorisation, ProviderError>> + Send;

    /// Takes what was set aside, all of it. Once a payment.
    fn capture(
        &self,
        operation: &MoneyOperation,
    ) -> impl Future<Output = Result<OperationAnswer, ProviderError>> + Send;

    /// Gives back what was set aside. Done also if it was never set aside: an authorisation under way is refused then,
    /// and one that arrives later is declined.
    fn void(
        &self,
        operation: &MoneyOperation,
    ) -> impl Future<Output = Result<OperationAnswer, ProviderError>> + Send;

    /// Gives back a part of what was captured, or all of it.
    fn refund(
        &self,
        refund: &RefundOperation,
    ) -> impl Future<Output = Result<OperationAnswer, ProviderError>> + Send;

    /// The provider's record of a payment; `None` if it has none. How a pending or unknown result becomes known, after a
    /// webhook as well as without one.
    fn look_up(
        &self,
        provider: ProviderName,
        payment: PaymentId,
    ) -> impl Future<Output = Result<Option<ProviderRecord>, ProviderError>> + Send;
}

/// A method of payment as it is offered to customers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedMethod {
    pub method: PaymentMethod,
    pub provider: ProviderName,
    /// For people.
    pub title: &'static str,
    pub description: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub provider: ProviderName,
    pub payment: PaymentId,
    pub order: OrderId,
    pub method: PaymentMethod,
    pub amount: Money,
}

/// A capture or a void of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoneyOperation {
    pub provider: ProviderName,
    pub payment: PaymentId,
    /// What was authorised.
    pub amount: Money,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundOperation {
    pub provider: ProviderName,
    pub payment: PaymentId,
    pub refund: RefundId,
    pub amount: Money,
}

impl Charge {
    /// What the provider knows this operation by.
    pub fn key(&self) -> String {
        format!("{}:authorise", self.payment)
    }
}

impl MoneyOperation {
    pub fn capture_key(&self) -> String {
        format!("{}:capture", self.payment)
    }

    pub fn void_key(&self) -> String {
        format!("{}:void", self.payment)
    }
}

impl RefundOperation {
    pub fn key(&self) -> String {
        format!("{}:{}", self.payment, self.refund)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorisation {
    Authorised {
        reference: ProviderReference,
    },
    Declined {
        reason: RefusalReason,
    },
    /// The result comes later: by webhook, and [`PaymentProvider::look_up`] has it too.
    Pending {
        reference: ProviderReference,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationAnswer {
    Done,
    /// For good: trying again answers the same.
    Refused {
        reason: RefusalReason,
    },
    /// The result comes later, as with an authorisation.
    Pending,
}

/// A payment as the provider has it. `None` for an operation that it does not know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderRecord {
    pub authorisation: Option<Authorisation>,
    pub capture: Option<OperationAnswer>,
    pub void: Option<OperationAnswer>,
    pub refunds: Vec<(RefundId, OperationAnswer)>,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum ProviderError {
    /// It may have happened or not. Ask [`PaymentProvider::look_up`] or send the same again; never assume.
    #[error("the outcome of a call to the payment provider is not known")]
    Unknown(#[source] Cause),
    /// Nothing happened.
    #[error("the payment provider cannot be reached")]
    Unreachable(#[source] Cause),
}
