//! `GET /locations`

use access::{Requires, permissions};
use axum::{Json, extract::State};
use web::{
    Problem,
    list::{ListQuery, NoFilter, Page, Paging},
};

use crate::{
    app::App,
    infrastructure::http::listing::{page, readable},
    stock::locations::{self, LocationRow, model::Location},
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
        (status = 200, description = "One page.", body = Page<Location>),
    )
)]
pub(super) async fn list_locations(
    State(app): State<App>,
    _: Requires<permissions::locations::Read>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<Location>>, Problem> {
    let paging: Paging<String> = Paging::try_new(&paging, &"locations")?;
    let rows = locations::rows(&app.lists, &paging);
    let total = locations::total(&app.lists);
    let position = |row: &LocationRow| Some(row.code.as_str().to_owned());
    Ok(Json(page(&paging, rows, total, position, readable).await?))
}
