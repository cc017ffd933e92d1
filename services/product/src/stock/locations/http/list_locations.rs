//! `GET /locations`

use axum::{Json, extract::State};
use web::{
    Problem, QueryParameters,
    list::{Page, PageQuery, Paging},
    problem::ProblemDocument,
    token::Admin,
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
/// By code. Every shop has `main`.
#[utoipa::path(
    get,
    path = "/locations",
    tag = "inventory",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "One page.", body = Page<LocationView>),
        (status = 401, description = "No access token, or one that is not good.", body = ProblemDocument),
        (status = 403, description = "The caller is no admin.", body = ProblemDocument),
        (status = 422, description = "A parameter breaks a rule.", body = ProblemDocument),
        (status = 503, description = "Not now; see Retry-After.", body = ProblemDocument),
    )
)]
pub(super) async fn list_locations(
    State(app): State<App>,
    _: Admin,
    QueryParameters(query): QueryParameters<PageQuery>,
) -> Result<Json<Page<LocationView>>, Problem> {
    let paging: Paging<String> = Paging::try_new(&query, &"locations")?;
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
