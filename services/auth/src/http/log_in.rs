//! `POST /auth/login`

use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Problem, ValidJson, problem::ProblemDocument};

use super::session_view::{SessionAnswer, SessionView, answer};
use crate::{
    account::{Identifier, PresentedPassword},
    app::App,
    log_in::{self, Credentials},
};

/// `email` or `username`, and the password. Either field takes either kind of name.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "email": "ann@example.com", "password": "correct horse battery" }))]
pub(super) struct LogIn {
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Option<Identifier>,
    #[schema(value_type = Option<String>, max_length = 254)]
    username: Option<Identifier>,
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 128)]
    password: PresentedPassword,
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
                    "send either email or username",
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
/// Every failure gets the same answer, after the same time. Limited per account and per address.
#[utoipa::path(
    post,
    path = "/auth/login",
    tag = "auth",
    request_body = LogIn,
    responses(
        (status = 200, description = "Logged in.", body = SessionView),
        (status = 400, description = "The body is not JSON.", body = ProblemDocument),
        (status = 401, description = "No active account has this name and password.", body = ProblemDocument),
        (status = 413, description = "The body is larger than 1 MiB.", body = ProblemDocument),
        (status = 415, description = "The body is not of type JSON.", body = ProblemDocument),
        (status = 422, description = "A field breaks a rule.", body = ProblemDocument),
        (status = 429, description = "Too many failed tries; see Retry-After.", body = ProblemDocument),
        (status = 503, description = "Not now; see Retry-After.", body = ProblemDocument),
    )
)]
pub(super) async fn log_in(
    State(app): State<App>,
    ValidJson(request): ValidJson<LogIn>,
) -> Result<SessionAnswer, Problem> {
    let tokens = log_in::log_in(&app, request.try_into()?).await?;
    Ok(answer(tokens))
}
