//! Payments, as people and providers change them: each method writes a wish in one transaction, together with the key
//! of its request, and wakes the order's saga, which alone calls providers (ORDERS 18-20).

use crate::{
    intents::ports::{Answered, IntentError, Request},
    payments::model::{NewPayment, NewRefund, Payment, PaymentFilter, Refund},
    values::{OrderId, PaymentId, Precondition, Reader, Window},
};

pub trait Payments: Send + Sync + 'static {
    /// Starts a payment of an order that waits for one.
    fn start(
        &self,
        request: &Request,
        order: OrderId,
        payment: &NewPayment,
    ) -> impl Future<Output = Result<Answered<Payment>, IntentError>> + Send;

    /// Gives a payment up before its money is taken; the order waits for another one.
    fn cancel(
        &self,
        request: &Request,
        payment: PaymentId,
    ) -> impl Future<Output = Result<Answered<Payment>, IntentError>> + Send;

    /// Has the money taken that was set aside.
    fn capture(
        &self,
        request: &Request,
        payment: PaymentId,
    ) -> impl Future<Output = Result<Answered<Payment>, IntentError>> + Send;

    /// Sets an amount aside that is to go back.
    fn refund(
        &self,
        request: &Request,
        payment: PaymentId,
        refund: &NewRefund,
    ) -> impl Future<Output = Result<Answered<(Payment, Refund)>, IntentError>> + Send;

    /// Writes the note of a payment.
    fn annotate(
        &self,
        reader: Reader,
        payment: PaymentId,
        read: &Precondition,
        note: Option<&str>,
    ) -> impl Future<Output = Result<Payment, IntentError>> + Send;

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

    /// The refunds of a payment, oldest first.
    fn refunds(
        &self,
        payment: PaymentId,
    ) -> impl Future<Output = Result<Vec<Refund>, IntentError>> + Send;
}

pub trait Cancellations: Send + Sync + 'static {
    /// Writes the wish that an order be cancelled, and makes its saga due. Asking again changes nothing.
    fn request(
        &self,
        request: &Request,
        order: OrderId,
    ) -> impl Future<Output = Result<Asked, IntentError>> + Send;
}

/// What a request to cancel an order came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The wish is written, and the saga is to act on it.
    Now,
    /// The order is cancelled, or about to be.
    Before,
    /// An earlier request with the same key had done it.
    Replayed,
}

#[derive(Clone, Debug)]
pub struct PaymentListing {
    pub payments: Vec<Payment>,
    pub counted: Option<i64>,
}
