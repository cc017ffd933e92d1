//! What product is told about goods that leave and come back, and the right to tell it.

use uuid::Uuid;

use crate::values::{OrderId, Quantity, Sku};

/// Units that leave or come back together; its id is what product knows it by, so telling it twice does it once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    pub id: Uuid,
    pub order_id: OrderId,
    pub lines: Vec<(Sku, Quantity)>,
}

/// The right to carry one parcel on. Whoever takes it later has a higher fence, and then this one writes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParcelLease {
    pub id: Uuid,
    pub fence: i64,
}

/// A parcel taken, and the attempts so far with this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParcelTurn {
    pub lease: ParcelLease,
    pub attempts: u32,
    pub parcel: Parcel,
}

/// Product's answer about one parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParcelOutcome {
    /// It is shipped, or has come back; now or earlier.
    Done,
    Refused(ParcelRefusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParcelRefusal {
    /// The stock of the order is not committed, or not any more.
    NotCommitted,
    /// More than is left to ship, or than was shipped.
    TooMany,
    /// Product knows nothing of the order.
    Gone,
    /// Product knows another parcel by this id.
    Mismatch,
}

impl ParcelRefusal {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotCommitted => "not_committed",
            Self::TooMany => "too_many",
            Self::Gone => "gone",
            Self::Mismatch => "mismatch",
        }
    }
}
