//! A shop keeps an administrator who can log in.

use db::Connection;

use crate::accounts::model::UserId;

/// The advisory lock under which administrators cease to be active, one at a time.
const LOCK: i64 = 0x6175_7468_0000_0003;

#[derive(Debug, thiserror::Error)]
pub enum KeepAdminError {
    #[error("this is the last active administrator")]
    LastAdmin,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

/// Call it in the transaction that suspends or deletes a user or takes the role `admin` away, before that change: it refuses
/// the last active administrator. It locks the user's row. Of administrators, it admits one transaction at a time, so that
/// two of them cannot remove each other.
pub async fn keep_an_admin(
    connection: &mut Connection,
    user: UserId,
) -> Result<(), KeepAdminError> {
    let is_active_admin = sqlx::query_scalar!(
        r#"
        SELECT 'admin' = ANY (roles) AND status = 'active' AS "is_active_admin!"
        FROM users WHERE id = $1 FOR NO KEY UPDATE
        "#,
        user.0,
    )
    .fetch_optional(&mut *connection)
    .await?;
    if is_active_admin != Some(true) {
        return Ok(());
    }
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", LOCK)
        .execute(&mut *connection)
        .await?;
    // A statement after the lock sees what the previous holder of the lock committed.
    let another = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT FROM users WHERE 'admin' = ANY (roles) AND status = 'active' AND id <> $1) AS "another!"
        "#,
        user.0,
    )
    .fetch_one(connection)
    .await?;
    if another {
        Ok(())
    } else {
        Err(KeepAdminError::LastAdmin)
    }
}
