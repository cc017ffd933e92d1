//! What a round of sagas writes, set-wise and in key order: orders, their events, payments, refunds, and the sagas
//! themselves (ORDERS 8, 19). The caller holds the locks of the sagas; orders are locked next, and then payments.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use db::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    infrastructure::postgres::{column, failure::StoreError, touched},
    orders::{
        model::CancelReason,
        postgres::events::{self, EventRow},
    },
    payments::model::{Payment, PaymentDecision, ProviderReference, Refund, RefusalReason},
    saga::model::{Change, Next, Settlement, Step},
};

/// Locks these rows, in key order; their versions by their ids.
macro_rules! lock_versions {
    ($table:literal, $transaction:expr, $ids:expr) => {{
        let locked = sqlx::query!(
            "SELECT id, version FROM "
                + $table
                + " WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE",
            $ids,
        )
        .fetch_all(&mut **$transaction)
        .await?;
        let versions = locked.into_iter().map(|row| (row.id, row.version));
        versions.collect::<HashMap<Uuid, i64>>()
    }};
}

/// Writes the settlements whose order and payment still have the versions that were read, and returns these orders; the
/// sagas of the others are due again at once.
pub(crate) async fn write(
    transaction: &mut Transaction,
    held: &[&Settlement],
) -> Result<HashSet<Uuid>, StoreError> {
    let orders = column(held, |one| one.lease.id.0);
    let orders = lock_versions!("orders", transaction, &orders);
    let payments = held.iter().filter_map(|one| one.payment.as_ref());
    let payments: Vec<Uuid> = payments.map(|payment| payment.id.0).collect();
    let payments = if payments.is_empty() {
        HashMap::new()
    } else {
        lock_versions!("payments", transaction, &payments)
    };
    let fits = |one: &&&Settlement| {
        let payment = one.payment.as_ref();
        orders.get(&one.lease.id.0) == Some(&one.read_version)
            && payment
                .is_none_or(|payment| payments.get(&payment.id.0) == Some(&payment.read_version()))
    };
    let fitting: Vec<&Settlement> = held.iter().filter(fits).copied().collect();
    let waves = fitting.iter().map(|one| one.changes.len()).max();
    for wave in 0..waves.unwrap_or_default() {
        write_orders(transaction, &fitting, wave).await?;
    }
    let happened: Vec<EventRow> = fitting
        .iter()
        .flat_map(|one| {
            let versions = one.versions();
            versions.map(|(state, event)| EventRow::new(one.lease.id, state, event))
        })
        .collect();
    events::write(transaction, &happened).await?;
    let payments: Vec<&Payment> = fitting
        .iter()
        .filter_map(|one| one.payment.as_ref())
        .collect();
    write_payments(transaction, &payments).await?;
    let refunds: Vec<&Refund> = fitting
        .iter()
        .filter_map(|one| one.refund.as_ref())
        .collect();
    write_refunds(transaction, &refunds).await?;
    let written: HashSet<Uuid> = fitting.iter().map(|one| one.lease.id.0).collect();
    write_sagas(transaction, held, &written).await?;
    Ok(written)
}

/// An order with two events gets two versions, one after the other.
async fn write_orders(
    transaction: &mut Transaction,
    fitting: &[&Settlement],
    wave: usize,
) -> Result<(), StoreError> {
    let moved: Vec<(&Settlement, &Change)> = fitting
        .iter()
        .filter_map(|one| Some((*one, one.changes.get(wave)?)))
        .collect();
    let ids = column(&moved, |(one, _)| one.lease.id.0);
    let statuses = column(&moved, |(_, change)| change.state.status.as_str());
    let payments = column(&moved, |(_, change)| change.state.payment.as_str());
    let reasons = column(&moved, |(_, change)| {
        change.state.cancel_reason.map(CancelReason::as_str)
    });
    let holds = column(&moved, |(one, _)| one.hold.as_str());
    let versions = column(&moved, |(_, change)| change.state.version);
    let ended = column(&moved, |(one, _)| one.ends_cancellation);
    // It is added to the column, so it goes with the first version alone.
    let refunded = |one: &Settlement| {
        if wave == 0 {
            one.shortfall_refunded_minor
        } else {
            0
        }
    };
    let refunded = column(&moved, |(one, _)| refunded(one));
    let done = sqlx::query!(
        r#"
        UPDATE orders
        SET status = next.status, payment_status = next.payment, cancel_reason = next.cancel_reason, hold = next.hold,
            version = next.version, updated_at = now(),
            shortfall_refunded_minor = orders.shortfall_refunded_minor + next.refunded,
            cancel_requested_at = CASE WHEN next.ended THEN NULL ELSE orders.cancel_requested_at END,
            cancel_requested_by = CASE WHEN next.ended THEN NULL ELSE orders.cancel_requested_by END
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::boolean[], $8::bigint[])
             AS next (id, status, payment, cancel_reason, hold, version, ended, refunded)
        WHERE orders.id = next.id
        "#,
        &ids,
        &statuses as &[&str],
        &payments as &[&str],
        &reasons as &[Option<&str>],
        &holds as &[&str],
        &versions,
        &ended,
        &refunded,
    )
    .execute(&mut **transaction)
    .await?;
    touched(done.rows_affected(), moved.len())
}

