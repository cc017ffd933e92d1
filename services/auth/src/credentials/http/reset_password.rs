//! `POST /auth/password/reset`

use axum::{extract::State, http::StatusCode};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{ClientAddress, LimitedByAddress, Meter},
};

use crate::{accounts::model::Password, app::App, credentials::reset_password};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({
    "token": "uQ0pQy6pJv1w5o0Uo3yXk0cT2n0bXcF3Y2q8m5x9r7E", "password": "staple in the rain",
}))]
pub(crate) struct ResetPassword {
    /// The token of the message: valid for one hour and for one reset.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    token: String,
    #[schema(value_type = String, format = Password, pattern = r"^[^\u0000]*$", min_length = 8, max_length = 128)]
    password: Password,
}

/// Set another password with the token of a message
///
/// All sessions of the account end, and its e-mail address counts as verified. A refused password leaves the token valid.
/// Limited per client address.
#[utoipa::path(
    post,
    path = "/auth/password/reset",
    tag = "auth",
    request_body = ResetPassword,
    responses(
        (status = 204, description = "The password was set; log in with it."),
        (status = 422, description = "`token_invalid_or_expired`, also for a used token. `password_common`, `password_pattern` or `password_own_name`: the password is refused."),
        LimitedByAddress,
    )
)]
pub(super) async fn reset_password(
    State(app): State<App>,
    address: ClientAddress,
    meter: Meter,
    ValidJson(request): ValidJson<ResetPassword>,
) -> Result<StatusCode, Problem> {
    let ResetPassword { token, password } = request;
    reset_password::reset_password(&app, &token, password, address, &meter).await?;
    Ok(StatusCode::NO_CONTENT)
}
