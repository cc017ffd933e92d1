//! Payments, as people and providers change them: each intent is one transaction, together with the key of its request,
//! and wakes the order's saga, which alone calls providers (ORDERS 18-20).

use uuid::Uuid;

use crate::{
    intents::ports::{Answered, IntentError, Request},
    payments::model::{IntentRefusal, OrderPayments, Payment, PaymentFilter, Refund},
    values::{Listing, OrderId, PaymentId, Position, Precondition, Reader, RefundId, Window},
};

/// What a request is about, and with it what is locked and what its key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// A payment of this order, under this id.
    StartPayment(OrderId, PaymentId),
    /// That this order be cancelled.
    CancelOrder(OrderId),
    /// What becomes of this payment.
    DecidePayment(PaymentId),
    /// A refund of this payment, under this id.
    Refund(PaymentId, RefundId),
}

impl Intent {
    /// It is written, or refused; the others may find that there is nothing to write.
    pub const fn makes_something(self) -> bool {
        match self {
            Self::StartPayment(..) | Self::Refund(..) => true,
            Self::CancelOrder(_) | Self::DecidePayment(_) => false,
        }
    }
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done<T> {
    Now(T),
    /// An earlier request with the same key had done it, and made or changed this.
    Before(Uuid),
}

pub trait Payments: Send + Sync + 'static {
    /// One transaction for one request. It claims the request's key, and answers a repeated one (ORDERS 18). It locks the
    /// saga, the order and the payment, in that order (ORDERS 9), has `decide` change them, writes what came of it with
    /// its event, and leaves the saga due. A refusal leaves nothing behind, its key neither. `decide` is called again
    /// where the transaction is tried again.
    fn change<T: Send>(
        &self,
        request: &Request,
        intent: Intent,
        decide: impl Fn(&mut OrderPayments) -> Result<T, IntentRefusal> + Send + Sync,
    ) -> impl Future<Output = Result<Done<T>, IntentError>> + Send;

    /// Locks a payment alone and writes its note, if it has one of the versions that the caller has read.
    fn annotate(
        &self,
        reader: Reader,
        payment: PaymentId,
        read: &Precondition,
        note: Option<&str>,
    ) -> impl Future<Output = Result<Payment, IntentError>> + Send;

    /// A payment as it is after a change of it, read where changes are written, in the time that the request has left.
    fn changed(
        &self,
        request: &Request,
        payment: PaymentId,
    ) -> impl Future<Output = Result<Payment, IntentError>> + Send;

    /// The same, with one of its refunds.
    fn changed_refund(
        &self,
        request: &Request,
        payment: PaymentId,
        refund: RefundId,
    ) -> impl Future<Output = Result<(Payment, Refund), IntentError>> + Send;

    /// Has the payment's saga ask the provider now; false: there is no such payment.
    fn wake(&self, payment: PaymentId) -> impl Future<Output = Result<bool, IntentError>> + Send;

    fn find(
        &self,
        payment: PaymentId,
    ) -> impl Future<Output = Result<Option<Payment>, IntentError>> + Send;

    /// Payments, newest first.
    fn list(
        &self,
        filter: &PaymentFilter,
        window: &Window<PaymentId>,
    ) -> impl Future<Output = Result<PaymentListing, IntentError>> + Send;

    /// The refunds of a payment that can be read, oldest first.
    fn refunds(
        &self,
        payment: &Payment,
    ) -> impl Future<Output = Result<Vec<Refund>, IntentError>> + Send;
}

pub type PaymentListing = Listing<Payment, Position<PaymentId>>;

impl<T> Done<T> {
    /// This result of the request, which says whether an earlier one had done it.
    pub fn answered<A>(&self, result: A) -> Answered<A> {
        Answered {
            result,
            replayed: matches!(self, Self::Before(_)),
        }
    }
}
