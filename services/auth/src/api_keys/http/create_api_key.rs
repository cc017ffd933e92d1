//! `POST /api-keys`

use access::{Grant, permissions};
use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Problem, ValidJson, limit::Meter, schema::Line};

use super::api_key_view::ApiKeyView;
use crate::{
    api_keys::{
        create::{Requested, create},
        model::KeyName,
    },
    app::App,
    http::{permitted::Permitted, signed_in::SignedIn},
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "name": "Warehouse import", "permissions": ["products:write:own", "stock:write:own"] }))]
pub(crate) struct CreateApiKey {
    #[schema(value_type = Line<100>, inline)]
    name: KeyName,
    /// What the key may do: permissions that the caller holds.
    #[garde(length(min = 1, max = 200))]
    #[schema(min_items = 1, max_items = 200)]
    permissions: Vec<Grant>,
    /// From five minutes to 366 days ahead; 90 days by default.
    expires_at: Option<DateTime<Utc>>,
}

impl From<CreateApiKey> for Requested {
    fn from(request: CreateApiKey) -> Self {
        Self {
            name: request.name,
            permissions: request.permissions.into_iter().collect(),
            expires_at: request.expires_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = CreatedApiKey)]
pub(super) struct CreatedApiKeyView {
    /// The key itself, which is shown only here.
    #[schema(example = "esk_000000000000000000000000000000000000000000049KGrS")]
    key: String,
    #[serde(flatten)]
    api_key: ApiKeyView,
}

/// Create an API key
///
/// For programs that act as the caller: they exchange the key for access tokens with these permissions (`POST /auth/token`).
/// Only a user who is logged in creates keys, at most 20 at a time; the token of an API key does not suffice.
#[utoipa::path(
    post,
    path = "/api-keys",
    tag = "api-keys",
    params(Permitted<permissions::api_keys::Write>),
    request_body = CreateApiKey,
    responses(
        (status = 201, description = "The key, which is not shown again.", body = CreatedApiKeyView),
        (status = 401, description = "The access token is missing or not valid, or `login_required`: it is that of an API key."),
        (status = 403, description = "`forbidden`: the caller does not hold a requested permission, or may not create keys."),
        (status = 409, description = "`too_many_api_keys`: the caller has 20 keys."),
        (status = 429, description = "`too_many_requests`: the caller has created 60 keys within 15 minutes."),
    )
)]
pub(super) async fn create_api_key(
    State(app): State<App>,
    caller: Permitted<permissions::api_keys::Write>,
    SignedIn { user, .. }: SignedIn,
    meter: Meter,
    ValidJson(request): ValidJson<CreateApiKey>,
) -> Result<(StatusCode, Json<CreatedApiKeyView>), Problem> {
    let (held, requested) = (caller.permissions, request.into());
    let (api_key, secret) = create(&app, user.id, held, requested, &meter).await?;
    let view = CreatedApiKeyView {
        key: secret.reveal().to_owned(),
        api_key: api_key.into(),
    };
    Ok((StatusCode::CREATED, Json(view)))
}
