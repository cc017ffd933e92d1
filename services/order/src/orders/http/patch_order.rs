//! `PATCH /orders/{id}`, and `PUT` as its alias: the address and the note of a pending order.

use access::{Requires, permissions::orders};
use axum::extract::State;
use postal::CountryCode;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    JsonBody, PathParameters, Problem,
    conditional::IfMatch,
    schema::{Line, Lines},
};

use super::order_view::OrderView;
use crate::{
    app::App,
    infrastructure::http::{
        callers::{actor, reader},
        merge_patch::{present, removable},
    },
    orders::model::{AddressChange, OrderChange},
    values::{Country, Note, OrderId, Removable, Text},
};

/// A merge patch (RFC 7396): absent members keep their values, null removes a value, the address is merged member by
/// member.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateOrder, example = json!({ "shipping_address": { "line1": "10 Downing Street", "line2": null }, "note": "Ring twice." }))]
pub struct UpdateOrderBody {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    shipping_address: Option<UpdateAddressBody>,
    #[serde(default, deserialize_with = "removable")]
    #[schema(value_type = Option<Lines<1000>>, inline)]
    note: Option<Removable<Note>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UpdateShippingAddress)]
struct UpdateAddressBody {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Line<200>, inline, required = false)]
    name: Option<Text<200>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Line<200>, inline, required = false)]
    line1: Option<Text<200>>,
    #[serde(default, deserialize_with = "removable")]
    #[schema(value_type = Option<Line<200>>, inline)]
    line2: Option<Removable<Text<200>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Line<100>, inline, required = false)]
    city: Option<Text<100>>,
    #[serde(default, deserialize_with = "removable")]
    #[schema(value_type = Option<Line<100>>, inline)]
    region: Option<Removable<Text<100>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Line<20>, inline, required = false)]
    postal_code: Option<Text<20>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = CountryCode, required = false)]
    country: Option<Country>,
}

impl From<UpdateOrderBody> for OrderChange {
    fn from(body: UpdateOrderBody) -> Self {
        Self {
            shipping_address: body.shipping_address.map(AddressChange::from),
            note: body.note,
        }
    }
}

impl From<UpdateAddressBody> for AddressChange {
    fn from(body: UpdateAddressBody) -> Self {
        Self {
            name: body.name,
            line1: body.line1,
            line2: body.line2,
            city: body.city,
            region: body.region,
            postal_code: body.postal_code,
            country: body.country,
        }
    }
}

/// Change an order's address or note
///
/// Allowed while the order is `pending`. A merge patch: absent members keep their values, null removes a value.
#[utoipa::path(
    patch,
    path = "/orders/{id}",
    tag = "orders",
    params(Requires<orders::Update>, ("id" = OrderId, Path, description = "The order."), IfMatch),
    request_body(content((UpdateOrderBody = "application/json"), (UpdateOrderBody = "application/merge-patch+json"))),
    responses(
        (status = 200, description = "The order after the change.", body = OrderView, headers(("ETag" = String, description = "The order's version."))),
        (status = 404, description = "No such order, or it belongs to another customer."),
        (status = 409, description = "`order_not_pending`."),
    ),
)]
pub async fn patch_order(
    State(app): State<App>,
    caller: Requires<orders::Update>,
    PathParameters(id): PathParameters<OrderId>,
    if_match: IfMatch,
    JsonBody(body): JsonBody<UpdateOrderBody>,
) -> Result<OrderView, Problem> {
    let order = app
        .revise_order
        .run(
            id,
            reader(&caller),
            actor(&caller),
            &if_match.into(),
            &body.into(),
        )
        .await?;
    Ok(order.into())
}

/// Change an order's address or note (same as PATCH)
#[utoipa::path(
    put,
    path = "/orders/{id}",
    tag = "orders",
    params(Requires<orders::Update>, ("id" = OrderId, Path, description = "The order."), IfMatch),
    request_body = UpdateOrderBody,
    responses(
        (status = 200, description = "The order after the change.", body = OrderView, headers(("ETag" = String, description = "The order's version."))),
        (status = 404, description = "No such order, or it belongs to another customer."),
        (status = 409, description = "`order_not_pending`."),
    ),
)]
pub async fn put_order(
    state: State<App>,
    caller: Requires<orders::Update>,
    id: PathParameters<OrderId>,
    if_match: IfMatch,
    body: JsonBody<UpdateOrderBody>,
) -> Result<OrderView, Problem> {
    patch_order(state, caller, id, if_match, body).await
}
