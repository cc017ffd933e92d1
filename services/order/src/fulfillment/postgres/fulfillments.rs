//! Rows of fulfillments: read, and written step by step under the order's version (ORDERS 22).

use std::fmt::Display;

use db::{
    Pool, Transaction,
    readable::{Attempt, Row, Time, Unreadable},
};
use uuid::Uuid;

use crate::{
    fulfillment::model::{Fulfillment, FulfillmentChange, NewFulfillment, Tracking, TrackingUrl},
    infrastructure::postgres::{decoded, failure::StoreError, parse, touched},
    orders::{
        model::{Order, PartLine},
        postgres::parts::{PartRows, count_units, line_rows},
    },
    values::{FulfillmentId, OrderId, Text},
};

line_rows!("fulfillment_lines", "fulfillment_id");

macro_rules! count {
    ($set:literal, $transaction:expr, $id:expr, $order:expr) => {
        count_units!(
            $set,
            "fulfillment_lines",
            "fulfillment_id",
            $transaction,
            $id,
            $order
        )
    };
}

/// Writes a step of a fulfillment that is in this state.
macro_rules! step {
    ($from:literal, $set:literal, $transaction:expr, $id:expr) => {
        let done = sqlx::query!(
            "UPDATE fulfillments SET "
                + $set
                + ", updated_at = now() WHERE id = $1 AND status = '"
                + $from
                + "'",
            $id.0,
        )
        .execute(&mut **$transaction)
        .await?;
        touched::<StoreError>(done.rows_affected(), 1)?;
    };
}

/// A fulfillment's row, and its lines as far as they can be read.
#[derive(Debug)]
pub(crate) struct FulfillmentRow {
    id: FulfillmentId,
    order_id: OrderId,
    status: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    tracking_url: Option<String>,
    lines: Result<Vec<PartLine>, Unreadable>,
    refusal: Option<String>,
    created_at: Attempt<Time>,
    updated_at: Attempt<Time>,
    shipped_at: Option<Attempt<Time>>,
    delivered_at: Option<Attempt<Time>>,
}

impl Row for FulfillmentRow {
    type Read = Fulfillment;

    const KIND: &'static str = "fulfillment";

    fn id(&self) -> impl Display + use<> {
        self.id.0
    }

    fn read(self) -> Result<Fulfillment, Unreadable> {
        let text = |text: Option<String>| text.map(Text::stored);
        let url = self.tracking_url.map(TrackingUrl::try_from);
        Ok(Fulfillment {
            id: self.id,
            order_id: self.order_id,
            state: parse("the status of a shipment", &self.status)?,
            tracking: Tracking {
                carrier: text(self.carrier),
                number: text(self.tracking_number),
                url: url.and_then(Result::ok),
            },
            lines: self.lines?,
            refusal: self.refusal,
            created_at: decoded("created_at", self.created_at)?,
            updated_at: decoded("updated_at", self.updated_at)?,
            shipped_at: decoded("shipped_at", self.shipped_at)?,
            delivered_at: decoded("delivered_at", self.delivered_at)?,
        })
    }
}

impl PartRows for Fulfillment {
    type Row = FulfillmentRow;

    async fn of_order(
        pool: &Pool,
        order: &Order,
    ) -> Result<Vec<(FulfillmentId, FulfillmentRow)>, sqlx::Error> {
        let rows = sqlx::query!(
            r#"
            SELECT id, order_id, status, carrier, tracking_number, tracking_url, refusal,
                   created_at AS "created_at: Attempt<Time>", updated_at AS "updated_at: Attempt<Time>",
                   shipped_at AS "shipped_at: Attempt<Time>", delivered_at AS "delivered_at: Attempt<Time>"
            FROM fulfillments WHERE order_id = $1 ORDER BY created_at, id
            "#,
            order.id.0,
        )
        .fetch_all(pool)
        .await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut lines = lines_of(pool, &ids).await?;
        let rows = rows.into_iter().map(|row| {
            let id = FulfillmentId(row.id);
            let read = FulfillmentRow {
                id,
                order_id: OrderId(row.order_id),
                status: row.status,
                carrier: row.carrier,
                tracking_number: row.tracking_number,
                tracking_url: row.tracking_url,
                lines: lines.take(id.0),
                refusal: row.refusal,
                created_at: row.created_at,
                updated_at: row.updated_at,
                shipped_at: row.shipped_at,
                delivered_at: row.delivered_at,
            };
            (id, read)
        });
        Ok(rows.collect())
    }

    async fn order_of(pool: &Pool, id: FulfillmentId) -> Result<Option<Uuid>, sqlx::Error> {
        sqlx::query_scalar!(r#"SELECT order_id FROM fulfillments WHERE id = $1"#, id.0)
            .fetch_optional(pool)
            .await
    }

    async fn write(
        transaction: &mut Transaction,
        order: OrderId,
        change: &FulfillmentChange,
    ) -> Result<(), StoreError> {
        match change {
            FulfillmentChange::Plan(new) => plan(transaction, order, new).await?,
            FulfillmentChange::Ship(id) => {
                step!(
                    "planned",
                    "status = 'shipping', refusal = NULL, attempts = 0, last_error = NULL, due_at = now()",
                    transaction,
                    id
                );
            }
            FulfillmentChange::Deliver(id) => {
                step!(
                    "shipped",
                    "status = 'delivered', delivered_at = now()",
                    transaction,
                    id
                );
                count!(
                    "delivered = delivered + lines.quantity",
                    transaction,
                    id,
                    order
                );
            }
            FulfillmentChange::Cancel(id) => {
                step!("planned", "status = 'cancelled'", transaction, id);
                count!(
                    "allotted = allotted - lines.quantity",
                    transaction,
                    id,
                    order
                );
            }
        }
        Ok(())
    }
}

async fn plan(
    transaction: &mut Transaction,
    order: OrderId,
    new: &NewFulfillment,
) -> Result<(), StoreError> {
    let NewFulfillment {
        id,
        tracking,
        lines,
    } = new;
    sqlx::query!(
        r#"
        INSERT INTO fulfillments (id, order_id, carrier, tracking_number, tracking_url)
        VALUES ($1, $2, $3, $4, $5)
        "#,
        id.0,
        order.0,
        tracking.carrier.as_ref().map(Text::as_str),
        tracking.number.as_ref().map(Text::as_str),
        tracking.url.as_ref().map(TrackingUrl::as_str),
    )
    .execute(&mut **transaction)
    .await?;
    insert_lines(transaction, id.0, lines).await?;
    let counted = count!(
        "allotted = allotted + lines.quantity",
        transaction,
        id,
        order
    );
    touched(counted, lines.len())
}
