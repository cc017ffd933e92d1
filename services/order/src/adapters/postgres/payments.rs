//! Wishes about payments and orders: each locks the saga, then the order, then the payment, decides in the domain,
//! writes, and leaves the saga due. Nothing here calls anybody (ORDERS 9, 19, 20).

use std::sync::Arc;

use postgres::{Failure, Pool, Transaction, constraint};
use uuid::Uuid;
use web::clock::Clock;

use super::{
    events::{self, EventRow},
    failure::{StoreError, on_demand, retrying},
    list_payments,
    payment_row::{self, PaymentRow},
    request_key::{Claim, claim},
    row::state,
    settle::{write_payments, write_refunds},
};
use crate::{
    domain::{
        CaptureMode, EventType, NewPayment, NewRefund, OrderId, OrderState, Payment,
        PaymentDecision, PaymentError, PaymentFilter, PaymentId, PaymentState, Precondition,
        Reader, Refund, RefundState, Status, Window,
    },
    fail_point::{FailPoint, reach},
    ports::{Answered, Cancellations, IntentError, PaymentListing, Payments, Request},
};

const CREATED: i16 = 201;
const OK: i16 = 200;
/// Seconds after which a wish that has not come to its end is somebody's business.
const DEADLINE_SECONDS: f64 = 120.0;

#[derive(Clone, Debug)]
pub struct PgPayments {
    readers: Pool,
    writers: Pool,
    clock: Clock,
}

impl PgPayments {
    pub fn new(readers: impl Into<Pool>, writers: impl Into<Pool>, clock: Clock) -> Self {
        Self {
            readers: readers.into(),
            writers: writers.into(),
            clock,
        }
    }
}

/// Why a transaction is not committed.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Refused(#[from] IntentError),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<PaymentError> for Stop {
    fn from(error: PaymentError) -> Self {
        Self::Refused(error.into())
    }
}

/// An order as a wish finds it, locked.
struct Locked {
    customer: Uuid,
    state: OrderState,
    currency: String,
    total_minor: i64,
    /// It may be paid, as far as time goes.
    payable: bool,
    cancel_requested: bool,
}

impl Payments for PgPayments {
    async fn start(
        &self,
        request: &Request,
        order: OrderId,
        payment: &NewPayment,
    ) -> Result<Answered<Payment>, IntentError> {
        self.tried(|| self.try_start(request, order, payment)).await
    }

    async fn cancel(
        &self,
        request: &Request,
        payment: PaymentId,
    ) -> Result<Answered<Payment>, IntentError> {
        self.tried(|| self.try_decide(request, payment, PaymentDecision::Void))
            .await
    }

    async fn capture(
        &self,
        request: &Request,
        payment: PaymentId,
    ) -> Result<Answered<Payment>, IntentError> {
        self.tried(|| self.try_decide(request, payment, PaymentDecision::Capture))
            .await
    }

    async fn refund(
        &self,
        request: &Request,
        payment: PaymentId,
        refund: &NewRefund,
    ) -> Result<Answered<(Payment, Refund)>, IntentError> {
        self.tried(|| self.try_refund(request, payment, refund))
            .await
    }

    async fn annotate(
        &self,
        reader: Reader,
        payment: PaymentId,
        read: &Precondition,
        note: Option<&str>,
    ) -> Result<Payment, IntentError> {
        self.tried(|| self.try_annotate(reader, payment, read, note))
            .await
    }

    async fn wake(&self, payment: PaymentId) -> Result<bool, IntentError> {
        // By key alone (ORDERS 13): a finished saga is written as it was.
        let woken = sqlx::query_scalar!(
            r#"
            UPDATE sagas
            SET due_at = CASE WHEN finished_at IS NULL THEN now() ELSE due_at END,
                attempts = CASE WHEN finished_at IS NULL THEN 0 ELSE attempts END
            WHERE order_id = (SELECT order_id FROM payments WHERE id = $1)
            RETURNING finished_at IS NULL AS "unfinished!"
            "#,
            payment.0,
        )
        .fetch_optional(&self.writers)
        .await
        .map_err(|error| intent_error(error.into()))?;
        if woken == Some(true) {
            return Ok(true);
        }
        Ok(self.find(payment).await?.is_some())
    }

