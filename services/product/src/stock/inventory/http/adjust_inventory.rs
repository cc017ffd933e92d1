//! `POST /inventory/{sku}/adjustments`

use access::{Requires, permissions::stock};
use axum::extract::State;
use garde::Validate;
use idempotency::{Answer, IdempotencyKey, Once};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{
    PathParameters, Problem, ValidJson,
    schema::{Difference, Line},
};

use super::set_inventory::answer;
use crate::{
    app::App,
    catalog::products::model::{Owner, Reason, Sku},
    stock::{
        inventory::{
            ChangeOnHand, NewCount, change_on_hand,
            model::{Inventory, MAX_ON_HAND},
        },
        locations::model::LocationCode,
    },
};

#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "delta": -2, "reason": "broken in the warehouse" }))]
pub(crate) struct AdjustInventory {
    // Its schema describes it: a description here would say that it is an object.
    #[garde(range(min = -MAX_ON_HAND, max = MAX_ON_HAND), custom(moves))]
    #[schema(value_type = Difference<1_000_000_000>, inline)]
    delta: i64,
    #[schema(value_type = Line<200>, inline)]
    reason: Reason,
    /// The location. If absent: the only location that the SKU was ever stored in, else `main`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<LocationCode>,
    /// `true`: takes units away from orders if stock is insufficient, from the newest reservations first, then from the
    /// newest confirmed orders.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    force: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde asks for this signature"
)]
fn moves(delta: &i64, (): &()) -> garde::Result {
    if *delta == 0 {
        Err(garde::Error::new("delta must not be zero"))
    } else {
        Ok(())
    }
}

/// Adjust the stock of a SKU
///
/// Adds or removes units relative to the current count; no If-Match is needed.
#[utoipa::path(
    post,
    path = "/inventory/{sku}/adjustments",
    tag = "inventory",
    params(
        Requires<stock::Write>,
        ("sku" = String, Path, description = "The SKU, in upper or lower case.", example = "MUG-BLUE-350"),
        IdempotencyKey,
    ),
    request_body = AdjustInventory,
    responses(
        (status = 200, description = "The stock after the change.", body = Inventory, headers(
            ("ETag" = String, description = "The number of units on hand, for If-Match."),
        )),
        (status = 404, description = "No product has this SKU, or it belongs to another vendor."),
        (status = 409, description = "`below_committed`: orders hold more units than would be left; see `force`. `idempotency_key_in_use`: the first request with this key is still in progress."),
    )
)]
pub(super) async fn adjust_inventory(
    State(app): State<App>,
    caller: Requires<stock::Write>,
    PathParameters(sku): PathParameters<Sku>,
    key: IdempotencyKey,
    ValidJson(request): ValidJson<AdjustInventory>,
) -> Result<Answer, Problem> {
    let once = Once::try_new(caller.id, "adjust_inventory", &key, &(&sku, &request))?;
    let _flight = app.in_flight.enter(once.hash())?;
    let change = ChangeOnHand {
        sku,
        owner: Owner::of(&caller),
        location: request.location,
        count: NewCount::Adjust {
            delta: request.delta,
        },
        low_stock_threshold: None,
        reason: Some(request.reason),
        force: request.force,
    };
    Ok(change_on_hand(&app.pool, app.ids, &change, &once, answer).await?)
}
