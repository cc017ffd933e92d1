//! `POST /auth/token`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{
    JsonBody, Problem,
    limit::{LimitedByAddress, Meter},
};

use crate::{
    api_keys::exchange::{KeyToken, exchange},
    app::App,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "api_key": "esk_000000000000000000000000000000000000000000049KGrS" }))]
pub(crate) struct ExchangeApiKey {
    #[schema(format = Password, pattern = r"^[^\u0000]*$", pattern = "^esk_[0-9A-Za-z]{49}$")]
    api_key: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ApiKeyToken, example = json!({
    "access_token": "eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6ImsxIn0.e30.c2lnbmF0dXJl", "token_type": "Bearer",
    "expires_in": 300, "scope": "products:write:own stock:write:own",
}))]
pub(super) struct TokenView {
    /// A JWT (RFC 9068), signed with ES256.
    access_token: String,
    #[schema(value_type = String)]
    token_type: &'static str,
    /// Lifetime of the access token in seconds.
    expires_in: i64,
    /// The permissions of the key that its owner holds now, separated by spaces.
    scope: String,
}

impl From<KeyToken> for TokenView {
    fn from(token: KeyToken) -> Self {
        Self {
            access_token: token.access,
            token_type: "Bearer",
            expires_in: token.seconds,
            scope: token.permissions.to_string(),
        }
    }
}

/// Exchange an API key for an access token
///
/// The token acts as the owner of the key, with the permissions of the key that the owner holds. It lives for five minutes, and
/// not longer than the key: exchange the key again for the next one. Limited per key; invalid keys are limited per client
/// address.
#[utoipa::path(
    post,
    path = "/auth/token",
    tag = "api-keys",
    request_body = ExchangeApiKey,
    responses(
        (status = 200, description = "An access token.", body = TokenView),
        (status = 401, description = "`api_key_invalid`: the key is unknown, revoked or expired, or its owner is suspended."),
        LimitedByAddress,
    )
)]
pub(super) async fn exchange_api_key(
    State(app): State<App>,
    meter: Meter,
    JsonBody(request): JsonBody<ExchangeApiKey>,
) -> Result<Json<TokenView>, Problem> {
    let token = exchange(&app, &request.api_key, &meter).await?;
    Ok(Json(token.into()))
}