pub(crate) async fn write_payments(
    transaction: &mut Transaction,
    payments: &[&Payment],
) -> Result<(), StoreError> {
    if payments.is_empty() {
        return Ok(());
    }
    let rows = column(payments, |payment| {
        json!({
            "id": payment.id.0,
            "status": payment.state.as_str(),
            "decision": payment.decision.map(PaymentDecision::as_str),
            "authorized_minor": payment.authorized.minor,
            "captured_minor": payment.captured.minor,
            "refund_pending_minor": payment.refund_pending.minor,
            "refunded_minor": payment.refunded.minor,
            "provider_reference": payment.reference.as_ref().map(ProviderReference::as_str),
            "refusal": payment.refusal.as_ref().map(RefusalReason::as_str),
            "secured": payment.secured,
            "asked": payment.asked,
            "version": payment.version,
        })
    });
    let done = sqlx::query!(
        r#"
        UPDATE payments
        SET status = next.status, decision = next.decision, authorized_minor = next.authorized_minor,
            captured_minor = next.captured_minor, refund_pending_minor = next.refund_pending_minor,
            refunded_minor = next.refunded_minor, provider_reference = next.provider_reference, refusal = next.refusal,
            secured = next.secured, asked = next.asked, version = next.version, updated_at = now()
        FROM jsonb_to_recordset($1)
             AS next (id uuid, status text, decision text, authorized_minor bigint, captured_minor bigint,
                      refund_pending_minor bigint, refunded_minor bigint, provider_reference text, refusal text,
                      secured boolean, asked boolean, version bigint)
        WHERE payments.id = next.id
        "#,
        Value::Array(rows),
    )
    .execute(&mut **transaction)
    .await?;
    touched(done.rows_affected(), payments.len())
}

pub(crate) async fn write_refunds(
    transaction: &mut Transaction,
    refunds: &[&Refund],
) -> Result<(), StoreError> {
    if refunds.is_empty() {
        return Ok(());
    }
    let rows = column(refunds, |refund| {
        json!({
            "id": refund.id.0,
            "payment_id": refund.payment_id.0,
            "amount_minor": refund.amount.minor,
            "status": refund.state.as_str(),
            "cause": refund.cause.as_str(),
            "reason": refund.reason,
            "refusal": refund.refusal.as_ref().map(RefusalReason::as_str),
        })
    });
    let done = sqlx::query!(
        r#"
        INSERT INTO refunds (id, payment_id, amount_minor, status, cause, reason, refusal)
        SELECT id, payment_id, amount_minor, status, cause, reason, refusal
        FROM jsonb_to_recordset($1)
             AS new (id uuid, payment_id uuid, amount_minor bigint, status text, cause text, reason text, refusal text)
        ORDER BY id
        ON CONFLICT (id) DO UPDATE
        SET status = EXCLUDED.status, refusal = EXCLUDED.refusal, updated_at = now()
        "#,
        Value::Array(rows),
    )
    .execute(&mut **transaction)
    .await?;
    touched(done.rows_affected(), refunds.len())
}

async fn write_sagas(
    transaction: &mut Transaction,
    held: &[&Settlement],
    written: &HashSet<Uuid>,
) -> Result<(), StoreError> {
    let ids = column(held, |one| one.lease.id.0);
    let nexts = column(held, |one| {
        written.contains(&one.lease.id.0).then_some(one.next)
    });
    let steps = column(&nexts, |next| next.and_then(Next::step).map(Step::as_str));
    let finished = column(&nexts, |next| *next == Some(Next::Finished));
    let (mut times, mut pauses) = (Vec::new(), Vec::new());
    let (mut repeated, mut progressed) = (Vec::new(), Vec::new());
    for (one, next) in held.iter().zip(&nexts) {
        let (at, pause, again) = match next {
            Some(Next::At(_, at)) => (Some(*at), 0.0, false),
            Some(Next::After(_, pause)) => (None, pause.as_secs_f64(), true),
            Some(Next::Finished) => (None, 0.0, true),
            Some(Next::Now(_)) | None => (None, 0.0, false),
        };
        times.push(at);
        pauses.push(pause);
        repeated.push(again);
        progressed.push(next.is_some() && one.progressed);
    }
    let holds = column(held, |one| one.hold_for.map(|length| length.as_secs_f64()));
    let done = sqlx::query!(
        r#"
        UPDATE sagas
        SET step = COALESCE(next.step, sagas.step),
            finished_at = CASE WHEN next.finished THEN now() END,
            due_at = CASE WHEN next.finished THEN sagas.due_at
                          ELSE COALESCE(next.at, now() + make_interval(secs => next.pause)) END,
            attempts = CASE WHEN next.repeated THEN sagas.attempts ELSE 0 END,
            hold_until = COALESCE(now() + make_interval(secs => next.hold_for), sagas.hold_until),
            progressed_at = CASE WHEN next.progressed THEN now() ELSE sagas.progressed_at END,
            last_error = NULL
        FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::timestamptz[], $5::float8[], $6::boolean[], $7::float8[],
                    $8::boolean[])
             AS next (order_id, step, finished, at, pause, repeated, hold_for, progressed)
        WHERE sagas.order_id = next.order_id
        "#,
        &ids,
        &steps as &[Option<&str>],
        &finished,
        &times as &[Option<DateTime<Utc>>],
        &pauses,
        &repeated,
        &holds as &[Option<f64>],
        &progressed,
    )
    .execute(&mut **transaction)
    .await?;
    touched(done.rows_affected(), held.len())
}
