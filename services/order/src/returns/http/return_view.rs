//! A return as clients see it.

use chrono::{DateTime, Utc};
use money::Money;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    fulfillment::http::fulfillment_view::ParcelItemView,
    returns::model::{Return, ReturnState},
    values::{OrderId, ReturnId},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Return)]
pub struct ReturnView {
    id: ReturnId,
    order_id: OrderId,
    status: ReturnStateName,
    items: Vec<ParcelItemView>,
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

/// `receiving`: the goods have arrived, and the stock and the payment are being updated; then the return is `received`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReturnState)]
enum ReturnStateName {
    Requested,
    Approved,
    Receiving,
    Received,
    Rejected,
}

impl From<Return> for ReturnView {
    fn from(one: Return) -> Self {
        Self {
            id: one.id,
            order_id: one.order_id,
            status: match one.state {
                ReturnState::Requested => ReturnStateName::Requested,
                ReturnState::Approved => ReturnStateName::Approved,
                ReturnState::Receiving => ReturnStateName::Receiving,
                ReturnState::Received => ReturnStateName::Received,
                ReturnState::Rejected => ReturnStateName::Rejected,
            },
            items: one.lines.into_iter().map(ParcelItemView::from).collect(),
            reason: one.reason.map(|reason| reason.to_string()),
            refund: one.refund,
            refusal: one.refusal,
            created_at: one.created_at,
            updated_at: one.updated_at,
        }
    }
}
