//! `POST /orders/{id}/fulfillments`: plans a fulfillment.

use access::{Requires, permissions::fulfillments};
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{FieldError, JsonBody, PathParameters, Problem, schema::Line};

use super::fulfillment_view::FulfillmentView;
use crate::{
    app::App,
    fulfillment::model::{Tracking, TrackingUrl},
    infrastructure::http::{callers::seller, field_errors::FieldErrors},
    orders::model::Selection,
    values::{OrderId, Quantity, Sku, Text},
};

/// Most items of one fulfillment: an order has no more lines.
const MOST_ITEMS: usize = 50;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFulfillment, example = json!({
    "items": [{ "sku": "MUG-1", "quantity": 2 }],
    "tracking": { "carrier": "Royal Mail", "number": "AB123456789GB", "url": "https://track.example/AB123456789GB" },
}))]
pub struct NewFulfillmentBody {
    /// If absent: all lines the caller may ship that are not in a shipment.
    #[schema(min_items = 1, max_items = 50)]
    items: Option<Vec<PartItemBody>>,
    #[serde(default)]
    tracking: TrackingBody,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewParcelItem)]
pub struct PartItemBody {
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
        let mut errors = FieldErrors::default();
        let selection = selection_of(self.items, &mut errors);
        let TrackingBody {
            carrier,
            number,
            url,
        } = self.tracking;
        let mut text = |pointer, text: Option<String>| {
            text.and_then(|text| errors.keep(pointer, Text::try_from(text)))
        };
        let tracking = Tracking {
            carrier: text("/tracking/carrier", carrier),
            number: text("/tracking/number", number),
            url: url.and_then(|url| errors.keep("/tracking/url", TrackingUrl::try_from(url))),
        };
        errors.check()?;
        Ok((selection, tracking))
    }
}

/// Without items all that are left; with some, those that break no rule.
pub fn selection_of(items: Option<Vec<PartItemBody>>, errors: &mut FieldErrors) -> Selection {
    let Some(items) = items else {
        return Selection::Rest;
    };
    if !(1..=MOST_ITEMS).contains(&items.len()) {
        errors.0.push(FieldError::new(
            "/items",
            "invalid",
            "items must have 1 to 50 entries",
        ));
        return Selection::Lines(Vec::new());
    }
    let read = |(index, item): (usize, PartItemBody)| {
        let sku = errors.keep(format!("/items/{index}/sku"), Sku::try_from(item.sku));
        let quantity = Quantity::try_from(item.quantity);
        let quantity = errors.keep(format!("/items/{index}/quantity"), quantity);
        sku.zip(quantity)
    };
    Selection::Lines(items.into_iter().enumerate().filter_map(read).collect())
}

/// Create a shipment
///
/// Admins can include all lines, vendors their own. The shipment is `planned` until it is shipped.
#[utoipa::path(
    post,
    path = "/orders/{id}/fulfillments",
    tag = "fulfillments",
    params(Requires<fulfillments::Write>, ("id" = OrderId, Path, description = "The order.")),
    request_body = NewFulfillmentBody,
    responses(
        (status = 201, description = "The shipment is planned.", body = FulfillmentView),
        (status = 404, description = "No such order, or the vendor owns none of its lines."),
        (status = 409, description = "`order_not_confirmed`, `order_being_cancelled`, `nothing_left` or `order_being_changed`."),
        (status = 422, description = "`unknown_item` or `too_many`."),
    ),
)]
pub async fn create_fulfillment(
    State(app): State<App>,
    caller: Requires<fulfillments::Write>,
    PathParameters(order): PathParameters<OrderId>,
    JsonBody(body): JsonBody<NewFulfillmentBody>,
) -> Result<impl IntoResponse, Problem> {
    let (selection, tracking) = body.parse()?;
    let planned = app
        .fulfill_order
        .plan(order, seller(&caller), &selection, &tracking)
        .await?;
    Ok((StatusCode::CREATED, Json(FulfillmentView::from(planned))))
}
