//! Payments and their refunds, as far as the reader may see them.

use super::{
    model::{IntentRefusal, Payment, PaymentFilter, Refund},
    ports::{PaymentListing, Payments},
};
use crate::{
    intents::ports::IntentError,
    values::{PaymentId, Precondition, Reader, Window},
};

#[derive(Clone)]
pub struct ReadPayments<P> {
    payments: P,
}

impl<P: Payments> ReadPayments<P> {
    pub fn new(payments: P) -> Self {
        Self { payments }
    }

    /// `None`: there is none, or the reader may not see it.
    pub async fn one(&self, reader: Reader, id: PaymentId) -> Result<Option<Payment>, IntentError> {
        let payment = self.payments.find(id).await?;
        Ok(payment.filter(|payment| payment.may_be_seen_by(reader)))
    }

    /// The payment, if it has one of the versions that the writer read.
    pub async fn matching(
        &self,
        reader: Reader,
        id: PaymentId,
        read: &Precondition,
    ) -> Result<Payment, IntentError> {
        let payment = self.one(reader, id).await?.ok_or(IntentError::NotFound)?;
        if read.holds(payment.version) {
            Ok(payment)
        } else {
            Err(IntentRefusal::Stale.into())
        }
    }

    /// `None`: the reader may not ask for the payments of this customer.
    pub async fn list(
        &self,
        reader: Reader,
        filter: PaymentFilter,
        window: Window<PaymentId>,
    ) -> Result<Option<PaymentListing>, IntentError> {
        let theirs = |customer| reader.may_see(customer);
        if !filter.customer.is_none_or(theirs) {
            return Ok(None);
        }
        let customer = filter.customer.or(reader.own());
        let filter = PaymentFilter { customer, ..filter };
        self.payments.list(&filter, &window).await.map(Some)
    }

    /// `None`: there is no such payment, or the reader may not see it.
    pub async fn refunds(
        &self,
        reader: Reader,
        id: PaymentId,
    ) -> Result<Option<Vec<Refund>>, IntentError> {
        let Some(payment) = self.one(reader, id).await? else {
            return Ok(None);
        };
        self.payments.refunds(&payment).await.map(Some)
    }
}
