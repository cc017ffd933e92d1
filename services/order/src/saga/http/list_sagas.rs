//! `GET /sagas`: what is still to be done for orders, for admins.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{
    Problem, QueryParameters,
    list::{Page, PageQuery, Paging, Start},
    problem::ProblemDocument,
    token::Admin,
};

use super::saga_view::SagaView;
use crate::{app::App, orders::http::refusal, values::SagaId};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SagasQuery {
    /// Only those past their deadline and not finished.
    stuck: Option<bool>,
    /// Rows a page, 1 to 100; 20 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `page.next_cursor` of the answer before.
    cursor: Option<String>,
    /// A page number from 1, instead of a cursor; ends at 10,000 rows.
    #[param(minimum = 1)]
    page: Option<u32>,
}

/// List sagas
///
/// What is still to be done for orders, and what was done in the last week; the newest orders first.
#[utoipa::path(
    get,
    path = "/sagas",
    tag = "sagas",
    security(("bearer" = [])),
    params(SagasQuery),
    responses(
        (status = 200, description = "A page of sagas.", body = Page<SagaView>),
        (status = 401, description = "No valid access token.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 403, description = "The caller is no admin.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 422, description = "A parameter is unknown or breaks a rule.", body = ProblemDocument, content_type = "application/problem+json"),
        (status = 503, description = "Try again after the time in Retry-After.", body = ProblemDocument, content_type = "application/problem+json"),
    ),
)]
pub async fn list_sagas(
    State(app): State<App>,
    _: Admin,
    QueryParameters(query): QueryParameters<SagasQuery>,
) -> Result<Json<Page<SagaView>>, Problem> {
    let stuck = query.stuck.unwrap_or(false);
    let paging = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
        page: query.page,
        include_total: None,
    };
    let paging: Paging<SagaId> = Paging::try_new(&paging, &("sagas", stuck))?;
    let (before, offset) = match paging.start {
        Start::After(id) => (Some(id), 0),
        Start::Offset(rows) => (None, i64::from(rows)),
    };
    let sagas = app
        .tend_sagas
        .list(stuck, before, offset, paging.fetch())
        .await
        .map_err(|error| refusal::of_reading(&error))?;
    let page = paging.page(sagas, None, |saga| SagaId(saga.id))?;
    Ok(Json(page.map(SagaView::from)))
}
