//! `GET /auth/mfa`

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;

use crate::{app::App, http::signed_in::SignedIn, mfa};

#[derive(Serialize, ToSchema)]
#[schema(as = Mfa, example = json!({ "enabled": true, "required": false, "recovery_codes_left": 10 }))]
pub(super) struct MfaView {
    /// Whether logins need a second factor.
    enabled: bool,
    /// Whether the shop requires a second factor of this account: without one, it has the permissions of a customer or vendor
    /// at most.
    required: bool,
    recovery_codes_left: i64,
}

/// Get the state of the caller's second factor
#[utoipa::path(
    get,
    path = "/auth/mfa",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "Whether the account has a second factor, and whether it must have one.", body = MfaView),
    )
)]
pub(super) async fn get_mfa(
    State(app): State<App>,
    caller: SignedIn,
) -> Result<Json<MfaView>, Problem> {
    let user = caller.user;
    Ok(Json(MfaView {
        enabled: user.mfa_enabled,
        required: app.require_mfa.concerns(&user),
        recovery_codes_left: mfa::recovery_codes_left(&app.pool, user.id).await?,
    }))
}