    async fn find(&self, payment: PaymentId) -> Result<Option<Payment>, IntentError> {
        list_payments::by_id(&self.readers, payment.0)
            .await
            .map_err(intent_error)
    }

    async fn list(
        &self,
        filter: &PaymentFilter,
        window: &Window<PaymentId>,
    ) -> Result<PaymentListing, IntentError> {
        list_payments::list(&self.readers, filter, window)
            .await
            .map_err(intent_error)
    }

    async fn refunds(&self, payment: PaymentId) -> Result<Vec<Refund>, IntentError> {
        let refunds = async {
            let Some(found) = list_payments::by_id(&self.readers, payment.0).await? else {
                return Ok(Vec::new());
            };
            payment_row::refunds(&self.readers, &[payment.0])
                .await?
                .into_iter()
                .map(|row| row.into_refund(found.amount.currency))
                .collect()
        };
        refunds.await.map_err(intent_error)
    }
}

impl Cancellations for PgPayments {
    async fn request(
        &self,
        request: &Request,
        order: OrderId,
    ) -> Result<Answered<OrderId>, IntentError> {
        self.tried(|| self.try_cancel_order(request, order)).await
    }
}

impl PgPayments {
    /// Tries again what failed for a reason that passes; a refusal is an answer.
    async fn tried<T, F>(&self, attempt: impl Fn() -> F + Send + Sync) -> Result<T, IntentError>
    where
        T: Send,
        F: Future<Output = Result<T, Stop>> + Send,
    {
        retrying(self.clock, || {
            let attempt = attempt();
            async {
                match attempt.await {
                    Ok(done) => Ok(Ok(done)),
                    Err(Stop::Refused(refused)) => Ok(Err(refused)),
                    Err(Stop::Store(error)) => Err(error),
                }
            }
        })
        .await
        .map_err(intent_error)?
    }

