//! A return as clients see it.

use chrono::{DateTime, Utc};
use money::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    fulfillment::http::fulfillment_view::PartItemView,
    infrastructure::http::names::names,
    returns::model::{Return, ReturnState},
    values::{OrderId, ReturnId},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Return)]
pub struct ReturnView {
    id: ReturnId,
    order_id: OrderId,
    status: ReturnStateName,
    items: Vec<PartItemView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "The handle is broken.")]
    reason: Option<String>,
    /// The price of the items; refunded when they are received, up to the remaining amount of the payment.
    refund: Money,
    /// Why the stock could not take the units back and the return is `approved` again: `too_many`, `gone` or
    /// `mismatch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    refusal: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

names! {
    /// `receiving`: the goods have arrived, and the stock and the payment are being updated; then the return is `received`.
    #[schema(as = ReturnState)]
    ReturnStateName of ReturnState { Requested, Approved, Receiving, Received, Rejected }
}

impl From<Return> for ReturnView {
    fn from(one: Return) -> Self {
        Self {
            id: one.id,
            order_id: one.order_id,
            status: one.state.into(),
            items: one.lines.into_iter().map(PartItemView::from).collect(),
            reason: one.reason.map(|reason| reason.to_string()),
            refund: one.refund,
            refusal: one.refusal,
            created_at: one.created_at,
            updated_at: one.updated_at,
        }
    }
}
