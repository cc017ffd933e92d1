//! The mock's books in SQL. Operations on one payment wait for each other on its row.

use std::time::Duration;

use db::{Pool, Transaction};
use uuid::Uuid;

use super::{
    MockError,
    behaviour::{Behaviour, Entry, Kind, rule},
};
use crate::values::{OrderId, PaymentId, RefundId};

/// An operation that is asked for.
pub(super) struct Asked {
    pub payment: PaymentId,
    /// Of the charge only.
    pub order: Option<OrderId>,
    pub entry: Entry,
}

/// How an operation is in the books now.
pub(super) struct Answered {
    pub entry: Entry,
    pub behaviour: Option<Behaviour>,
    /// It is the first time that this was asked.
    pub first: bool,
}

/// What the mock calls its side of a payment.
pub(super) fn reference(payment: PaymentId) -> String {
    format!("mock_{}", payment.0.simple())
}

/// Carries an operation out, or finds it carried out.
pub(super) async fn operate(
    pool: &Pool,
    asked: &Asked,
    late: Duration,
) -> Result<Answered, MockError> {
    let mut transaction = pool.begin().await?;
    lock(&mut transaction, asked.payment).await?;
    let books = entries(&mut transaction, asked.payment).await?;
    let method = books
        .iter()
        .chain([&asked.entry])
        .find_map(|entry| entry.method.as_deref());
    let behaviour = method.and_then(Behaviour::of);
    if let Some(known) = books.iter().find(|entry| entry.key == asked.entry.key) {
        let entry = known.clone();
        let (then, now) = (&entry, &asked.entry);
        if (then.amount_minor, &then.currency, &then.method)
            != (now.amount_minor, &now.currency, &now.method)
        {
            return Err(MockError::KeyReused);
        }
        transaction.commit().await?;
        return Ok(Answered {
            entry,
            behaviour,
            first: false,
        });
    }
    let ruling = rule(&books, behaviour, &asked.entry);
    let wait = if ruling.late { late } else { Duration::ZERO };
    insert(&mut transaction, asked, ruling.refused, wait).await?;
    if ruling.stops_charge {
        sqlx::query!(
            r#"
            UPDATE mock_provider_operations SET refused = 'voided', result_at = clock_timestamp()
            WHERE payment_id = $1 AND kind = 'authorise' AND result_at > clock_timestamp()
            "#,
            asked.payment.0,
        )
        .execute(&mut *transaction)
        .await?;
    }
    for time in 1..=ruling.told {
        tell(&mut transaction, asked, wait * time).await?;
    }
    transaction.commit().await?;
    Ok(Answered {
        entry: Entry {
            refused: ruling.refused.map(ToOwned::to_owned),
            settled: wait.is_zero(),
            ..asked.entry.clone()
        },
        behaviour,
        first: true,
    })
}

/// The operations on a payment, oldest first; `None` if it was never heard of.
pub(super) async fn look_up(
    pool: &Pool,
    payment: PaymentId,
) -> Result<Option<Vec<Entry>>, MockError> {
    let mut transaction = pool.begin().await?;
    let known = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM mock_provider_payments WHERE payment_id = $1) AS "known!""#,
        payment.0,
    )
    .fetch_one(&mut *transaction)
    .await?;
    let books = entries(&mut transaction, payment).await?;
    transaction.commit().await?;
    Ok(known.then_some(books))
}

async fn lock(transaction: &mut Transaction, payment: PaymentId) -> Result<(), MockError> {
    sqlx::query!(
        r#"INSERT INTO mock_provider_payments (payment_id, reference) VALUES ($1, $2) ON CONFLICT DO NOTHING"#,
        payment.0,
        reference(payment),
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        r#"SELECT reference FROM mock_provider_payments WHERE payment_id = $1 FOR UPDATE"#,
        payment.0,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(())
}

async fn entries(
    transaction: &mut Transaction,
    payment: PaymentId,
) -> Result<Vec<Entry>, MockError> {
    let rows = sqlx::query!(
        r#"
        SELECT key, kind, refund_id, amount_minor, currency, method, refused,
               result_at <= clock_timestamp() AS "settled!"
        FROM mock_provider_operations WHERE payment_id = $1 ORDER BY created_at, key
        "#,
        payment.0,
    )
    .fetch_all(&mut **transaction)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Entry {
                key: row.key,
                kind: kind(&row.kind)?,
                refund: row.refund_id.map(RefundId),
                amount_minor: row.amount_minor,
                currency: row.currency,
                method: row.method,
                refused: row.refused,
                settled: row.settled,
            })
        })
        .collect()
}

fn kind(text: &str) -> Result<Kind, MockError> {
    [Kind::Authorise, Kind::Capture, Kind::Void, Kind::Refund]
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or(MockError::Row)
}

async fn insert(
    transaction: &mut Transaction,
    asked: &Asked,
    refused: Option<&str>,
    wait: Duration,
) -> Result<(), MockError> {
    let entry = &asked.entry;
    sqlx::query!(
        r#"
        INSERT INTO mock_provider_operations
            (key, payment_id, kind, refund_id, order_id, method, amount_minor, currency, refused, result_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp() + make_interval(secs => $10))
        "#,
        entry.key,
        asked.payment.0,
        entry.kind.as_str(),
        entry.refund.map(|refund| refund.0),
        asked.order.map(|order| order.0),
        entry.method,
        entry.amount_minor,
        entry.currency,
        refused,
        wait.as_secs_f64(),
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

async fn tell(
    transaction: &mut Transaction,
    asked: &Asked,
    wait: Duration,
) -> Result<(), MockError> {
    let id: Uuid = sqlx::query_scalar!(
        r#"
        INSERT INTO mock_provider_webhooks (payment_id, event_type, due_at)
        VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
        RETURNING id
        "#,
        asked.payment.0,
        format!("payment.{}.settled", asked.entry.kind.as_str()),
        wait.as_secs_f64(),
    )
    .fetch_one(&mut **transaction)
    .await?;
    tracing::debug!(webhook.id = %id, "the mock provider will send a result");
    Ok(())
}
