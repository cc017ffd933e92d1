//! `GET /api-keys`

use access::{Reach, permissions};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{
    Problem,
    list::{ListQuery, Page, Paging, Total},
};

use super::api_key_view::ApiKeyView;
use crate::{accounts::model::UserId, api_keys, app::App, http::permitted::Permitted};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ApiKeysQuery {
    /// Only keys of this user; another than the caller requires the permission `api_keys:read`.
    user: Option<UserId>,
}

/// List API keys
///
/// Newest first, without the keys themselves. Users see their own, admins all. A key that has ended is listed for 90 days.
#[utoipa::path(
    get,
    path = "/api-keys",
    tag = "api-keys",
    params(Permitted<permissions::api_keys::Read>, ListQuery<ApiKeysQuery>),
    responses(
        (status = 200, description = "A page of keys.", body = Page<ApiKeyView>),
        (status = 403, description = "`forbidden`: the caller may not list API keys, or not those of the user in the filter."),
    )
)]
pub(super) async fn list_api_keys(
    State(app): State<App>,
    caller: Permitted<permissions::api_keys::Read>,
    ListQuery { paging, filter }: ListQuery<ApiKeysQuery>,
) -> Result<Json<Page<ApiKeyView>>, Problem> {
    let own = UserId(caller.id);
    let owner = match (caller.reach, filter.user) {
        (Reach::Any, owner) => owner,
        (Reach::Own | Reach::No, None) => Some(own),
        (Reach::Own | Reach::No, Some(owner)) if owner == own => Some(own),
        (Reach::Own | Reach::No, Some(_)) => {
            return Err(Problem::forbidden(
                "The permission api_keys:read is required to list the API keys of another user.",
            ));
        }
    };
    let paging = Paging::try_new(&paging, &("api_keys", owner))?;
    let rows = match owner {
        Some(owner) => api_keys::rows_of(&app.pool, owner, &paging).await?,
        None => api_keys::rows(&app.pool, &paging).await?,
    };
    let total = match (paging.include_total, owner) {
        (false, _) => None,
        (true, Some(owner)) => Some(api_keys::total_of(&app.pool, owner).await?),
        (true, None) => Some(api_keys::total(&app.pool).await?),
    };
    let page = paging.page(rows, total.map(Total::counted), |key| key.id)?;
    Ok(Json(page.map(ApiKeyView::from)))
}
