//! `POST /fulfillments/{id}/cancel`: cancels a fulfillment that is not shipped.

use access::{Requires, permissions::fulfillments};
use axum::{Json, extract::State};
use web::{PathParameters, Problem};

use super::fulfillment_view::FulfillmentView;
use crate::{
    app::App, fulfillment::model::FulfillmentAction, infrastructure::http::callers::seller,
    values::FulfillmentId,
};

/// Cancel a shipment
///
/// Its units become available for another shipment. Idempotent.
#[utoipa::path(
    post,
    path = "/fulfillments/{id}/cancel",
    tag = "fulfillments",
    params(Requires<fulfillments::Write>, ("id" = FulfillmentId, Path, description = "The shipment.")),
    responses(
        (status = 200, description = "The shipment is cancelled.", body = FulfillmentView),
        (status = 404, description = "No such shipment, or it has lines of another vendor."),
        (status = 409, description = "`no_such_transition`: the shipment is being shipped or has been shipped; or `order_being_changed`."),
    ),
)]
pub async fn cancel_fulfillment(
    State(app): State<App>,
    caller: Requires<fulfillments::Write>,
    PathParameters(id): PathParameters<FulfillmentId>,
) -> Result<Json<FulfillmentView>, Problem> {
    let changed = app
        .fulfill_order
        .act(id, seller(&caller), FulfillmentAction::Cancel)
        .await?;
    Ok(Json(FulfillmentView::from(changed)))
}
