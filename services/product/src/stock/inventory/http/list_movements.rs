//! `GET /inventory/{sku}/movements`

use access::{Requires, permissions::stock};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    PathParameters, Problem,
    list::{ListQuery, NoFilter, Page, Paging},
};

use crate::{
    app::App,
    catalog::products::model::{Owner, Sku, VendorId},
    infrastructure::http::listing::{page, readable},
    stock::{
        inventory::{
            self, MovementRow,
            model::{MovementKind, PastMovement},
        },
        reservations::model::OrderId,
    },
};

ids::id!(MovementId, "mov");

#[derive(Serialize, ToSchema)]
#[schema(as = Movement, example = json!({
    "id": "mov_01932c5e-7d2a-7c3e-9f00-0242ac120004", "kind": "adjustment", "delta": -2, "on_hand_after": 5,
    "warehouse": "main", "reason": "broken in the warehouse", "order_id": null,
    "user_id": "usr_01932c5e-7d2a-7c3e-9f00-0242ac120003", "created_at": "2026-11-21T08:00:00Z",
}))]
pub(super) struct MovementView {
    id: MovementId,
    kind: MovementKind,
    /// The number of units added, or removed if negative.
    delta: i64,
    on_hand_after: i64,
    warehouse: String,
    reason: Option<String>,
    /// The order that the units were shipped for or returned from.
    order_id: Option<OrderId>,
    /// Who did it.
    user_id: Option<VendorId>,
    created_at: DateTime<Utc>,
}

impl From<PastMovement> for MovementView {
    fn from(movement: PastMovement) -> Self {
        Self {
            id: MovementId(movement.id),
            kind: movement.kind,
            delta: movement.delta,
            on_hand_after: movement.on_hand_after,
            warehouse: movement.location,
            reason: movement.reason,
            order_id: movement.order_id.map(OrderId),
            user_id: movement.actor.map(VendorId),
            created_at: movement.created_at,
        }
    }
}

/// List stock movements
///
/// Newest first. The sum of all movements is the number of units on hand.
#[utoipa::path(
    get,
    path = "/inventory/{sku}/movements",
    tag = "inventory",
    params(
        Requires<stock::Read>,
        ("sku" = String, Path, description = "The SKU, in upper or lower case.", example = "MUG-BLUE-350"),
        ListQuery<NoFilter>,
    ),
    responses(
        (status = 200, description = "One page.", body = Page<MovementView>),
        (status = 404, description = "No product has this SKU, or it belongs to another vendor."),
    )
)]
pub(super) async fn list_movements(
    State(app): State<App>,
    caller: Requires<stock::Read>,
    PathParameters(sku): PathParameters<Sku>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<MovementView>>, Problem> {
    inventory::find(&app.lists, &sku, Owner::of(&caller))
        .await?
        .ok_or_else(Problem::not_found)?;
    let paging: Paging<(DateTime<Utc>, Uuid)> = Paging::try_new(&paging, &("movements", &sku))?;
    let rows = inventory::movement_rows(&app.lists, &sku, &paging);
    let total = inventory::movement_total(&app.lists, &sku);
    let page = page(&paging, rows, total, MovementRow::position, readable).await?;
    Ok(Json(page.map(MovementView::from)))
}
