//! The mock's records in SQL. Operations on one payment wait for each other on its row.

use std::time::Duration;

use db::{Pool, Transaction};
use uuid::Uuid;

use super::{
    MockError,
    behaviour::{Answers, Behaviour, Kind, Record, rule},
};
use crate::values::{OrderId, PaymentId, RefundId};

/// How an operation is in the records now.
pub(super) struct Answered {
    pub record: Record,
    pub answers: Answers,
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
    payment: PaymentId,
    order: Option<OrderId>,
    asked: &Record,
    late: Duration,
) -> Result<Answered, MockError> {
    let mut transaction = pool.begin().await?;
    lock(&mut transaction, payment).await?;
    let records = records(&mut transaction, payment).await?;
    let mut methods = records.iter().chain([asked]);
    let method = methods.find_map(|record| record.method.as_deref());
    let behaviour = method.and_then(Behaviour::of);
    let answers = behaviour.map_or(Answers::AtOnce, |behaviour| behaviour.answers);
    if let Some(known) = records.iter().find(|record| record.key == asked.key) {
        if (known.amount_minor, &known.currency, &known.method)
            != (asked.amount_minor, &asked.currency, &asked.method)
        {
            return Err(MockError::KeyReused);
        }
        transaction.commit().await?;
        return Ok(Answered {
            record: known.clone(),
            answers,
            first: false,
        });
    }
    let ruling = rule(&records, behaviour, asked);
    let wait = if ruling.late { late } else { Duration::ZERO };
    sqlx::query!(
        r#"
        INSERT INTO mock_provider_operations
            (key, payment_id, kind, refund_id, order_id, method, amount_minor, currency, refused, result_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp() + make_interval(secs => $10))
        "#,
        asked.key,
        payment.0,
        asked.kind.as_str(),
        asked.refund.map(|refund| refund.0),
        order.map(|order| order.0),
        asked.method,
        asked.amount_minor,
        asked.currency,
        ruling.refused,
        wait.as_secs_f64(),
    )
    .execute(&mut *transaction)
    .await?;
    if ruling.stops_charge {
        sqlx::query!(
            r#"
            UPDATE mock_provider_operations SET refused = 'voided', result_at = clock_timestamp()
            WHERE payment_id = $1 AND kind = 'authorise' AND result_at > clock_timestamp()
            "#,
            payment.0,
        )
        .execute(&mut *transaction)
        .await?;
    }
    for time in 1..=ruling.told {
        tell(&mut transaction, payment, asked.kind, wait * time).await?;
    }
    transaction.commit().await?;
    Ok(Answered {
        record: Record {
            refused: ruling.refused.map(ToOwned::to_owned),
            settled: wait.is_zero(),
            ..asked.clone()
        },
        answers,
        first: true,
    })
}

/// The operations on a payment, oldest first; `None` if it is unknown.
pub(super) async fn look_up(
    pool: &Pool,
    payment: PaymentId,
) -> Result<Option<Vec<Record>>, MockError> {
    let mut transaction = pool.begin().await?;
    let known = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM mock_provider_payments WHERE payment_id = $1) AS "known!""#,
        payment.0,
    )
    .fetch_one(&mut *transaction)
    .await?;
    let records = records(&mut transaction, payment).await?;
    transaction.commit().await?;
    Ok(known.then_some(records))
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

async fn records(
    transaction: &mut Transaction,
    payment: PaymentId,
) -> Result<Vec<Record>, MockError> {
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
            Ok(Record {
                key: row.key,
                kind: row.kind.parse().map_err(|_| MockError::Row)?,
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

async fn tell(
    transaction: &mut Transaction,
    payment: PaymentId,
    kind: Kind,
    wait: Duration,
) -> Result<(), MockError> {
    let id: Uuid = sqlx::query_scalar!(
        r#"
        INSERT INTO mock_provider_webhooks (payment_id, event_type, due_at)
        VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
        RETURNING id
        "#,
        payment.0,
        format!("payment.{}.settled", kind.as_str()),
        wait.as_secs_f64(),
    )
    .fetch_one(&mut **transaction)
    .await?;
    tracing::debug!(webhook.id = %id, "the mock provider will send a result");
    Ok(())
}
