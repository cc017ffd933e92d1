//! Entries of the audit log that wait for auth.

use clock::Ids;
use db::Transaction;
use serde_json::Value;

use crate::catalog::products::model::Admin;

audit_log::outbox!();

/// Appends what an admin does. A vendor's changes of own things are no entries.
pub async fn record(
    transaction: &mut Transaction,
    ids: Ids,
    admin: Option<Admin>,
    action: &'static str,
    target: String,
    data: Value,
) -> Result<(), sqlx::Error> {
    let Some(admin) = admin else {
        return Ok(());
    };
    let entry = audit_log::NewEntry {
        id: ids.uuid(),
        actor: admin.user,
        session: admin.session,
        action,
        target,
        data,
    };
    append(transaction, &entry).await
}
