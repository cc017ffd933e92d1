//! `GET /auth/profile`

use axum::Json;
use web::conditional::ETag;

use crate::http::{signed_in::SignedIn, user_view::UserView};

/// Get the caller's account
#[utoipa::path(
    get,
    path = "/auth/profile",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The account.", body = UserView, headers(("ETag" = String, description = "Its version, for If-Match."))),
    )
)]
pub(super) async fn get_profile(caller: SignedIn) -> (ETag, Json<UserView>) {
    (ETag(caller.user.version), Json(caller.user.into()))
}
