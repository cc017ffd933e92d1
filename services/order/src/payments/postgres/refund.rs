//! Money of a payment is to go back (ORDERS 20).

use super::{
    PgPayments, Stop,
    locked::{advance, commit, lock_payment, wake_and_lock},
    payment_row, repeated,
};
use crate::{
    infrastructure::postgres::{failure::StoreError, request_key::claim},
    intents::ports::{Answered, Request},
    orders::postgres::events::EventRow,
    payments::model::{NewRefund, Payment, Refund, RefundState},
    saga::postgres::settle::{write_payments, write_refunds},
    values::PaymentId,
};

const CREATED: i16 = 201;

impl PgPayments {
    pub(super) async fn try_refund(
        &self,
        request: &Request,
        id: PaymentId,
        new: &NewRefund,
    ) -> Result<Answered<(Payment, Refund)>, Stop> {
        let order = self.visible_payment(id, request.reader).await?;
        let mut transaction = self.writers.begin().await?;
        let claimed = claim(
            &mut transaction,
            &request.identity,
            request.fingerprint,
            order.0,
            Some(new.id.0),
            CREATED,
        );
        let refund = repeated(claimed.await?)?;
        let replayed = refund.is_some();
        if replayed {
            drop(transaction);
        } else {
            let mut locked = wake_and_lock(&mut transaction, order).await?;
            let mut payment = lock_payment(&mut transaction, id).await?;
            let amount = new.amount.unwrap_or_else(|| payment.refundable());
            let event = payment.request_refund(amount)?;
            let refund = Refund {
                id: new.id,
                payment_id: id,
                amount,
                state: RefundState::Pending,
                cause: new.cause,
                reason: new.reason.clone(),
                refusal: None,
                created_at: payment.created_at,
                updated_at: payment.updated_at,
            };
            write_payments(&mut transaction, &[&payment]).await?;
            write_refunds(&mut transaction, &[&refund]).await?;
            locked.state.version += 1;
            let event = EventRow::of(order, &locked.state, event, request.actor)
                .with("payment_id", id.0.to_string())
                .with("refund_id", new.id.0.to_string())
                .with("amount_minor", amount.minor);
            advance(&mut transaction, order, &locked.state, event).await?;
            commit(transaction).await?;
        }
        let payment = self.found(id).await?;
        let wanted = refund.unwrap_or(new.id.0);
        let refund = payment_row::refunds(&self.writers, &[id.0])
            .await?
            .into_iter()
            .find(|row| row.id == wanted)
            .ok_or(StoreError::Row("the refund of a key"))?
            .into_refund(payment.amount.currency)?;
        Ok(Answered {
            result: (payment, refund),
            replayed,
        })
    }
}
