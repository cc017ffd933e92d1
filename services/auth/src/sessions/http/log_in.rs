//! `POST /auth/login`

use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{ClientAddress, LimitedByAddress, Meter},
};

use crate::{
    accounts::model::{Identifier, PresentedPassword},
    app::App,
    http::{
        device_token::PresentedDevice,
        refresh_cookie::RefreshTokenIn,
        second_factor,
        session_view::{SessionAnswer, SessionView, answer},
    },
    mfa::model::{RecoveryCode, TotpCode},
    sessions::{
        log_in::{self, Credentials},
        model::Client,
    },
};

/// `email` or `username`, and the password. Either field accepts an e-mail address or a username.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "email": "ann@example.com", "password": "correct horse battery" }))]
pub(crate) struct LogIn {
    #[schema(value_type = Option<String>, pattern = r"^[^\s\u0000]+$", min_length = 1, max_length = 254)]
    email: Option<Identifier>,
    #[schema(value_type = Option<String>, pattern = r"^[^\s\u0000]+$", min_length = 1, max_length = 254)]
    username: Option<Identifier>,
    #[schema(value_type = String, format = Password, pattern = r"^[^\u0000]*$", min_length = 1, max_length = 128)]
    password: PresentedPassword,
    /// `body` by default. With `cookie`, the response sets the cookie `refresh_token` and has none in its body.
    #[serde(default)]
    #[schema(required = false)]
    refresh_token_in: RefreshTokenIn,
    /// The current code of the authenticator app, if the account has a second factor.
    #[schema(value_type = Option<String>, pattern = "^[0-9]{6}$", max_length = 6)]
    code: Option<TotpCode>,
    /// In place of `code`: a recovery code that was not used before.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z2-7]{4}(-?[A-Za-z2-7]{4}){3}$", max_length = 19)]
    recovery_code: Option<RecoveryCode>,
}

impl TryFrom<LogIn> for Credentials {
    type Error = Problem;

    fn try_from(request: LogIn) -> Result<Self, Problem> {
        let identifier = match (request.email, request.username) {
            (Some(identifier), None) | (None, Some(identifier)) => identifier,
            (Some(_), Some(_)) => {
                return Err(Problem::invalid_field(
                    "/username",
                    "exclusive",
                    "send either email or username, not both",
                ));
            }
            (None, None) => {
                return Err(Problem::invalid_field(
                    "/email",
                    "required",
                    "send email or username",
                ));
            }
        };
        Ok(Self {
            identifier,
            password: request.password,
            second_factor: second_factor::optional(request.code, request.recovery_code)?,
        })
    }
}

/// Log in
///
/// Every failure returns the same response after the same time, unless the password is right and the account has a second
/// factor: then the code is `mfa_required` or `mfa_invalid`, and the client repeats the request with a code. Failed
/// attempts, those without a valid code included, are limited per account, counted across e-mail address and username, and
/// all attempts are limited per client address. A client that sends the `device_token` of an earlier login is not locked
/// out by failed attempts from other clients.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "auth",
    params(("Device-Token" = Option<String>, Header, description = "The `device_token` of an earlier login; browsers send it as a cookie.")),
    request_body = LogIn,
    responses(
        (status = 200, description = "Logged in.", body = SessionView),
        (status = 401, description = "`invalid_credentials`: no active account matches this name and password; `mfa_required` or `mfa_invalid`: the second factor is missing or not valid."),
        LimitedByAddress,
    )
)]
pub(super) async fn log_in(
    State(app): State<App>,
    client: Client,
    address: ClientAddress,
    meter: Meter,
    PresentedDevice(device): PresentedDevice,
    ValidJson(request): ValidJson<LogIn>,
) -> Result<SessionAnswer, Problem> {
    let refresh_token_in = request.refresh_token_in;
    let credentials = request.try_into()?;
    let tokens = log_in::log_in(&app, credentials, device, client, address, &meter).await?;
    Ok(answer(&app, tokens, refresh_token_in))
}
