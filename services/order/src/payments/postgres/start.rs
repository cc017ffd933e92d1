//! A payment of an order begins (ORDERS 20, 24).

use postgres::constraint;

use super::{
    PgPayments, Stop,
    locked::{advance, commit, wake_and_lock},
    repeated,
};
use crate::{
    infrastructure::postgres::request_key::claim,
    intents::ports::{Answered, IntentError, Request},
    orders::{model::Status, postgres::events::EventRow},
    payments::model::{NewPayment, Payment, PaymentState},
    values::{EventType, OrderId, PaymentId},
};

const CREATED: i16 = 201;

impl PgPayments {
    pub(super) async fn try_start(
        &self,
        request: &Request,
        order: OrderId,
        new: &NewPayment,
    ) -> Result<Answered<Payment>, Stop> {
        self.visible_order(order, request.reader).await?;
        let mut transaction = self.writers.begin().await?;
        let claimed = claim(
            &mut transaction,
            &request.identity,
            request.fingerprint,
            order.0,
            Some(new.id.0),
            CREATED,
        );
        if let Some(payment) = repeated(claimed.await?)? {
            // Reading takes a connection of its own: holding this one meanwhile would starve the twins.
            drop(transaction);
            return self.replayed(PaymentId(payment)).await;
        }
        let mut locked = wake_and_lock(&mut transaction, order).await?;
        let open = match locked.state.status {
            Status::Pending | Status::Confirmed => true,
            Status::Completed | Status::Cancelled => false,
        };
        if !open || !locked.payable || locked.cancel_requested {
            return Err(IntentError::NotPayable.into());
        }
        sqlx::query!(
            r#"
            INSERT INTO payments (id, order_id, user_id, provider, method, capture, currency, amount_minor)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            "#,
            new.id.0,
            order.0,
            locked.customer,
            new.provider.as_str(),
            new.method.as_str(),
            new.capture.as_str(),
            locked.currency,
            locked.total_minor,
        )
        .execute(&mut *transaction)
        .await
        .map_err(|error| match constraint(&error) {
            Some("payments_live") => Stop::Refused(IntentError::PaymentExists),
            _ => error.into(),
        })?;
        locked.state.follow(PaymentState::Pending);
        let event = EventRow::of(
            order,
            &locked.state,
            EventType::PaymentStarted,
            request.actor,
        )
        .with("payment_id", new.id.0.to_string())
        .with("method", new.method.as_str())
        .with("amount_minor", locked.total_minor);
        advance(&mut transaction, order, &locked.state, event).await?;
        commit(transaction).await?;
        self.done(new.id).await
    }
}
