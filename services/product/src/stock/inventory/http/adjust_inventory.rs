//! `POST /inventory/{sku}/adjustments`

use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{
    PathParameters, Problem, ValidJson,
    idempotency::IdempotencyKey,
    schema::{Difference, Line},
    token::VendorOrAdmin,
};

use super::{inventory_view::InventoryView, set_inventory::answer};
use crate::{
    app::App,
    catalog::products::model::{Owner, Reason, Sku},
    idempotency::{Answer, Once},
    stock::{
        inventory::{ChangeOnHand, NewCount, change_on_hand, model::MAX_ON_HAND},
        locations::model::LocationCode,
    },
};

#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "delta": -2, "reason": "broken in the warehouse" }))]
pub(crate) struct AdjustInventory {
    /// How many came, or, below zero, went.
    #[garde(range(min = -MAX_ON_HAND, max = MAX_ON_HAND), custom(moves))]
    #[schema(value_type = Difference<1_000_000_000>, inline)]
    delta: i64,
    #[schema(value_type = Line<200>, inline)]
    reason: Reason,
    /// Where; `main` where absent, or the only place that the SKU was ever in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<LocationCode>,
    /// `true`: orders lose what they have and is not there, the newest reservations first, then the newest
    /// confirmed orders.
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
        Err(garde::Error::new("an adjustment of nothing"))
    } else {
        Ok(())
    }
}

/// Add units, or take some away
///
/// Whatever the count is: no If-Match is needed.
#[utoipa::path(
    post,
    path = "/inventory/{sku}/adjustments",
    tag = "inventory",
    security(("bearer" = [])),
    params(
        ("sku" = String, Path, description = "The SKU, in capital or small letters.", example = "MUG-BLUE-350"),
        IdempotencyKey,
    ),
    request_body = AdjustInventory,
    responses(
        (status = 200, description = "Its stock as it is now.", body = InventoryView, headers(
            ("ETag" = String, description = "How many are on hand, for If-Match."),
        )),
        (status = 403, description = "The caller has neither the role vendor nor admin."),
        (status = 404, description = "No product has this SKU, or it belongs to another vendor."),
        (status = 409, description = "`below_committed`: orders have more units than that; see `force`. `idempotency_key_in_use`: the first request with this key has not been answered yet."),
    )
)]
pub(super) async fn adjust_inventory(
    State(app): State<App>,
    caller: VendorOrAdmin,
    PathParameters(sku): PathParameters<Sku>,
    key: IdempotencyKey,
    ValidJson(request): ValidJson<AdjustInventory>,
) -> Result<Answer, Problem> {
    let once = Once::try_new(caller.id, "adjust_inventory", &key, &(&sku, &request))?;
    let _flight = app.in_flight.enter(&once)?;
    let change = ChangeOnHand {
        sku,
        owner: Owner::of(&caller),
        location: request.location,
        count: NewCount::Adjust {
            delta: request.delta,
        },
        reason: Some(request.reason),
        force: request.force,
    };
    Ok(change_on_hand(&app.pool, app.clock, &change, &once, answer).await?)
}
