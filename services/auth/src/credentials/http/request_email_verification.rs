//! `POST /auth/email/verification`

use axum::{extract::State, http::StatusCode};
use web::{
    Problem,
    limit::{LimitedByAddress, Meter},
};

use crate::{
    app::App, credentials::request_verification::request_verification, http::signed_in::SignedIn,
};

/// Ask for another message to verify the caller's e-mail address
///
/// Its token replaces the earlier one. Limited to three messages an hour.
#[utoipa::path(
    post,
    path = "/auth/email/verification",
    tag = "auth",
    security(("bearer" = [])),
    responses(
        (status = 202, description = "The message will be sent."),
        (status = 409, description = "`email_already_verified`: the address is verified."),
        LimitedByAddress,
    )
)]
pub(super) async fn request_email_verification(
    State(app): State<App>,
    caller: SignedIn,
    meter: Meter,
) -> Result<StatusCode, Problem> {
    request_verification(&app, &caller.user, &meter).await?;
    Ok(StatusCode::ACCEPTED)
}
