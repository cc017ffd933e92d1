//! `POST /auth/mfa/totp/disable`. It is a POST with a path of its own since it has a body, which many clients and proxies do
//! not send with a DELETE (RFC 9110, section 9.3.5).

use axum::{extract::State, http::StatusCode};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{ClientAddress, LimitedByAddress, Meter},
};

use crate::{
    accounts::model::PresentedPassword,
    app::App,
    http::{second_factor, signed_in::SignedIn},
    mfa::{
        disable::disable,
        model::{RecoveryCode, TotpCode},
    },
};

/// The password, and either a code of the app or a recovery code.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "password": "correct horse battery", "code": "287082" }))]
pub(crate) struct DisableTotp {
    #[schema(value_type = String, format = Password, pattern = r"^[^\u0000]*$", min_length = 1, max_length = 128)]
    password: PresentedPassword,
    /// The current code of the app.
    #[schema(value_type = Option<String>, pattern = "^[0-9]{6}$", max_length = 6)]
    code: Option<TotpCode>,
    /// A recovery code that was not used before.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z2-7]{4}(-?[A-Za-z2-7]{4}){3}$", max_length = 19)]
    recovery_code: Option<RecoveryCode>,
}

/// Disable the second factor
///
/// Logins need no code afterwards, and all recovery codes are invalid. Sessions continue; their access tokens have to be
/// refreshed. If the shop requires a second factor of the account, it has the permissions of a customer or vendor at most until
/// another app is confirmed. Attempts are limited per account and per client address.
#[utoipa::path(
    post,
    path = "/auth/mfa/totp/disable",
    tag = "auth",
    security(("bearer" = [])),
    request_body = DisableTotp,
    responses(
        (status = 204, description = "The account has no second factor."),
        (status = 409, description = "`mfa_not_enabled`."),
        LimitedByAddress,
    )
)]
pub(super) async fn disable_totp(
    State(app): State<App>,
    caller: SignedIn,
    address: ClientAddress,
    meter: Meter,
    ValidJson(request): ValidJson<DisableTotp>,
) -> Result<StatusCode, Problem> {
    let factor = second_factor::required(request.code, request.recovery_code)?;
    disable(
        &app,
        &caller.user,
        request.password,
        &factor,
        address,
        &meter,
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
