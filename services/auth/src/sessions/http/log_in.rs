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
        session_view::{SessionAnswer, SessionView, answer},
    },
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
    #[schema(value_type = Option<String>, pattern = r"^\S+$", min_length = 1, max_length = 254)]
    email: Option<Identifier>,
    #[schema(value_type = Option<String>, pattern = r"^\S+$", min_length = 1, max_length = 254)]
    username: Option<Identifier>,
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 128)]
    password: PresentedPassword,
    /// `body` by default. With `cookie`, the response sets the cookie `refresh_token` and has none in its body.
    #[serde(default)]
    #[schema(required = false)]
    refresh_token_in: RefreshTokenIn,
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
        })
    }
}

/// Log in
///
/// Every failure returns the same response after the same time. Failed attempts are limited per account, counted across
/// e-mail address and username, and all attempts are limited per client address. A client that sends the `device_token`
/// of an earlier login is not locked out by failed attempts from other clients.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "auth",
    params(("Device-Token" = Option<String>, Header, description = "The `device_token` of an earlier login; browsers send it as a cookie.")),
    request_body = LogIn,
    responses(
        (status = 200, description = "Logged in.", body = SessionView),
        (status = 401, description = "No active account matches this name and password."),
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
