//! A return as it stands beside the parcels of its order. The steps that it takes are in `returns::model`.

use chrono::{DateTime, Utc};
use money::Money;

use super::ParcelLine;
use crate::values::{OrderId, ReturnId, Text, states::states};

states! {
    /// How far a return is. Receiving: the goods are here; product and the payment are being told.
    ReturnState {
        Requested = "requested",
        Approved = "approved",
        Receiving = "receiving",
        Received = "received",
        Rejected = "rejected",
    }
}

/// Why goods come back, in the customer's words.
pub type ReturnReason = Text<500>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    pub id: ReturnId,
    pub order_id: OrderId,
    pub state: ReturnState,
    pub lines: Vec<ParcelLine>,
    pub reason: Option<ReturnReason>,
    /// What the lines cost: goes back when they are here, as far as a payment has it.
    pub refund: Money,
    /// Why product did not take them back.
    pub refusal: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