    async fn try_start(
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

    async fn try_decide(
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
        let locked = wake_and_lock(&mut transaction, order).await?;
        let mut payment = lock_payment(&mut transaction, id).await?;
        if decide(&mut payment, &locked.state, decision)? {
            write_payments(&mut transaction, &[&payment]).await?;
        }
        commit(transaction).await?;
        self.done(id).await
    }

    async fn try_refund(
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

    async fn try_annotate(
        &self,
        reader: Reader,
        id: PaymentId,
        read: &Precondition,
        note: Option<&str>,
    ) -> Result<Payment, Stop> {
        self.visible_payment(id, reader).await?;
        let mut transaction = self.writers.begin().await?;
        let mut payment = lock_payment(&mut transaction, id).await?;
        if !read.holds(payment.version) {
            return Err(IntentError::Stale.into());
        }
        if payment.note.as_deref() != note {
            payment.note = note.map(str::to_owned);
            let row = sqlx::query!(
                r#"
                UPDATE payments SET note = $2, version = version + 1, updated_at = now() WHERE id = $1
                RETURNING version, updated_at
                "#,
                id.0,
                note,
            )
            .fetch_one(&mut *transaction)
            .await?;
            (payment.version, payment.updated_at) = (row.version, row.updated_at);
        }
        // Not tried again without an answer: it would meet its own version.
        transaction
            .commit()
            .await
            .map_err(|error| Stop::Refused(intent_error(error.into())))?;
        Ok(payment)
    }

    async fn try_cancel_order(
        &self,
        request: &Request,
        order: OrderId,
    ) -> Result<Answered<OrderId>, Stop> {
        self.visible_order(order, request.reader).await?;
        let mut transaction = self.writers.begin().await?;
        let claimed = claim(
            &mut transaction,
            &request.identity,
            request.fingerprint,
            order.0,
            None,
            OK,
        );
        match claimed.await? {
            Claim::Fresh => {}
            Claim::Repeated { .. } => {
                return Ok(Answered {
                    result: order,
                    replayed: true,
                });
            }
            Claim::Reused => return Err(IntentError::KeyReused.into()),
        }
        let mut locked = wake_and_lock(&mut transaction, order).await?;
        match locked.state.status {
            Status::Completed => {
                return Err(IntentError::NotCancellable(Status::Completed).into());
            }
            Status::Pending | Status::Confirmed if locked.state.wholly_shipped() => {
                return Err(IntentError::WhollyShipped.into());
            }
            // It was asked for before, or came to this by itself.
            Status::Cancelled => {}
            Status::Pending | Status::Confirmed if locked.cancel_requested => {}
            Status::Pending | Status::Confirmed
                if leaves_wholly(&mut transaction, order).await? =>
            {
                return Err(IntentError::WhollyShipped.into());
            }
            Status::Pending | Status::Confirmed => {
                locked.state.version += 1;
                let event = EventType::OrderCancelRequested;
                let event = EventRow::of(order, &locked.state, event, request.actor);
                sqlx::query!(
                    r#"
                    UPDATE orders
                    SET cancel_requested_at = now(), cancel_requested_by = $2, version = $3, updated_at = now()
                    WHERE id = $1
                    "#,
                    order.0,
                    request.identity.principal.0,
                    locked.state.version,
                )
                .execute(&mut *transaction)
                .await?;
                events::write(&mut transaction, &[event]).await?;
            }
        }
        commit(transaction).await?;
        Ok(Answered {
            result: order,
            replayed: false,
        })
    }

    async fn visible_order(&self, order: OrderId, reader: Reader) -> Result<(), Stop> {
        let owner = sqlx::query_scalar!(r#"SELECT user_id FROM orders WHERE id = $1"#, order.0)
            .fetch_optional(&self.writers)
            .await?;
        visible(owner, reader)
    }

    /// The order of a payment that the reader may see.
    async fn visible_payment(&self, id: PaymentId, reader: Reader) -> Result<OrderId, Stop> {
        let row = sqlx::query!(
            r#"SELECT user_id, order_id FROM payments WHERE id = $1"#,
            id.0
        )
        .fetch_optional(&self.writers)
        .await?;
        visible(row.as_ref().map(|row| row.user_id), reader)?;
        let order = row.map(|row| OrderId(row.order_id));
        Ok(order.ok_or(IntentError::NotFound)?)
    }

    async fn found(&self, id: PaymentId) -> Result<Payment, Stop> {
        let found = list_payments::by_id(&self.writers, id.0).await?;
        Ok(found.ok_or(StoreError::Row("the payment of a key"))?)
    }

    async fn done(&self, id: PaymentId) -> Result<Answered<Payment>, Stop> {
        Ok(Answered {
            result: self.found(id).await?,
            replayed: false,
        })
    }

    async fn replayed(&self, id: PaymentId) -> Result<Answered<Payment>, Stop> {
        Ok(Answered {
            result: self.found(id).await?,
            replayed: true,
        })
    }
}

fn visible(owner: Option<Uuid>, reader: Reader) -> Result<(), Stop> {
    match (owner, reader) {
        (Some(_), Reader::Everything) => Ok(()),
        (Some(owner), Reader::Own(user)) if owner == user.0 => Ok(()),
        (Some(_), Reader::Own(_)) | (None, _) => Err(IntentError::NotFound.into()),
    }
}

fn repeated(claim: Claim) -> Result<Option<Uuid>, Stop> {
    match claim {
        Claim::Fresh => Ok(None),
        Claim::Repeated { resource } => resource
            .map(Some)
            .ok_or(StoreError::Row("the resource of a key").into()),
        Claim::Reused => Err(IntentError::KeyReused.into()),
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

/// Makes the saga due, and locks it and then the order: in that order, as the sagas' own rounds do.
async fn wake_and_lock(
    transaction: &mut Transaction,
    order: OrderId,
) -> Result<Locked, StoreError> {
    sqlx::query!(
        r#"
        INSERT INTO sagas (order_id, step, deadline) VALUES ($1, 'write', now() + make_interval(secs => $2))
        ON CONFLICT (order_id) DO UPDATE
        SET step = 'write', finished_at = NULL, due_at = now(), attempts = 0, progressed_at = now(),
            deadline = greatest(sagas.deadline, EXCLUDED.deadline)
        "#,
        order.0,
        DEADLINE_SECONDS,
    )
    .execute(&mut **transaction)
    .await?;
    let row = sqlx::query!(
        r#"
        SELECT user_id, status, payment_status, fulfillment_status, cancel_reason, version, currency, total_minor,
               COALESCE(pay_by > now(), false) AS "payable!", cancel_requested_at IS NOT NULL AS "cancel_requested!"
        FROM orders WHERE id = $1 FOR NO KEY UPDATE
        "#,
        order.0,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(Locked {
        customer: row.user_id,
        state: state(
            &row.status,
            &row.payment_status,
            &row.fulfillment_status,
            row.cancel_reason.as_deref(),
            row.version,
        )?,
        currency: row.currency,
        total_minor: row.total_minor,
        payable: row.payable,
        cancel_requested: row.cancel_requested,
    })
}

/// Whether every unit of a locked order has left or is about to: then there is nothing to cancel (ORDERS 22).
async fn leaves_wholly(transaction: &mut Transaction, order: OrderId) -> Result<bool, StoreError> {
    let leaves = sqlx::query_scalar!(
        r#"
        SELECT NOT EXISTS (
            SELECT FROM order_items AS item
            WHERE item.order_id = $1 AND item.quantity > item.shipped + COALESCE((
                SELECT sum(line.quantity)
                FROM fulfillments JOIN fulfillment_lines AS line ON line.fulfillment_id = fulfillments.id
                WHERE fulfillments.order_id = $1 AND fulfillments.status = 'shipping' AND line.position = item.position
            ), 0)
        ) AS "leaves!"
        "#,
        order.0,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(leaves)
}

async fn lock_payment(transaction: &mut Transaction, id: PaymentId) -> Result<Payment, StoreError> {
    sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT id, order_id, user_id, provider, method, capture, currency, amount_minor, status, decision, authorized_minor,
               captured_minor, refund_pending_minor, refunded_minor, provider_reference, refusal, note, secured, asked, version,
               created_at, updated_at
        FROM payments WHERE id = $1 FOR NO KEY UPDATE
        "#,
        id.0,
    )
    .fetch_one(&mut **transaction)
    .await?
    .into_payment()
}

/// Writes the payment axis of a locked order, with its event.
async fn advance(
    transaction: &mut Transaction,
    order: OrderId,
    state: &OrderState,
    event: EventRow,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"UPDATE orders SET payment_status = $2, version = $3, updated_at = now() WHERE id = $1"#,
        order.0,
        state.payment.as_str(),
        state.version,
    )
    .execute(&mut **transaction)
    .await?;
    if done.rows_affected() != 1 {
        return Err(sqlx::Error::RowNotFound.into());
    }
    events::write(transaction, &[event]).await?;
    Ok(())
}

async fn commit(transaction: Transaction) -> Result<(), StoreError> {
    reach(FailPoint::BeforeIntentCommit)
        .await
        .map_err(on_demand)?;
    transaction.commit().await?;
    reach(FailPoint::AfterIntentCommit)
        .await
        .map_err(on_demand)?;
    Ok(())
}

fn intent_error(error: StoreError) -> IntentError {
    match error.failure() {
        Failure::Retryable | Failure::Unknown => IntentError::Unavailable(Arc::new(error)),
        Failure::Data | Failure::Defect => IntentError::Defect(Arc::new(error)),
    }
}
