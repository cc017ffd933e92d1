//! `POST /auth/account/delete`. It is a POST with a path of its own since it has a body, which many clients and proxies do not
//! send with a DELETE (RFC 9110, section 9.3.5).

use axum::{extract::State, http::StatusCode};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{ClientAddress, LimitedByAddress, Meter},
};

use crate::{
    accounts::{delete_user::delete_own_account, model::PresentedPassword},
    app::App,
    http::{
        refresh_cookie::{RefreshCookie, SetCookie},
        second_factor,
        signed_in::SignedIn,
    },
    mfa::model::{RecoveryCode, TotpCode},
};

/// The password, and if the account has a second factor, either a code of the app or a recovery code.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "password": "correct horse battery" }))]
pub(crate) struct DeleteAccount {
    #[schema(value_type = String, format = Password, pattern = r"^[^\u0000]*$", min_length = 1, max_length = 128)]
    password: PresentedPassword,
    /// The current code of the app.
    #[schema(value_type = Option<String>, pattern = "^[0-9]{6}$", max_length = 6)]
    code: Option<TotpCode>,
    /// A recovery code that was not used before.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z2-7]{4}(-?[A-Za-z2-7]{4}){3}$", max_length = 19)]
    recovery_code: Option<RecoveryCode>,
}

/// Delete the caller's account
///
/// Removes the person and keeps the account as an id, as `DELETE /users/{id}` does for admins. All sessions end, all tokens
/// and API keys become invalid, and the refresh cookie is deleted. The e-mail address and the username are free afterwards.
/// It cannot be undone. Attempts are limited per account and per client address.
#[utoipa::path(
    post,
    path = "/auth/account/delete",
    tag = "auth",
    security(("bearer" = [])),
    request_body = DeleteAccount,
    responses(
        (status = 204, description = "The account is deleted."),
        (status = 409, description = "`last_admin`: no other admin is active."),
        (status = 422, description = "`password_incorrect`, `mfa_code_incorrect`, or `required`: the account has a second factor, and no code was sent."),
        LimitedByAddress,
    )
)]
pub(super) async fn delete_account(
    State(app): State<App>,
    caller: SignedIn,
    cookie: RefreshCookie,
    address: ClientAddress,
    meter: Meter,
    ValidJson(request): ValidJson<DeleteAccount>,
) -> Result<(SetCookie, StatusCode), Problem> {
    let factor = second_factor::optional(request.code, request.recovery_code)?;
    delete_own_account(
        &app,
        &caller.user,
        request.password,
        factor.as_ref(),
        address,
        &meter,
    )
    .await?;
    Ok((cookie.deletion(), StatusCode::NO_CONTENT))
}
