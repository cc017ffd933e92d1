//! An audit of the stock that an admin requests.

use clock::Ids;
use db::Pool;
use serde_json::json;

use crate::{catalog::products::model::Admin, infrastructure::postgres::audit_outbox};

/// Notes who requested an audit that was done.
pub async fn record_audit(
    pool: &Pool,
    ids: Ids,
    admin: Option<Admin>,
    findings: u64,
) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    let (target, data) = ("stock".to_owned(), json!({ "findings": findings }));
    audit_outbox::record(&mut tx, ids, admin, "stock.audited", target, data).await?;
    tx.commit().await
}
