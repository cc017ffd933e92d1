//! Logging out everywhere.

use super::{end_all, model::EndReason};
use crate::{
    accounts::{
        self,
        model::{SessionId, UserId},
    },
    app::App,
};

/// Ends all sessions of a user, or all but one.
pub(crate) async fn log_out_all(
    app: &App,
    user: UserId,
    except: Option<SessionId>,
) -> Result<(), sqlx::Error> {
    let mut transaction = app.pool.begin().await?;
    // A login in flight waits for the user's row, or has begun a session that ends here.
    accounts::lock(&mut transaction, user).await?;
    end_all(&mut transaction, user, except, EndReason::LogoutAll).await?;
    transaction.commit().await
}
