//! `POST /fulfillments/{id}/ship`: decides to ship a fulfillment.

use access::{Requires, permissions::fulfillments};
use axum::{Json, extract::State, http::StatusCode};
use web::{PathParameters, Problem};

use super::fulfillment_view::FulfillmentView;
use crate::{
    app::App, fulfillment::model::FulfillmentAction, infrastructure::http::callers::seller,
    values::FulfillmentId,
};

/// Ship a shipment
///
/// The shipment becomes `shipping`, and `shipped` once the stock is updated. After a cancellation request nothing of an
/// order can be shipped; an order that is completely shipped cannot be cancelled. Idempotent.
#[utoipa::path(
    post,
    path = "/fulfillments/{id}/ship",
    tag = "fulfillments",
    params(Requires<fulfillments::Write>, ("id" = FulfillmentId, Path, description = "The shipment.")),
    responses(
        (status = 202, description = "The shipment is `shipping`, or already `shipped`.", body = FulfillmentView),
        (status = 404, description = "No such shipment, or it has lines of another vendor."),
        (status = 409, description = "`order_not_confirmed`, `order_being_cancelled`, `not_paid`, `no_such_transition` or `order_being_changed`."),
    ),
)]
pub async fn ship_fulfillment(
    State(app): State<App>,
    caller: Requires<fulfillments::Write>,
    PathParameters(id): PathParameters<FulfillmentId>,
) -> Result<(StatusCode, Json<FulfillmentView>), Problem> {
    let changed = app
        .fulfill_order
        .act(id, seller(&caller), FulfillmentAction::Ship)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(FulfillmentView::from(changed))))
}
