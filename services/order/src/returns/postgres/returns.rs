//! Rows of returns: read, and written step by step under the order's version (ORDERS 22).

use std::fmt::Display;

use db::{
    Pool, Transaction,
    readable::{Attempt, Row, Time, Unreadable},
};
use idempotency::Claim;
use money::{Currency, Money};
use uuid::Uuid;

use crate::{
    infrastructure::postgres::{
        PgOrders, decoded, failure::StoreError, parse, request_key::claim, touched,
    },
    intents::ports::Request,
    orders::{
        model::{Order, PartLine},
        ports::{OrdersError, Saved},
        postgres::parts::{PartRows, count_units, line_rows, write},
    },
    returns::{
        model::{
            NewReturn, OrderReturns, Return, ReturnChange, ReturnError, ReturnReason, ReturnState,
        },
        ports::{ReturnSaved, Returns},
    },
    values::{OrderId, ReturnId},
};

const CREATED: i16 = 201;

line_rows!("return_lines", "return_id");

impl Returns for PgOrders {
    async fn request(
        &self,
        mut read: OrderReturns,
        id: ReturnId,
        request: &Request,
        decide: impl FnOnce(&mut OrderReturns) -> Result<(), ReturnError> + Send,
    ) -> Result<ReturnSaved, OrdersError> {
        let mut transaction = self.intents.begin().await?;
        // Before the decision: what an earlier request took is not there a second time (ORDERS 18).
        let claimed = claim(
            &mut transaction,
            &request.identity,
            request.fingerprint,
            read.order().id.0,
            Some(id.0),
            CREATED,
        );
        match claimed.await? {
            Claim::Fresh => {}
            Claim::Answered(resource) => {
                let earlier = resource.ok_or(StoreError::row("the resource of a key"))?;
                return Ok(ReturnSaved::Repeated(ReturnId(earlier)));
            }
            Claim::OfAnotherRequest => return Ok(ReturnSaved::KeyReused),
        }
        if let Err(refused) = decide(&mut read) {
            return Ok(ReturnSaved::Refused(refused));
        }
        match write(&mut transaction, &read).await? {
            Saved::Changed => Ok(ReturnSaved::Changed),
            Saved::Written => {
                transaction.commit().await?;
                Ok(ReturnSaved::Written)
            }
        }
    }
}

/// A return's row, its lines as far as they can be read, and the currency of its order.
#[derive(Debug)]
pub(crate) struct ReturnRow {
    id: ReturnId,
    order_id: OrderId,
    status: String,
    lines: Result<Vec<PartLine>, Unreadable>,
    reason: Option<String>,
    refund_minor: i64,
    currency: Currency,
    refusal: Option<String>,
    created_at: Attempt<Time>,
    updated_at: Attempt<Time>,
}

impl Row for ReturnRow {
    type Read = Return;

    const KIND: &'static str = "return";

    fn id(&self) -> impl Display + use<> {
        self.id.0
    }

    fn read(self) -> Result<Return, Unreadable> {
        let reason = self.reason.map(ReturnReason::try_from);
        Ok(Return {
            id: self.id,
            order_id: self.order_id,
            state: parse("the status of a return", &self.status)?,
            lines: self.lines?,
            reason: reason.and_then(Result::ok),
            refund: Money::new(self.refund_minor, self.currency),
            refusal: self.refusal,
            created_at: decoded("created_at", self.created_at)?,
            updated_at: decoded("updated_at", self.updated_at)?,
        })
    }
}

impl PartRows for Return {
    type Row = ReturnRow;

    async fn of_order(
        pool: &Pool,
        order: &Order,
    ) -> Result<Vec<(ReturnId, ReturnRow)>, sqlx::Error> {
        let rows = sqlx::query!(
            r#"
            SELECT id, order_id, status, reason, refund_minor, refusal, created_at AS "created_at: Attempt<Time>",
                   updated_at AS "updated_at: Attempt<Time>"
            FROM returns WHERE order_id = $1 ORDER BY created_at, id
            "#,
            order.id.0,
        )
        .fetch_all(pool)
        .await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut lines = lines_of(pool, &ids).await?;
        let rows = rows.into_iter().map(|row| {
            let id = ReturnId(row.id);
            let read = ReturnRow {
                id,
                order_id: OrderId(row.order_id),
                status: row.status,
                lines: lines.take(id.0),
                reason: row.reason,
                refund_minor: row.refund_minor,
                currency: order.totals.currency(),
                refusal: row.refusal,
                created_at: row.created_at,
                updated_at: row.updated_at,
            };
            (id, read)
        });
        Ok(rows.collect())
    }

    async fn order_of(pool: &Pool, id: ReturnId) -> Result<Option<Uuid>, sqlx::Error> {
        sqlx::query_scalar!(r#"SELECT order_id FROM returns WHERE id = $1"#, id.0)
            .fetch_optional(pool)
            .await
    }

    async fn write(
        transaction: &mut Transaction,
        order: OrderId,
        change: &ReturnChange,
    ) -> Result<(), StoreError> {
        match change {
            ReturnChange::Request(new) => insert(transaction, order, new).await,
            ReturnChange::Move {
                id,
                from,
                to,
                frees_units,
            } => {
                set_state(transaction, *id, *from, *to).await?;
                if *frees_units {
                    count_units!(
                        "returned = returned - lines.quantity",
                        "return_lines",
                        "return_id",
                        transaction,
                        id,
                        order
                    );
                }
                Ok(())
            }
        }
    }
}

async fn set_state(
    transaction: &mut Transaction,
    id: ReturnId,
    from: ReturnState,
    to: ReturnState,
) -> Result<(), StoreError> {
    let done = sqlx::query!(
        r#"
        UPDATE returns
        SET status = $3, refusal = NULL, attempts = 0, last_error = NULL, due_at = now(), updated_at = now()
        WHERE id = $1 AND status = $2
        "#,
        id.0,
        from.as_str(),
        to.as_str(),
    )
    .execute(&mut **transaction)
    .await?;
    touched(done.rows_affected(), 1)
}

async fn insert(
    transaction: &mut Transaction,
    order: OrderId,
    new: &NewReturn,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"INSERT INTO returns (id, order_id, reason, refund_minor) VALUES ($1, $2, $3, $4)"#,
        new.id.0,
        order.0,
        new.reason.as_ref().map(ReturnReason::as_str),
        new.refund.minor,
    )
    .execute(&mut **transaction)
    .await?;
    insert_lines(transaction, new.id.0, &new.lines).await?;
    let counted = count_units!(
        "returned = returned + lines.quantity",
        "return_lines",
        "return_id",
        transaction,
        new.id,
        order
    );
    touched(counted, new.lines.len())
}
