//! Returns: read with their order, and written step by step under the order's version.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use idempotency::Claim;
use money::{Currency, Money};
use postgres::{Pool, Transaction};
use uuid::Uuid;

use crate::{
    fulfillment::{
        model::{ParcelLine, Return, ReturnReason},
        postgres::dispatch::parcel_line,
    },
    infrastructure::postgres::{failure::StoreError, request_key::claim},
    intents::ports::Request,
    orders::postgres::revise::advance,
    returns::{
        model::{NewReturn, ReturnChange, ReturnStep},
        ports::ReturnSaved,
    },
    values::{Fingerprint, OrderId, RequestIdentity, ReturnId},
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

pub(crate) async fn requested(
    pool: &Pool,
    identity: &RequestIdentity,
) -> Result<Option<(Fingerprint, ReturnId)>, StoreError> {
    let row = sqlx::query!(
        r#"
        SELECT fingerprint, resource_id FROM idempotency_keys
        WHERE principal = $1 AND operation = $2 AND key = $3
        "#,
        identity.principal.0,
        identity.operation.as_str(),
        identity.key,
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let fingerprint = row
        .fingerprint
        .try_into()
        .map_err(|_| StoreError::Row("fingerprint"))?;
    let id = row
        .resource_id
        .ok_or(StoreError::Row("the resource of a key"))?;
    Ok(Some((Fingerprint(fingerprint), ReturnId(id))))
}

pub(crate) async fn order_of(pool: &Pool, id: ReturnId) -> Result<Option<OrderId>, StoreError> {
    let order = sqlx::query_scalar!(r#"SELECT order_id FROM returns WHERE id = $1"#, id.0)
        .fetch_optional(pool)
        .await?;
    Ok(order.map(OrderId))
}

pub(crate) async fn write(
    pool: &Pool,
    order: OrderId,
    step: &ReturnStep,
    request: Option<&Request>,
) -> Result<ReturnSaved, StoreError> {
    let mut transaction = pool.begin().await?;
    if let (Some(request), ReturnChange::Request(new)) = (request, &step.change) {
        let claimed = claim(
            &mut transaction,
            &request.identity,
            request.fingerprint,
            order.0,
            Some(new.id.0),
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
    }
    if !advance(
        &mut transaction,
        order,
        step.read_version,
        &step.state,
        &step.event,
    )
    .await?
    {
        return Ok(ReturnSaved::Changed);
    }
    match &step.change {
        ReturnChange::Request(new) => insert(&mut transaction, order, new).await?,
        ReturnChange::Move {
            id,
            from,
            to,
            frees_units,
        } => {
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
            .execute(&mut *transaction)
            .await?;
            touched(done.rows_affected(), 1)?;
            if *frees_units {
                give_back(&mut transaction, *id).await?;
            }
        }
    }
    transaction.commit().await?;
    Ok(ReturnSaved::Written)
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
    let positions: Vec<i16> = new
        .lines
        .iter()
        .map(|line| i16::try_from(line.position))
        .collect::<Result<_, _>>()
        .map_err(|_| StoreError::Row("position"))?;
    let lines = || new.lines.iter();
    let skus: Vec<String> = lines().map(|line| line.sku.as_str().to_owned()).collect();
    let quantities: Vec<i64> = lines().map(|line| line.quantity.get().into()).collect();
    sqlx::query!(
        r#"
        INSERT INTO return_lines (return_id, position, sku, quantity)
        SELECT $1, position, sku, quantity::integer
        FROM unnest($2::smallint[], $3::text[], $4::bigint[]) AS new (position, sku, quantity)
        ORDER BY position
        "#,
        new.id.0,
        &positions,
        &skus,
        &quantities,
    )
    .execute(&mut **transaction)
    .await?;
    let done = sqlx::query!(
        r#"
        UPDATE order_items SET returned = returned + lines.quantity
        FROM return_lines AS lines
        WHERE lines.return_id = $1 AND order_items.order_id = $2 AND order_items.position = lines.position
        "#,
        new.id.0,
        order.0,
    )
    .execute(&mut **transaction)
    .await?;
    touched(done.rows_affected(), new.lines.len())
}

/// What a rejected return had is free to be returned again.
async fn give_back(transaction: &mut Transaction, id: ReturnId) -> Result<(), StoreError> {
    sqlx::query!(
        r#"
        UPDATE order_items SET returned = returned - lines.quantity
        FROM return_lines AS lines JOIN returns ON returns.id = lines.return_id
        WHERE lines.return_id = $1
          AND order_items.order_id = returns.order_id AND order_items.position = lines.position
        "#,
        id.0,
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Under the order's version everything else is as it was read.
fn touched(rows: u64, expected: usize) -> Result<(), StoreError> {
    if usize::try_from(rows) == Ok(expected) {
        Ok(())
    } else {
        Err(StoreError::Row(
            "a return that does not match the version of its order",
        ))
    }
}

pub(crate) async fn of_order(
    pool: &Pool,
    order: OrderId,
    currency: Currency,
) -> Result<Vec<Return>, StoreError> {
    let rows = sqlx::query_as!(
        ReturnRow,
        r#"
        SELECT id, order_id, status, reason, refund_minor, refusal, created_at, updated_at
        FROM returns WHERE order_id = $1 ORDER BY created_at, id
        "#,
        order.0,
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

pub(crate) async fn lines_of(
    pool: &Pool,
    returns: &[Uuid],
) -> Result<HashMap<Uuid, Vec<ParcelLine>>, StoreError> {
    let mut lines: HashMap<Uuid, Vec<ParcelLine>> = HashMap::new();
    if returns.is_empty() {
        return Ok(lines);
    }
    let rows = sqlx::query!(
        r#"
        SELECT return_id, position, sku, quantity
        FROM return_lines WHERE return_id = ANY ($1) ORDER BY return_id, position
        "#,
        returns,
    )
    .fetch_all(pool)
    .await?;
    for row in rows {
        let line = parcel_line(row.position, row.sku, row.quantity)?;
        lines.entry(row.return_id).or_default().push(line);
    }
    Ok(lines)
}

impl ReturnRow {
    fn into_return(self, lines: Vec<ParcelLine>, currency: Currency) -> Result<Return, StoreError> {
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
