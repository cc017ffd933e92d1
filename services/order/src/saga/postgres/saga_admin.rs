//! Sagas as administrators see and retry them.

use db::{
    Pool,
    readable::{Attempt, Row, Time, row},
};
use idempotency::Claim;
use uuid::Uuid;

use crate::{
    infrastructure::postgres::{
        PgOrders,
        failure::{StoreError, retrying},
        listed,
        request_key::claim,
    },
    intents::ports::{Answered, Request},
    orders::ports::OrdersError,
    saga::ports::{Retried, SagaAdmin, SagaReport},
    values::{Listed, SagaId},
};

const ACCEPTED: i16 = 202;

row!(
    SagaRow, "saga", id => SagaReport
    { id: Uuid, step: String, attempts: i32, stuck: bool, last_error: Option<String> }
    {
        due_at: Attempt<Time>, deadline: Attempt<Time>, created_at: Attempt<Time>, finished_at: Option<Attempt<Time>>,
    }
);

macro_rules! select_reports {
    ($rest:literal, $($argument:expr),+) => {
        sqlx::query_as!(
            SagaRow,
            r#"SELECT order_id AS id, step, attempts, due_at AS "due_at: _", deadline AS "deadline: _","#
                + r#" is_stuck(sagas) AS "stuck!", last_error, created_at AS "created_at: _", finished_at AS "finished_at: _""#
                + " FROM sagas WHERE "
                + $rest,
            $($argument),+
        )
    };
}

impl SagaAdmin for PgOrders {
    async fn list_sagas(
        &self,
        stuck: bool,
        before: Option<SagaId>,
        offset: i64,
        rows: i64,
    ) -> Result<Vec<Listed<SagaReport, SagaId>>, OrdersError> {
        let before = before.map_or(Uuid::max(), |id| id.0);
        // Two statements: stuck sagas are found by the index of unfinished ones.
        let rows = if stuck {
            select_reports!(
                "finished_at IS NULL AND is_stuck(sagas) AND order_id < $1 ORDER BY order_id DESC LIMIT $2 OFFSET $3",
                before,
                rows,
                offset
            )
            .fetch_all(&self.readers)
            .await
        } else {
            select_reports!(
                "order_id < $1 ORDER BY order_id DESC LIMIT $2 OFFSET $3",
                before,
                rows,
                offset
            )
            .fetch_all(&self.readers)
            .await
        };
        Ok(listed(rows?, |row| Some(SagaId(row.id))))
    }

    async fn find_saga(&self, id: SagaId) -> Result<Option<SagaReport>, OrdersError> {
        let report = select_reports!("order_id = $1", id.0);
        let found = report.fetch_optional(&self.readers).await?;
        Ok(found.map(Row::read).transpose()?)
    }

    async fn retry_saga(
        &self,
        request: &Request,
        id: SagaId,
    ) -> Result<Answered<Retried>, OrdersError> {
        Ok(retrying(self.jitter, || retry(&self.intents, request, id)).await?)
    }
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
