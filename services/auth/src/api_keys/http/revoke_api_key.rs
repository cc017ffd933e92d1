//! `DELETE /api-keys/{id}`

use access::permissions;
use axum::{extract::State, http::StatusCode};
use web::{PathParameters, Problem};

use crate::{
    api_keys::{model::ApiKeyId, revoke::revoke},
    app::App,
    http::permitted::Permitted,
};

/// Revoke an API key
///
/// Every service refuses its access tokens within two seconds. Users revoke their own keys, admins any. Idempotent.
#[utoipa::path(
    delete,
    path = "/api-keys/{id}",
    tag = "api-keys",
    params(Permitted<permissions::api_keys::Write>, ("id" = ApiKeyId, Path, description = "The key.")),
    responses(
        (status = 204, description = "The key is revoked."),
    )
)]
pub(super) async fn revoke_api_key(
    State(app): State<App>,
    caller: Permitted<permissions::api_keys::Write>,
    PathParameters(id): PathParameters<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    revoke(&app, id, &caller, caller.reach).await?;
    Ok(StatusCode::NO_CONTENT)
}
