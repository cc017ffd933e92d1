//! The caller as the database knows it: a session that has ended is refused at once, even if its token is still valid.

use access::Caller;
use axum::{extract::FromRequestParts, http::request::Parts};
use web::Problem;

use crate::{
    accounts::model::{SessionId, User, UserId},
    app::App,
    sessions,
};

/// A caller whose session is live and whose account may log in. Its roles are those of the account, which a token may lack:
/// what a role allows is decided by the token.
pub struct SignedIn {
    pub user: User,
    pub session: SessionId,
}

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let session = SessionId(caller.session);
        let user = sessions::live_user(&app.pool, session, UserId(caller.id)).await?;
        let user = user.ok_or_else(|| {
            Problem::unauthorized("session_ended", "The session has ended; log in again.")
        })?;
        Ok(Self { user, session })
    }
}
