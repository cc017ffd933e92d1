//! `POST /auth/mfa/recovery-codes`

use axum::{Json, extract::State};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{ClientAddress, LimitedByAddress, Meter},
};

use super::recovery_codes_view::RecoveryCodesView;
use crate::{
    accounts::model::PresentedPassword,
    app::App,
    http::signed_in::SignedIn,
    mfa::{model::TotpCode, renew::renew},
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "password": "correct horse battery", "code": "287082" }))]
pub(crate) struct RenewRecoveryCodes {
    #[schema(value_type = String, format = Password, pattern = r"^[^\u0000]*$", min_length = 1, max_length = 128)]
    password: PresentedPassword,
    /// The current code of the app.
    #[schema(value_type = String, pattern = "^[0-9]{6}$", max_length = 6)]
    code: TotpCode,
}

/// Replace the recovery codes
///
/// All earlier recovery codes are invalid afterwards. Attempts are limited per account and per client address.
#[utoipa::path(
    post,
    path = "/auth/mfa/recovery-codes",
    tag = "auth",
    security(("bearer" = [])),
    request_body = RenewRecoveryCodes,
    responses(
        (status = 200, description = "The new recovery codes, which are shown only in this response.", body = RecoveryCodesView),
        (status = 409, description = "`mfa_not_enabled`."),
        LimitedByAddress,
    )
)]
pub(super) async fn renew_recovery_codes(
    State(app): State<App>,
    caller: SignedIn,
    address: ClientAddress,
    meter: Meter,
    ValidJson(request): ValidJson<RenewRecoveryCodes>,
) -> Result<Json<RecoveryCodesView>, Problem> {
    let RenewRecoveryCodes { password, code } = request;
    let codes = renew(&app, &caller.user, password, code, address, &meter).await?;
    Ok(Json(codes.into()))
}
