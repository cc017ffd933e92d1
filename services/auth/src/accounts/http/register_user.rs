//! `POST /auth/register`

use access::Role;
use axum::{extract::State, http::StatusCode};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{ClientAddress, LimitedByAddress, Meter},
    schema::Line,
};

use crate::{
    accounts::{
        model::{Email, FullName, NewUser, Password, Username},
        sign_up::sign_up,
    },
    app::App,
    http::{
        refresh_cookie::RefreshTokenIn,
        session_view::{SessionAnswer, SessionView, answer},
    },
    sessions::model::Client,
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({
    "email": "ann@example.com", "password": "correct horse battery", "full_name": "Ann Example", "username": "ann",
    "role": "customer",
}))]
pub(crate) struct RegisterUser {
    #[schema(value_type = String, format = Email, max_length = 254)]
    email: Email,
    #[schema(value_type = String, format = Password, pattern = r"^[^\u0000]*$", min_length = 8, max_length = 128)]
    password: Password,
    #[schema(value_type = Line<200>, inline)]
    full_name: FullName,
    /// Converted to lower case. Some words are reserved.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{2,31}$")]
    username: Option<Username>,
    /// `customer` by default; `vendor` if the shop allows it; never `admin`.
    #[serde(default = "customer")]
    #[schema(value_type = Role, required = false)]
    role: Role,
    /// `body` by default. With `cookie`, the response sets the cookie `refresh_token` and has none in its body.
    #[serde(default)]
    #[schema(required = false)]
    refresh_token_in: RefreshTokenIn,
}

fn customer() -> Role {
    Role::Customer
}

/// Register an account
///
/// Also logs the new user in. A vendor whose account has the status `pending` has no permissions of a vendor until an
/// administrator activates the account. Limited per account and per client address.
#[utoipa::path(
    post,
    path = "/auth/register",
    tag = "auth",
    request_body = RegisterUser,
    responses(
        (status = 201, description = "The account was created and the user is logged in.", body = SessionView),
        (status = 403, description = "`forbidden`: this shop does not let users sign up with this role."),
        (status = 409, description = "`account_exists` or `username_taken`."),
        LimitedByAddress,
    )
)]
pub(super) async fn register_user(
    State(app): State<App>,
    client: Client,
    address: ClientAddress,
    meter: Meter,
    ValidJson(request): ValidJson<RegisterUser>,
) -> Result<(StatusCode, SessionAnswer), Problem> {
    let user = NewUser {
        email: request.email,
        username: request.username,
        full_name: request.full_name,
        role: request.role,
    };
    let tokens = sign_up(&app, user, request.password, client, address, &meter).await?;
    let answer = answer(&app, tokens, request.refresh_token_in);
    Ok((StatusCode::CREATED, answer))
}
