//! The caller as the database knows it: a session that has ended is refused at once, even if its token is still valid, and so is
//! a token from before a change of the password, the roles or the status.

use access::Caller;
use axum::{extract::FromRequestParts, http::request::Parts};
use web::Problem;

use crate::{
    accounts::model::{SessionId, User, UserId},
    app::App,
    sessions, tokens,
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
        match user {
            Some(user) if user.token_epoch <= caller.epoch => Ok(Self { user, session }),
            Some(_) | None => Err(refusal(app, &caller).await),
        }
    }
}

/// Why there is no such session: its token was revoked, or it is that of an API key.
async fn refusal(app: &App, caller: &Caller) -> Problem {
    match tokens::refuse_revoked(&app.pool, caller).await {
        Err(error) => error.into(),
        Ok(()) => Problem::unauthorized(
            "login_required",
            "An API key cannot do this; use the access token of a login.",
        ),
    }
}
