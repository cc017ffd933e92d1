//! `GET /locations`

use access::{Requires, permissions};
use axum::{Json, extract::State};
use web::{
    Problem,
    list::{ListQuery, NoFilter, Page, Paging},
};

use super::location_view::LocationView;
use crate::{
    app::App,
    infrastructure::http::listing::{page, readable},
    stock::locations::{self, LocationRow},
};

/// List locations
///
/// Sorted by code. Every shop has the location `main`.
#[utoipa::path(
    get,
    path = "/locations",
    tag = "inventory",
    params(Requires<permissions::locations::Read>, ListQuery<NoFilter>),
    responses(
        (status = 200, description = "One page.", body = Page<LocationView>),
    )
)]
pub(super) async fn list_locations(
    State(app): State<App>,
    _: Requires<permissions::locations::Read>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<LocationView>>, Problem> {
    let paging: Paging<String> = Paging::try_new(&paging, &"locations")?;
    let rows = locations::rows(&app.lists, &paging);
    let total = locations::total(&app.lists);
    let position = |row: &LocationRow| Some(row.code.as_str().to_owned());
    let page = page(&paging, rows, total, position, readable).await?;
    Ok(Json(page.map(LocationView::from)))
}
