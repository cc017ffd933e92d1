//! `POST /orders/{id}/fulfillments`: plans a fulfillment.

use access::{Requires, permissions::fulfillments};
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{FieldError, PathParameters, Problem, ValidJson, schema::Line};

use super::{fulfillment_refusal, fulfillment_view::FulfillmentView};
use crate::{
    app::App,
    fulfillment::model::{Tracking, TrackingUrl},
    infrastructure::http::listing::merchant,
    orders::model::Selection,
    values::{OrderId, Quantity, Sku, Text},
};

/// Most items of one fulfillment: an order has no more lines.
const MOST_ITEMS: usize = 50;

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(as = NewFulfillment, example = json!({
    "items": [{ "sku": "MUG-1", "quantity": 2 }],
    "tracking": { "carrier": "Royal Mail", "number": "AB123456789GB", "url": "https://track.example/AB123456789GB" },
}))]
pub struct NewFulfillmentBody {
    /// If absent: all lines the caller may ship that are not in a shipment.
    #[schema(min_items = 1, max_items = 50)]
    items: Option<Vec<ParcelItemBody>>,
    #[serde(default)]
    tracking: TrackingBody,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewParcelItem)]
pub struct ParcelItemBody {
    #[schema(example = "MUG-1", pattern = "^[A-Za-z0-9._-]{1,64}$")]
    sku: String,
    #[schema(minimum = 1, maximum = 10_000, example = 2)]
    quantity: u32,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTracking)]
struct TrackingBody {
    #[schema(value_type = Option<Line<100>>, inline)]
    carrier: Option<String>,
    #[schema(value_type = Option<Line<100>>, inline)]
    number: Option<String>,
    #[schema(max_length = 500, pattern = "^https?://[!-~]+$")]
    url: Option<String>,
}

impl NewFulfillmentBody {
    fn parse(self) -> Result<(Selection, Tracking), Problem> {
        let mut errors = Vec::new();
        let selection = match self.items {
            None => Selection::Rest,
            Some(items) => Selection::Lines(items_of(items, &mut errors)),
        };
        let mut refuse = |name: &str, error: String| {
            errors.push(FieldError::new(
                format!("/tracking/{name}"),
                "invalid",
                error,
            ));
        };
        let mut text = |name: &str, text: Option<String>| match text.map(Text::try_from) {
            None => None,
            Some(Ok(text)) => Some(text),
            Some(Err(error)) => {
                refuse(name, error.to_string());
                None
            }
        };
        let carrier = text("carrier", self.tracking.carrier);
        let number = text("number", self.tracking.number);
        let url = match self.tracking.url.map(TrackingUrl::try_from) {
            None => None,
            Some(Ok(url)) => Some(url),
            Some(Err(error)) => {
                refuse("url", error.to_string());
                None
            }
        };
        if errors.is_empty() {
            let tracking = Tracking {
                carrier,
                number,
                url,
            };
            Ok((selection, tracking))
        } else {
            Err(Problem::invalid(errors))
        }
    }
}

/// The items that keep the rules; what breaks one is added to the errors.
pub fn items_of(items: Vec<ParcelItemBody>, errors: &mut Vec<FieldError>) -> Vec<(Sku, Quantity)> {
    if !(1..=MOST_ITEMS).contains(&items.len()) {
        errors.push(FieldError::new(
            "/items",
            "invalid",
            "items must have 1 to 50 entries",
        ));
        return Vec::new();
    }
    let mut read = Vec::new();
    for (index, item) in items.into_iter().enumerate() {
        let sku = Sku::try_from(item.sku).map_err(|error| ("sku", error.to_string()));
        let quantity =
            Quantity::try_from(item.quantity).map_err(|error| ("quantity", error.to_string()));
        for (field, error) in [sku.clone().err(), quantity.clone().err()]
            .into_iter()
            .flatten()
        {
            let pointer = format!("/items/{index}/{field}");
            errors.push(FieldError::new(pointer, "invalid", error));
        }
        read.extend(sku.ok().zip(quantity.ok()));
    }
    read
}

/// Create a shipment
///
/// Admins can include all lines, vendors their own. The shipment is `planned` until it is shipped.
#[utoipa::path(
    post,
    path = "/orders/{id}/fulfillments",
    tag = "fulfillments",
    security(("bearer" = [])),
    params(("id" = OrderId, Path, description = "The order.")),
    request_body = NewFulfillmentBody,
    responses(
        (status = 201, description = "The shipment is planned.", body = FulfillmentView),
        (status = 403, description = "The role vendor or admin is required."),
        (status = 404, description = "No such order, or the vendor owns none of its lines."),
        (status = 409, description = "`order_not_confirmed`, `order_being_cancelled`, `nothing_left` or `order_being_changed`."),
        (status = 422, description = "`unknown_item` or `too_many`."),
        (status = 429, description = "`too_many_requests`: too many changes by this customer, or to this resource, are in progress."),
    ),
)]
pub async fn create_fulfillment(
    State(app): State<App>,
    caller: Requires<fulfillments::Write>,
    PathParameters(order): PathParameters<OrderId>,
    ValidJson(body): ValidJson<NewFulfillmentBody>,
) -> Result<impl IntoResponse, Problem> {
    let (selection, tracking) = body.parse()?;
    let planned = app
        .fulfill_order
        .plan(order, merchant(&caller), &selection, &tracking)
        .await
        .map_err(|error| fulfillment_refusal::of_fulfilling(&error))?;
    Ok((StatusCode::CREATED, Json(FulfillmentView::from(planned))))
}
