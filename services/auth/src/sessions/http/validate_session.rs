//! `GET /auth/validate`

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    accounts::{http::user_view::UserView, model::SessionId},
    sessions::signed_in::SignedIn,
};

#[derive(Serialize, ToSchema)]
#[schema(as = Validation)]
pub(super) struct ValidationView {
    /// Always true: what is not valid is a 401.
    #[schema(example = true)]
    valid: bool,
    session_id: SessionId,
    user: UserView,
}

/// Ask whether an access token is good
///
/// Looks at the session and the account as they are now, and not only at the token.
#[utoipa::path(
    get,
    path = "/auth/validate",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The token is good; this is whose it is.", body = ValidationView),
    )
)]
pub(super) async fn validate_session(caller: SignedIn) -> Json<ValidationView> {
    Json(ValidationView {
        valid: true,
        session_id: caller.session,
        user: caller.user.into(),
    })
}
