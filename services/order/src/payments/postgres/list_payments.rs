//! Reading payments: by id, and as lists, newest first.

use db::Pool;
use uuid::Uuid;

use super::payment_row::{PaymentRow, select_payments};
use crate::{
    infrastructure::postgres::failure::StoreError,
    payments::{
        model::{Payment, PaymentFilter, PaymentState},
        ports::PaymentListing,
    },
    values::{PaymentId, Window},
};

pub(super) async fn by_id(pool: &Pool, id: Uuid) -> Result<Option<Payment>, StoreError> {
    let row = select_payments!(
        r#"payments WHERE id = $1
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
    let (before, before_id, offset) = window.start.bounds();
    let customer = filter.customer.map(|customer| customer.0);
    let order = filter.order.map(|order| order.0);
    let status = filter.state.map(PaymentState::as_str);
    let rows = select_payments!(
        r#"payments
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
        filter.created.from,
        filter.created.to,
        before,
        before_id.map(|id| id.0),
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
        filter.created.from,
        filter.created.to,
        most,
    )
    .fetch_one(pool)
    .await
}
