//! Sagas as administrators see and retry them.

use db::Pool;
use idempotency::Claim;
use uuid::Uuid;

use crate::{
    infrastructure::postgres::{
        PgOrders,
        failure::{StoreError, retrying},
        request_key::claim,
    },
    intents::ports::{Answered, Request},
    orders::ports::OrdersError,
    saga::ports::{Retried, SagaAdmin, SagaReport},
    values::SagaId,
};

const ACCEPTED: i16 = 202;

impl SagaAdmin for PgOrders {
    async fn list_sagas(
        &self,
        stuck: bool,
        before: Option<SagaId>,
        offset: i64,
        rows: i64,
    ) -> Result<Vec<SagaReport>, OrdersError> {
        let before = before.map_or(Uuid::max(), |id| id.0);
        if stuck {
            stuck_ones(&self.readers, before, offset, rows).await
        } else {
            all(&self.readers, before, offset, rows).await
        }
        .map_err(|error| StoreError::from(error).into())
    }

    async fn find_saga(&self, id: SagaId) -> Result<Option<SagaReport>, OrdersError> {
        sqlx::query_as!(
            SagaReport,
            r#"
            SELECT order_id AS id, step, attempts, due_at, deadline,
                   is_stuck(sagas) AS "stuck!", last_error, created_at, finished_at
            FROM sagas WHERE order_id = $1
            "#,
            id.0,
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(|error| StoreError::from(error).into())
    }

    async fn retry_saga(
        &self,
        request: &Request,
        id: SagaId,
    ) -> Result<Answered<Retried>, OrdersError> {
        Ok(retrying(self.jitter, || retry(&self.intents, request, id)).await?)
    }
}

async fn all(
    pool: &Pool,
    before: Uuid,
    offset: i64,
    rows: i64,
) -> Result<Vec<SagaReport>, sqlx::Error> {
    sqlx::query_as!(
        SagaReport,
        r#"
        SELECT order_id AS id, step, attempts, due_at, deadline,
               is_stuck(sagas) AS "stuck!", last_error, created_at, finished_at
        FROM sagas WHERE order_id < $1
        ORDER BY order_id DESC LIMIT $2 OFFSET $3
        "#,
        before,
        rows,
        offset,
    )
    .fetch_all(pool)
    .await
}

async fn stuck_ones(
    pool: &Pool,
    before: Uuid,
    offset: i64,
    rows: i64,
) -> Result<Vec<SagaReport>, sqlx::Error> {
    sqlx::query_as!(
        SagaReport,
        r#"
        SELECT order_id AS id, step, attempts, due_at, deadline, true AS "stuck!", last_error, created_at,
               finished_at
        FROM sagas WHERE finished_at IS NULL AND is_stuck(sagas) AND order_id < $1
        ORDER BY order_id DESC LIMIT $2 OFFSET $3
        "#,
        before,
        rows,
        offset,
    )
    .fetch_all(pool)
    .await
}

async fn retry(
    pool: &Pool,
    request: &Request,
    id: SagaId,
) -> Result<Answered<Retried>, StoreError> {
    let mut transaction = pool.begin().await?;
    let claimed = claim(
        &mut transaction,
        &request.identity,
        request.fingerprint,
        id.0,
        Some(id.0),
        ACCEPTED,
    );
    let (result, replayed) = match claimed.await? {
        Claim::Answered(_) => (Retried::Due, true),
        Claim::OfAnotherRequest => (Retried::KeyReused, false),
        Claim::Fresh => {
            // By key alone (ORDERS 13): a finished saga is written as it was.
            let due = sqlx::query_scalar!(
                r#"
                UPDATE sagas
                SET due_at = CASE WHEN finished_at IS NULL THEN now() ELSE due_at END,
                    attempts = CASE WHEN finished_at IS NULL THEN 0 ELSE attempts END
                WHERE order_id = $1
                RETURNING finished_at IS NULL AS "unfinished!"
                "#,
                id.0,
            )
            .fetch_optional(&mut *transaction)
            .await?;
            if due == Some(true) {
                transaction.commit().await?;
                (Retried::Due, false)
            } else {
                (Retried::Ended, false)
            }
        }
    };
    Ok(Answered { result, replayed })
}
