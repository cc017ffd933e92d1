//! `POST /fulfillments/{id}/deliver`: the goods have arrived.

use access::{Requires, permissions::fulfillments};
use axum::{Json, extract::State};
use web::{PathParameters, Problem};

use super::fulfillment_view::FulfillmentView;
use crate::{
    app::App, fulfillment::model::FulfillmentAction, infrastructure::http::callers::seller,
    values::FulfillmentId,
};

/// Mark a shipment as delivered
///
/// When all shipments are delivered, the order is `delivered`, and `completed` if it is paid. Idempotent.
#[utoipa::path(
    post,
    path = "/fulfillments/{id}/deliver",
    tag = "fulfillments",
    params(Requires<fulfillments::Write>, ("id" = FulfillmentId, Path, description = "The shipment.")),
    responses(
        (status = 200, description = "The shipment is delivered.", body = FulfillmentView),
        (status = 404, description = "No such shipment, or it has lines of another vendor."),
        (status = 409, description = "`no_such_transition`: the shipment has not been shipped; or `order_being_changed`."),
    ),
)]
pub async fn deliver_fulfillment(
    State(app): State<App>,
    caller: Requires<fulfillments::Write>,
    PathParameters(id): PathParameters<FulfillmentId>,
) -> Result<Json<FulfillmentView>, Problem> {
    let changed = app
        .fulfill_order
        .act(id, seller(&caller), FulfillmentAction::Deliver)
        .await?;
    Ok(Json(FulfillmentView::from(changed)))
}
