//! `GET /locations`

use axum::{Json, extract::State};
use web::{
    Problem, Requires,
    list::{ListQuery, NoFilter, Page, Paging},
    permissions,
};

use super::location_view::LocationView;
use crate::{
    app::App,
    catalog::products::postgres::product_lists::ListError,
    infrastructure::postgres::readable::readable,
    stock::locations::postgres::locations::{self, LocationRow},
};

/// List locations
///
/// Sorted by code. Every shop has the location `main`.
#[utoipa::path(
    get,
    path = "/locations",
    tag = "inventory",
    security(("bearer" = [])),
    params(ListQuery<NoFilter>),
    responses(
        (status = 200, description = "One page.", body = Page<LocationView>),
        (status = 403, description = "The role admin is required."),
    )
)]
pub(super) async fn list_locations(
    State(app): State<App>,
    _: Requires<permissions::locations::Read>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<LocationView>>, Problem> {
    let paging: Paging<String> = Paging::try_new(&paging, &"locations")?;
    let rows = locations::rows(&app.lists, &paging)
        .await
        .map_err(ListError::from)?;
    let total = if paging.include_total {
        let total = locations::total(&app.lists).await;
        Some(total.map_err(ListError::from)?)
    } else {
        None
    };
    let key = |row: &LocationRow| Some(row.code.as_str().to_owned());
    let page = paging.page_of(rows, total, key, readable)?;
    Ok(Json(page.map(LocationView::from)))
}
