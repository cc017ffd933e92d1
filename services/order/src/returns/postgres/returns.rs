//! Rows of returns: read, and written step by step under the order's version (ORDERS 22).

use chrono::{DateTime, Utc};
use idempotency::Claim;
use money::{Currency, Money};
use postgres::{Pool, Transaction};
use uuid::Uuid;

use crate::{
    infrastructure::postgres::{PgOrders, failure::StoreError, request_key::claim},
    intents::ports::Request,
    orders::{
        model::{Order, PartLine},
        ports::{OrdersError, Saved},
        postgres::parts::{PartRows, count_units, line_rows, touched, write},
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

struct ReturnRow {
    id: Uuid,
    order_id: Uuid,
    status: String,
    reason: Option<String>,
    refund_minor: i64,
    refusal: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

line_rows!("return_lines", "return_id");

impl Returns for PgOrders {
    async fn request(
        &self,
        mut read: OrderReturns,
        id: ReturnId,
        request: &Request,
        decide: impl FnOnce(&mut OrderReturns) -> Result<(), ReturnError> + Send,
    ) -> Result<ReturnSaved, OrdersError> {
        let mut transaction = self.intents.begin().await.map_err(StoreError::from)?;
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
                let earlier = resource.ok_or(StoreError::Row("the resource of a key"))?;
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
                transaction.commit().await.map_err(StoreError::from)?;
                Ok(ReturnSaved::Written)
            }
        }
    }
}

impl PartRows for Return {
    async fn of_order(pool: &Pool, order: &Order) -> Result<Vec<Self>, StoreError> {
        let currency = order.totals.currency();
        let rows = sqlx::query_as!(
            ReturnRow,
            r#"
            SELECT id, order_id, status, reason, refund_minor, refusal, created_at, updated_at
            FROM returns WHERE order_id = $1 ORDER BY created_at, id
            "#,
            order.id.0,
        )
        .fetch_all(pool)
        .await?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut lines = lines_of(pool, &ids).await?;
        rows.into_iter()
            .map(|row| {
                let lines = lines.remove(&row.id).unwrap_or_default();
                row.into_return(lines, currency)
            })
            .collect()
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
                        id,
                        order
                    )
                    .execute(&mut **transaction)
                    .await?;
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
    let done = count_units!(
        "returned = returned + lines.quantity",
        "return_lines",
        "return_id",
        new.id,
        order
    )
    .execute(&mut **transaction)
    .await?;
    touched(done.rows_affected(), new.lines.len())
}

impl ReturnRow {
    fn into_return(self, lines: Vec<PartLine>, currency: Currency) -> Result<Return, StoreError> {
        Ok(Return {
            id: ReturnId(self.id),
            order_id: OrderId(self.order_id),
            state: self
                .status
                .parse()
                .map_err(|_| StoreError::Row("the status of a return"))?,
            lines,
            reason: self
                .reason
                .and_then(|reason| ReturnReason::try_from(reason).ok()),
            refund: Money::new(self.refund_minor, currency),
            refusal: self.refusal,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
