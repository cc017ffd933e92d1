//! `POST /auth/mfa/totp/confirm`

use axum::{Json, extract::State};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{LimitedByAddress, Meter},
};

use super::recovery_codes_view::RecoveryCodesView;
use crate::{
    app::App,
    http::signed_in::SignedIn,
    mfa::{confirm::confirm, model::TotpCode},
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "code": "287082" }))]
pub(crate) struct ConfirmTotp {
    /// The current code of the app.
    #[schema(value_type = String, pattern = "^[0-9]{6}$", max_length = 6)]
    code: TotpCode,
}

/// Confirm an authenticator app with its current code
///
/// From then on, every login needs a code of the app or a recovery code. All other sessions end, as they began without one; the
/// access token of this session has to be refreshed. Attempts are limited per account.
#[utoipa::path(
    post,
    path = "/auth/mfa/totp/confirm",
    tag = "auth",
    security(("bearer" = [])),
    request_body = ConfirmTotp,
    responses(
        (status = 200, description = "The app is confirmed; the recovery codes are shown only in this response.", body = RecoveryCodesView),
        (status = 409, description = "`mfa_enrollment_missing` or `mfa_already_enabled`."),
        LimitedByAddress,
    )
)]
pub(super) async fn confirm_totp(
    State(app): State<App>,
    caller: SignedIn,
    meter: Meter,
    ValidJson(request): ValidJson<ConfirmTotp>,
) -> Result<Json<RecoveryCodesView>, Problem> {
    let codes = confirm(&app, caller.user.id, caller.session, &request.code, &meter).await?;
    Ok(Json(codes.into()))
}
