//! The key of a request that changes something, claimed in the transaction of the change (ORDERS 18).

use db::Transaction;
use idempotency::Claim;
use uuid::Uuid;

use super::failure::StoreError;
use crate::values::{Fingerprint, RequestIdentity};

/// `resource`: what the request creates or changes beside the order; the claim returns that of an earlier request.
pub(crate) async fn claim(
    transaction: &mut Transaction,
    identity: &RequestIdentity,
    fingerprint: Fingerprint,
    order: Uuid,
    resource: Option<Uuid>,
    status: i16,
) -> Result<Claim<Option<Uuid>>, StoreError> {
    let claimed = sqlx::query!(
        r#"
        INSERT INTO idempotency_keys (principal, operation, key, fingerprint, order_id, resource_id, status)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (principal, operation, key) DO NOTHING
        "#,
        identity.principal.0,
        identity.operation.as_str(),
        identity.key,
        &fingerprint.0,
        order,
        resource,
        status,
    )
    .execute(&mut **transaction)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claim::Fresh);
    }
    let earlier = sqlx::query!(
        r#"
        SELECT fingerprint, resource_id FROM idempotency_keys
        WHERE principal = $1 AND operation = $2 AND key = $3
        "#,
        identity.principal.0,
        identity.operation.as_str(),
        identity.key,
    )
    .fetch_one(&mut **transaction)
    .await?;
    Ok(if earlier.fingerprint == fingerprint.0 {
        Claim::Answered(earlier.resource_id)
    } else {
        Claim::OfAnotherRequest
    })
}
