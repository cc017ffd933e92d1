//! `POST /orders/{id}/returns`: a customer requests a return.

use access::{Requires, permissions::returns};
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use idempotency::RequestKey;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{JsonBody, PathParameters, Problem, schema::BlankLine};

use super::return_view::ReturnView;
use crate::{
    app::App,
    fulfillment::http::create_fulfillment::{PartItemBody, selection_of},
    infrastructure::http::field_errors::FieldErrors,
    intents::http::requester,
    orders::model::Selection,
    returns::model::ReturnReason,
    values::OrderId,
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewReturn, example = json!({ "items": [{ "sku": "MUG-1", "quantity": 1 }], "reason": "The handle is broken." }))]
pub struct NewReturnBody {
    /// If absent: all shipped units that are not in a return.
    #[schema(min_items = 1, max_items = 50)]
    items: Option<Vec<PartItemBody>>,
    #[schema(value_type = Option<BlankLine<500>>, inline)]
    reason: Option<String>,
}

impl NewReturnBody {
    fn parse(self) -> Result<(Selection, Option<ReturnReason>), Problem> {
        let mut errors = FieldErrors::default();
        let selection = selection_of(self.items, &mut errors);
        let reason = errors.optional("/reason", self.reason);
        errors.check()?;
        Ok((selection, reason))
    }
}

/// Request a return
///
/// Requests the return of shipped units. The vendor or an admin approves the return and receives the goods; then their
/// price is refunded.
#[utoipa::path(
    post,
    path = "/orders/{id}/returns",
    tag = "returns",
    params(Requires<returns::Create>, ("id" = OrderId, Path, description = "The order."), RequestKey),
    request_body = NewReturnBody,
    responses(
        (status = 201, description = "The return is requested.", body = ReturnView),
        (status = 404, description = "No such order, or it belongs to another customer."),
        (status = 409, description = "`nothing_left`: every shipped unit is already in a return; or `order_being_changed`."),
        (status = 422, description = "`unknown_item` or `too_many`."),
    ),
)]
pub async fn create_return(
    State(app): State<App>,
    caller: Requires<returns::Create>,
    PathParameters(order): PathParameters<OrderId>,
    key: RequestKey,
    JsonBody(body): JsonBody<NewReturnBody>,
) -> Result<impl IntoResponse, Problem> {
    let (selection, reason) = body.parse()?;
    let requested = app
        .return_goods
        .request(
            &requester(&caller, &key),
            order,
            &selection,
            reason.as_ref(),
        )
        .await?
        .map(ReturnView::from);
    Ok((StatusCode::CREATED, requested.map(Json)))
}
