//! `POST /auth/password/forgot`

use axum::{extract::State, http::StatusCode};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{ClientAddress, LimitedByAddress, Meter},
};

use crate::{accounts::model::Email, app::App, credentials::request_reset::request_reset};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "email": "ann@example.com" }))]
pub(crate) struct RequestPasswordReset {
    #[schema(value_type = String, format = Email, max_length = 254)]
    email: Email,
}

/// Ask for a password reset
///
/// If the address has an active account, a message with a token for `POST /auth/password/reset` is sent to it, up to three
/// times an hour; a new token replaces the earlier one. The response and its time are the same for every address.
#[utoipa::path(
    post,
    path = "/auth/password/forgot",
    tag = "auth",
    request_body = RequestPasswordReset,
    responses(
        (status = 202, description = "The request was accepted, whether or not the address has an account."),
        LimitedByAddress,
    )
)]
pub(super) async fn request_password_reset(
    State(app): State<App>,
    address: ClientAddress,
    meter: Meter,
    ValidJson(request): ValidJson<RequestPasswordReset>,
) -> Result<StatusCode, Problem> {
    request_reset(&app, request.email, address, &meter)?;
    Ok(StatusCode::ACCEPTED)
}
