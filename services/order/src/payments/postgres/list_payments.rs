//! Reading payments: by id, and as lists, newest first.

use db::{Pool, readable::Row};
use uuid::Uuid;

use super::payment_row::{PaymentRow, select_payments};
use crate::{
    infrastructure::postgres::{failure::StoreError, listed},
    payments::{
        model::{Payment, PaymentFilter, PaymentState},
        ports::PaymentListing,
    },
    values::{PaymentId, Period, Window},
};

pub(super) async fn by_id(pool: &Pool, id: Uuid) -> Result<Option<Payment>, StoreError> {
    let row = select_payments!(
        r#"payments WHERE id = $1
        "#,
        id,
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(Row::read).transpose()?)
}

/// The filters are few and each has its index; which one serves is the planner's choice.
pub(super) async fn list(
    pool: &Pool,
    filter: &PaymentFilter,
    window: &Window<PaymentId>,
) -> Result<PaymentListing, sqlx::Error> {
    let customer = filter.customer.map(|customer| customer.0);
    let order = filter.order.map(|order| order.0);
    let status = filter.state.map(PaymentState::as_str);
    let Period { from, to } = filter.created;
    let (before, before_id, offset) = window.start.bounds();
    let before_id = before_id.map(|id| id.0);
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
        from,
        to,
        before,
        before_id,
        window.rows,
        offset,
    )
    .fetch_all(pool)
    .await?;
    let counted = match window.count_to {
        Some(most) => {
            let counted = sqlx::query_scalar!(
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
                customer,
                order,
                status,
                from,
                to,
                most,
            );
            Some(counted.fetch_one(pool).await?)
        }
        None => None,
    };
    Ok(PaymentListing {
        rows: listed(rows, PaymentRow::position),
        counted,
    })
}
