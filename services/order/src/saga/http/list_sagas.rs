//! `GET /sagas`: the sagas of orders, for admins.

use access::{Requires, permissions::sagas};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use web::{
    Problem,
    list::{ListQuery, Page, Paging},
};

use super::saga_view::SagaView;
use crate::{app::App, infrastructure::http::listing, values::SagaId};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SagasQuery {
    /// Only unfinished sagas past their deadline.
    stuck: Option<bool>,
}

/// List sagas
///
/// Sagas in progress, and those finished in the last week; newest orders first.
#[utoipa::path(
    get,
    path = "/sagas",
    tag = "sagas",
    params(Requires<sagas::Read>, ListQuery<SagasQuery, false>),
    responses(
        (status = 200, description = "A page of sagas.", body = Page<SagaView>),
    ),
)]
pub async fn list_sagas(
    State(app): State<App>,
    _: Requires<sagas::Read>,
    ListQuery { paging, filter }: ListQuery<SagasQuery, false>,
) -> Result<Json<Page<SagaView>>, Problem> {
    let stuck = filter.stuck.unwrap_or(false);
    let paging: Paging<SagaId> = Paging::try_new(&paging, &("sagas", stuck))?;
    let sagas = app
        .administer_sagas
        .list(
            stuck,
            paging.after().copied(),
            paging.offset(),
            paging.fetch(),
        )
        .await?;
    let page = listing::page(&paging, sagas.into())?;
    Ok(Json(page.map(SagaView::from)))
}
