//! Anonymizing in Postgres: the orders are locked in key order, and what belongs to them is read and written under their
//! locks (ORDERS 8, 9).

use std::{collections::HashMap, error::Error};

use db::{Transaction, readable::Unreadable};
use sqlx::types::Json;
use tracing::error;
use uuid::Uuid;

use super::ports::CustomerOrders;
use crate::{
    fail_point::FailPoint,
    fulfillment::model::FulfillmentState,
    infrastructure::postgres::{
        PgOrders, column,
        failure::{StoreError, commit, retrying},
        parse, touched,
    },
    orders::{
        model::{MoneyUnderWay, UnderWay},
        ports::OrdersError,
        postgres::{
            events::{self, EventRow},
            row::stored_state,
            stored_address::StoredAddress,
        },
    },
    payments::model::PaymentState,
    returns::model::ReturnState,
    values::{OrderId, UserId},
};

impl CustomerOrders for PgOrders {
    async fn remaining(
        &self,
        customer: UserId,
        after: Option<OrderId>,
        most: i64,
    ) -> Result<Vec<OrderId>, OrdersError> {
        let ids = sqlx::query_scalar!(
            r#"
            SELECT id FROM orders
            WHERE user_id = $1 AND anonymized_at IS NULL
              AND ($2::uuid IS NULL
                   OR (created_at, id) < (SELECT last.created_at, last.id FROM orders AS last WHERE last.id = $2))
            ORDER BY created_at DESC, id DESC
            LIMIT $3
            "#,
            customer.0,
            after.map(|order| order.0),
            most,
        )
        .fetch_all(&self.intents)
        .await?;
        Ok(ids.into_iter().map(OrderId).collect())
    }

    async fn anonymize(&self, orders: &[OrderId]) -> Result<usize, OrdersError> {
        let ids = column(orders, |order| order.0);
        Ok(retrying(self.jitter, || self.anonymize_once(&ids)).await?)
    }
}

impl PgOrders {
    async fn anonymize_once(&self, ids: &[Uuid]) -> Result<usize, StoreError> {
        let mut transaction = self.intents.begin().await?;
        let rows = sqlx::query!(
            r#"
            SELECT id, status, payment_status, fulfillment_status, cancel_reason, version
            FROM orders WHERE id = ANY ($1) AND anonymized_at IS NULL ORDER BY id FOR NO KEY UPDATE
            "#,
            ids,
        )
        .fetch_all(&mut *transaction)
        .await?;
        let locked = column(&rows, |row| row.id);
        let mut under_way = under_way(&mut transaction, &locked).await?;
        let (mut kept, mut done, mut versions, mut happened) = (0, vec![], vec![], vec![]);
        for row in rows {
            let facts = under_way.remove(&row.id);
            let facts = facts.unwrap_or(Err(Unreadable("what belongs to it".into())));
            match stored_state!(row).and_then(|state| Ok((state, facts?))) {
                Ok((mut state, facts)) => match state.anonymize(facts) {
                    Some(event) => {
                        done.push(row.id);
                        versions.push(state.version);
                        happened.push(EventRow::new(OrderId(row.id), &state, event));
                    }
                    None => kept += 1,
                },
                Err(reason) => {
                    error!(order.id = %row.id, error = &reason as &dyn Error, "cannot anonymize an order that cannot be read");
                    kept += 1;
                }
            }
        }
        if done.is_empty() {
            return Ok(kept);
        }
        forget(&mut transaction, &done, &versions).await?;
        events::write(&mut transaction, &happened).await?;
        commit(
            transaction,
            FailPoint::BeforeErasureCommit,
            FailPoint::AfterErasureCommit,
        )
        .await?;
        Ok(kept)
    }
}

type Facts = HashMap<Uuid, Result<UnderWay, Unreadable>>;

/// What is under way of each of these locked orders.
async fn under_way(transaction: &mut Transaction, ids: &[Uuid]) -> Result<Facts, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT one.id AS "id!",
               EXISTS (SELECT FROM sagas WHERE order_id = one.id AND finished_at IS NULL) AS "saga!",
               EXISTS (SELECT FROM payments WHERE order_id = one.id AND refund_pending_minor > 0) AS "refunding!",
               EXISTS (SELECT FROM payments JOIN refunds ON refunds.payment_id = payments.id
                       WHERE payments.order_id = one.id AND refunds.cause = 'cancelled') AS "returned!",
               ARRAY (SELECT DISTINCT status FROM payments WHERE order_id = one.id) AS "payments!: Vec<String>",
               ARRAY (SELECT DISTINCT status FROM fulfillments WHERE order_id = one.id) AS "fulfillments!: Vec<String>",
               ARRAY (SELECT DISTINCT status FROM returns WHERE order_id = one.id) AS "returns!: Vec<String>"
        FROM unnest($1::uuid[]) AS one (id)
        "#,
        ids,
    )
    .fetch_all(&mut **transaction)
    .await?;
    let read = rows.into_iter().map(|row| {
        let facts = || {
            let mut facts = UnderWay {
                saga: row.saga,
                money: if row.refunding {
                    MoneyUnderWay::Moving
                } else {
                    MoneyUnderWay::None
                },
                goods: false,
            };
            for status in &row.payments {
                let state: PaymentState = parse("payments.status", status)?;
                let money = if state.is_under_way() {
                    MoneyUnderWay::Moving
                } else if state.is_captured() && state != PaymentState::Refunded && !row.returned {
                    MoneyUnderWay::Unreturned
                } else {
                    MoneyUnderWay::None
                };
                facts.money = facts.money.max(money);
            }
            for status in &row.fulfillments {
                let state: FulfillmentState = parse("fulfillments.status", status)?;
                facts.goods |= state == FulfillmentState::Shipping;
            }
            for status in &row.returns {
                facts.goods |= parse::<ReturnState>("returns.status", status)?.is_under_way();
            }
            Ok(facts)
        };
        (row.id, facts())
    });
    Ok(read.collect())
}

async fn forget(
    transaction: &mut Transaction,
    orders: &[Uuid],
    versions: &[i64],
) -> Result<(), StoreError> {
    let written = sqlx::query!(
        r#"
        UPDATE orders
        SET shipping_address = $3, note = NULL, anonymized_at = now(), version = next.version, updated_at = now()
        FROM unnest($1::uuid[], $2::bigint[]) AS next (id, version)
        WHERE orders.id = next.id
        "#,
        orders,
        versions,
        Json(StoredAddress::of(None)) as _,
    )
    .execute(&mut **transaction)
    .await?;
    touched::<StoreError>(written.rows_affected(), orders.len())?;
    sqlx::query!(
        r#"
        UPDATE refunds SET reason = NULL
        WHERE reason IS NOT NULL AND payment_id IN (SELECT id FROM payments WHERE order_id = ANY ($1))
        "#,
        orders,
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        r#"
        UPDATE payments SET note = NULL, version = version + 1, updated_at = now()
        WHERE order_id = ANY ($1) AND note IS NOT NULL
        "#,
        orders,
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        r#"UPDATE returns SET reason = NULL WHERE order_id = ANY ($1) AND reason IS NOT NULL"#,
        orders,
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        r#"
        UPDATE fulfillments SET carrier = NULL, tracking_number = NULL, tracking_url = NULL
        WHERE order_id = ANY ($1) AND num_nonnulls(carrier, tracking_number, tracking_url) > 0
        "#,
        orders,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
