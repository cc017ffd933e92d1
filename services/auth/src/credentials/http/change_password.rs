//! `POST /auth/password/change`

use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{ClientAddress, LimitedByAddress, Meter},
};

use crate::{
    accounts::model::{Password, PresentedPassword},
    app::App,
    credentials::change_password::{self, PasswordChange},
    http::{
        device_token::PresentedDevice,
        refresh_cookie::RefreshTokenIn,
        session_view::{SessionAnswer, SessionView, answer},
        signed_in::SignedIn,
    },
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "current_password": "correct horse battery", "new_password": "staple in the rain" }))]
pub(crate) struct ChangePassword {
    #[schema(value_type = String, format = Password, pattern = r"^[^\u0000]*$", min_length = 1, max_length = 128)]
    current_password: PresentedPassword,
    #[schema(value_type = String, format = Password, pattern = r"^[^\u0000]*$", min_length = 8, max_length = 128)]
    new_password: Password,
    /// `body` by default. With `cookie`, the response sets the cookie `refresh_token` and has none in its body.
    #[serde(default)]
    #[schema(required = false)]
    refresh_token_in: RefreshTokenIn,
}

/// Change the caller's password
///
/// All other sessions of the account end, and earlier access tokens, refresh tokens and device tokens become invalid. The
/// response has new tokens for the caller's session. Attempts are limited per account and per client address.
#[utoipa::path(
    post,
    path = "/auth/password/change",
    tag = "auth",
    security(("bearer" = [])),
    params(("Device-Token" = Option<String>, Header, description = "The `device_token` of an earlier login; browsers send it as a cookie.")),
    request_body = ChangePassword,
    responses(
        (status = 200, description = "The password was changed; the new tokens of the session.", body = SessionView),
        (status = 409, description = "`password_changed`: another request changed the password at the same time."),
        (status = 422, description = "`password_incorrect`: the current password is wrong. `password_unchanged`, `password_common`, `password_pattern` or `password_own_name`: the new one is refused."),
        LimitedByAddress,
    )
)]
pub(super) async fn change_password(
    State(app): State<App>,
    caller: SignedIn,
    address: ClientAddress,
    meter: Meter,
    PresentedDevice(device): PresentedDevice,
    ValidJson(request): ValidJson<ChangePassword>,
) -> Result<SessionAnswer, Problem> {
    let SignedIn { user, session } = caller;
    let refresh_token_in = request.refresh_token_in;
    let change = PasswordChange {
        current: request.current_password,
        new: request.new_password,
    };
    let tokens =
        change_password::change_password(&app, &user, session, change, device, address, &meter)
            .await?;
    Ok(answer(&app, tokens, refresh_token_in))
}
