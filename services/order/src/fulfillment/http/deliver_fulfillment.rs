//! `POST /fulfillments/{id}/deliver`: a shipment has arrived.

use access::{Requires, permissions::fulfillments};
use axum::{Json, extract::State};
use web::{PathParameters, Problem};

use super::fulfillment_view::FulfillmentView;
use crate::{
    app::App, fulfillment::model::FulfillmentAction, infrastructure::http::callers::merchant,
    values::FulfillmentId,
};

/// Mark a shipment as delivered
///
/// When all shipments are delivered, the order is `delivered`, and `completed` if it is paid. Idempotent.
#[utoipa::path(
    post,
    path = "/fulfillments/{id}/deliver",
    tag = "fulfillments",
    security(("bearer" = [])),
    params(("id" = FulfillmentId, Path, description = "The shipment.")),
    responses(
        (status = 200, description = "The shipment is delivered.", body = FulfillmentView),
        (status = 403, description = "The role vendor or admin is required."),
        (status = 404, description = "No such shipment, or it has lines of another vendor."),
        (status = 409, description = "`no_such_transition`: the shipment has not been shipped; or `order_being_changed`."),
        (status = 429, description = "`too_many_requests`: too many changes by this customer, or to this resource, are in progress."),
    ),
)]
pub async fn deliver_fulfillment(
    State(app): State<App>,
    caller: Requires<fulfillments::Write>,
    PathParameters(id): PathParameters<FulfillmentId>,
) -> Result<Json<FulfillmentView>, Problem> {
    let changed = app
        .fulfill_order
        .act(id, merchant(&caller), FulfillmentAction::Deliver)
        .await?;
    Ok(Json(FulfillmentView::from(changed)))
}
