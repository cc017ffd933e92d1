//! `GET /inventory/reservations`

use access::{Requires, permissions};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{
    Problem,
    list::{ListQuery, Page, Paging},
};

use crate::{
    app::App,
    catalog::products::model::{Owner, ProductId, Sku, VendorId},
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

#[derive(Serialize, ToSchema)]
#[schema(as = Reservation, example = json!({
    "order_id": "ord_01932c5e-7d2a-7c3e-9f00-0242ac120005", "sku": "MUG-BLUE-350",
    "product_id": "prd_01932c5e-7d2a-7c3e-9f00-0242ac120002", "vendor_id": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120003",
    "name": "Blue mug", "warehouse": "main", "state": "committed", "quantity": 3, "shipped": 1, "returned": 0,
    "released": 0, "expires_at": null, "created_at": "2026-11-21T08:00:00Z", "ended_at": "2026-11-21T08:00:01Z",
}))]
pub(super) struct ReservationView {
    order_id: OrderId,
    sku: String,
    product_id: ProductId,
    vendor_id: VendorId,
    name: String,
    warehouse: String,
    state: HoldState,
    quantity: i64,
    shipped: i64,
    returned: i64,
    /// Units released after the order was confirmed.
    released: i64,
    /// When the hold expires; present while it is held.
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    /// When it was committed, released, or lost.
    ended_at: Option<DateTime<Utc>>,
}

impl From<ReservedLine> for ReservationView {
    fn from(line: ReservedLine) -> Self {
        Self {
            order_id: OrderId(line.order_id),
            sku: line.sku.as_str().to_owned(),
            product_id: line.product_id,
            vendor_id: line.vendor_id,
            name: line.name.as_str().to_owned(),
            warehouse: line.location,
            state: line.state,
            quantity: line.quantity,
            shipped: line.shipped,
            returned: line.returned,
            released: line.released,
            expires_at: (line.state == HoldState::Held).then_some(line.expires_at),
            created_at: line.created_at,
            ended_at: line.ended_at,
        }
    }
}

/// List reservations
///
/// Newest orders first, one row per SKU and location. Vendors see reservations of their own SKUs, admins all.
#[utoipa::path(
    get,
    path = "/inventory/reservations",
    tag = "inventory",
    security(("bearer" = [])),
    params(ListQuery<ListReservations>),
    responses(
        (status = 200, description = "One page.", body = Page<ReservationView>),
        (status = 403, description = "The role vendor or admin is required."),
    )
)]
pub(super) async fn list_reservations(
    State(app): State<App>,
    caller: Requires<permissions::reservations::Read>,
    ListQuery { paging, filter }: ListQuery<ListReservations>,
) -> Result<Json<Page<ReservationView>>, Problem> {
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
    Ok(Json(page.map(ReservationView::from)))
}
