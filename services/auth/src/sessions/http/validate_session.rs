//! `GET /auth/validate`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    accounts::model::SessionId,
    http::{signed_in::SignedIn, user_view::UserView},
};

#[derive(Serialize, ToSchema)]
#[schema(as = Validation)]
pub(super) struct ValidationView {
    /// Always true; an invalid token is answered with 401.
    #[schema(example = true)]
    valid: bool,
    session_id: SessionId,
    user: UserView,
}

/// Validate an access token
///
/// Checks the current state of the session and the account, not only the token.
#[utoipa::path(
    get,
    path = "/auth/validate",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The token is valid; the response identifies its user.", body = ValidationView),
    )
)]
pub(super) async fn validate_session(caller: SignedIn) -> Json<ValidationView> {
    Json(ValidationView {
        valid: true,
        session_id: caller.session,
        user: caller.user.into(),
    })
}
