//! Logging out everywhere.

use super::{end_all, model::EndReason};
use crate::{
    accounts::model::{SessionId, UserId},
    app::App,
};

/// Ends all sessions of a user, or all but one.
pub(crate) async fn log_out_all(
    app: &App,
    user: UserId,
    except: Option<SessionId>,
) -> Result<(), sqlx::Error> {
    let mut connection = app.pool.acquire().await?;
    end_all(&mut connection, user, except, EndReason::LogoutAll).await?;
    Ok(())
}
