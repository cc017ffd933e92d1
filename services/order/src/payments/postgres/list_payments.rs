//! Reading payments: by id, and as lists, newest first.

use postgres::Pool;
use uuid::Uuid;

use super::payment_row::PaymentRow;
use crate::{
    infrastructure::postgres::failure::StoreError,
    payments::{
        model::{Payment, PaymentFilter, PaymentState},
        ports::PaymentListing,
    },
    values::{PaymentId, Start, Window},
};

pub(super) async fn by_id(pool: &Pool, id: Uuid) -> Result<Option<Payment>, StoreError> {
    let row = sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT id, order_id, user_id, provider, method, capture, currency, amount_minor, status, decision, authorized_minor,
               captured_minor, refund_pending_minor, refunded_minor, provider_reference, refusal, note, secured, asked, version,
               created_at, updated_at
        FROM payments WHERE id = $1
        "#,
        id,
    )
    .fetch_optional(pool)
    .await?;
    row.map(PaymentRow::into_payment).transpose()
}

/// The filters are few and each has its index; which one serves is the planner's choice.
pub(super) async fn list(
    pool: &Pool,
    filter: &PaymentFilter,
    window: &Window<PaymentId>,
) -> Result<PaymentListing, StoreError> {
    let (time, id, offset) = match window.start {
        Start::After(time, id) => (Some(time), Some(id.0), 0),
        Start::Offset(rows) => (None, None, rows),
    };
    let customer = filter.customer.map(|customer| customer.0);
    let order = filter.order.map(|order| order.0);
    let status = filter.state.map(PaymentState::as_str);
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"
        SELECT id, order_id, user_id, provider, method, capture, currency, amount_minor, status, decision, authorized_minor,
               captured_minor, refund_pending_minor, refunded_minor, provider_reference, refusal, note, secured, asked, version,
               created_at, updated_at
        FROM payments
        WHERE ($1::uuid IS NULL OR user_id = $1) AND ($2::uuid IS NULL OR order_id = $2)
          AND ($3::text IS NULL OR status = $3)
          AND created_at >= COALESCE($4::timestamptz, '-infinity')
          AND created_at < COALESCE($5::timestamptz, 'infinity')
          AND (created_at, id) < (COALESCE($6::timestamptz, 'infinity'),
                                  COALESCE($7::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
        ORDER BY created_at DESC, id DESC
        LIMIT $8 OFFSET $9
        "#,
        customer,
        order,
        status,
        filter.from,
        filter.to,
        time,
        id,
        window.rows,
        offset,
    )
    .fetch_all(pool)
    .await?;
    let counted = match window.count_to {
        Some(most) => Some(count(pool, filter, most).await?),
        None => None,
    };
    Ok(PaymentListing {
        payments: rows
            .into_iter()
            .map(PaymentRow::into_payment)
            .collect::<Result<_, _>>()?,
        counted,
    })
}

async fn count(pool: &Pool, filter: &PaymentFilter, most: i64) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!" FROM (
            SELECT FROM payments
            WHERE ($1::uuid IS NULL OR user_id = $1) AND ($2::uuid IS NULL OR order_id = $2)
              AND ($3::text IS NULL OR status = $3)
              AND created_at >= COALESCE($4::timestamptz, '-infinity')
              AND created_at < COALESCE($5::timestamptz, 'infinity')
            LIMIT $6
        ) AS counted
        "#,
        filter.customer.map(|customer| customer.0),
        filter.order.map(|order| order.0),
        filter.state.map(PaymentState::as_str),
        filter.from,
        filter.to,
        most,
    )
    .fetch_one(pool)
    .await
}
