//! `POST /auth/email/change`

use axum::{extract::State, http::StatusCode};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{ClientAddress, LimitedByAddress, Meter},
};

use crate::{
    accounts::model::{Email, PresentedPassword},
    app::App,
    credentials::request_email_change,
    http::signed_in::SignedIn,
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "new_email": "ann@example.org", "password": "correct horse battery" }))]
pub(crate) struct RequestEmailChange {
    #[schema(value_type = String, format = Email, max_length = 254)]
    new_email: Email,
    /// The current password.
    #[schema(value_type = String, format = Password, pattern = r"^[^\u0000]*$", min_length = 1, max_length = 128)]
    password: PresentedPassword,
}

/// Ask for another e-mail address
///
/// A message is sent to the current and to the new address. The address changes once both have confirmed it with
/// `POST /auth/email/verify`, within an hour and in any order; sessions continue. A later request replaces an earlier one.
/// Limited per account, per new address and per client address.
#[utoipa::path(
    post,
    path = "/auth/email/change",
    tag = "auth",
    security(("bearer" = [])),
    request_body = RequestEmailChange,
    responses(
        (status = 202, description = "The messages will be sent, whether or not the new address belongs to another account."),
        (status = 422, description = "`password_incorrect`: the password is wrong. `email_unchanged`: the account has this address."),
        LimitedByAddress,
    )
)]
pub(super) async fn request_email_change(
    State(app): State<App>,
    caller: SignedIn,
    address: ClientAddress,
    meter: Meter,
    ValidJson(request): ValidJson<RequestEmailChange>,
) -> Result<StatusCode, Problem> {
    let RequestEmailChange {
        new_email,
        password,
    } = request;
    request_email_change::request_email_change(
        &app,
        &caller.user,
        &new_email,
        password,
        address,
        &meter,
    )
    .await?;
    Ok(StatusCode::ACCEPTED)
}
