//! What is to become of an authorised payment (ORDERS 19).

use super::{
    PgPayments, Stop,
    locked::{commit, lock, lock_payment},
    repeated,
};
use crate::{
    infrastructure::postgres::request_key::claim,
    intents::ports::{Answered, Request},
    orders::model::{OrderState, Status},
    payments::model::{CaptureMode, Payment, PaymentDecision, PaymentError, PaymentState},
    saga::postgres::{sagas, settle::write_payments},
    values::PaymentId,
};

const OK: i16 = 200;

impl PgPayments {
    pub(super) async fn try_decide(
        &self,
        request: &Request,
        id: PaymentId,
        decision: PaymentDecision,
    ) -> Result<Answered<Payment>, Stop> {
        let order = self.visible_payment(id, request.reader).await?;
        let mut transaction = self.writers.begin().await?;
        let claimed = claim(
            &mut transaction,
            &request.identity,
            request.fingerprint,
            order.0,
            Some(id.0),
            OK,
        );
        if repeated(claimed.await?)?.is_some() {
            drop(transaction);
            return self.replayed(id).await;
        }
        let locked = lock(&mut transaction, order).await?;
        let mut payment = lock_payment(&mut transaction, id).await?;
        if decide(&mut payment, &locked.state, decision)? {
            write_payments(&mut transaction, &[&payment]).await?;
            sagas::wake(&mut transaction, order).await?;
        }
        commit(transaction).await?;
        self.done(id).await
    }
}

/// False: there is nothing to write.
fn decide(
    payment: &mut Payment,
    order: &OrderState,
    decision: PaymentDecision,
) -> Result<bool, PaymentError> {
    let undecided = payment.state == PaymentState::Authorized && payment.decision.is_none();
    match (decision, payment.capture) {
        (PaymentDecision::Capture, _) if payment.state.is_captured() => Ok(false),
        // The saga does it by itself, once the stock is committed.
        (PaymentDecision::Capture, CaptureMode::Automatic) if undecided => Ok(false),
        // Stock before money.
        (PaymentDecision::Capture, CaptureMode::Manual)
            if undecided && order.status == Status::Pending =>
        {
            Err(PaymentError::Transition {
                from: payment.state,
                to: PaymentState::Captured,
            })
        }
        (PaymentDecision::Void | PaymentDecision::Capture, _) => payment.decide(decision),
    }
}
