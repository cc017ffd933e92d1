//! `GET /inventory/reservations`

use access::{Requires, permissions};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use web::{
    Problem,
    list::{ListQuery, Page, Paging},
};

use crate::{
    app::App,
    catalog::products::model::{Owner, Sku},
    infrastructure::http::listing::{page, readable},
    stock::reservations::{
        self, Position, Wanted,
        model::{HoldState, OrderId, ReservedLine},
    },
};

#[derive(Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListReservations {
    /// Only reservations of this SKU.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9._-]{1,64}$", example = "MUG-BLUE-350")]
    sku: Option<Sku>,
    /// Only reservations of this order.
    #[param(inline)]
    order: Option<OrderId>,
    /// Only reservations in this state.
    #[param(inline)]
    state: Option<HoldState>,
}

/// What a cursor is valid for.
#[derive(Serialize)]
struct Shape<'a> {
    list: &'static str,
    #[serde(flatten)]
    filter: &'a ListReservations,
}

/// List reservations
///
/// Newest orders first, one row per SKU and location. Vendors see reservations of their own SKUs, admins all.
#[utoipa::path(
    get,
    path = "/inventory/reservations",
    tag = "inventory",
    params(Requires<permissions::reservations::Read>, ListQuery<ListReservations>),
    responses(
        (status = 200, description = "One page.", body = Page<ReservedLine>),
    )
)]
pub(super) async fn list_reservations(
    State(app): State<App>,
    caller: Requires<permissions::reservations::Read>,
    ListQuery { paging, filter }: ListQuery<ListReservations>,
) -> Result<Json<Page<ReservedLine>>, Problem> {
    let shape = Shape {
        list: "reservations",
        filter: &filter,
    };
    let paging: Paging<Position> = Paging::try_new(&paging, &shape)?;
    let wanted = Wanted {
        vendor: Owner::of(&caller).vendor(),
        sku: filter.sku,
        order: filter.order.map(|order| order.0),
        state: filter.state,
    };
    let rows = reservations::rows(&app.lists, &wanted, &paging);
    let total = reservations::total(&app.lists, &wanted);
    let page = page(&paging, rows, total, |row| Some(row.position()), readable).await?;
    Ok(Json(page.map(|line| ReservedLine {
        expires_at: line.expires_at.filter(|_| line.state == HoldState::Held),
        ..line
    })))
}
