//! What is still to be done for an order, under a lease whose fencing number every write names (ORDERS 19).

use std::time::Duration;

use super::{OrderId, OrderState};

/// The right to carry one saga on. Whoever takes it later has a higher fence, and then this one writes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    pub order_id: OrderId,
    pub fence: i64,
}

/// A saga taken: the lease, the order as it was read, and the attempts so far with this one.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    pub lease: Lease,
    pub attempts: u32,
    pub state: OrderState,
}

/// The end of a saga, with the state that its order gets.
#[derive(Clone, Copy, Debug)]
pub struct Settlement {
    pub lease: Lease,
    /// The version that the order must still have.
    pub read_version: i64,
    pub state: OrderState,
}

/// Another attempt after a pause, and why.
#[derive(Clone, Debug)]
pub struct Postponement {
    pub lease: Lease,
    pub pause: Duration,
    pub reason: String,
}

/// What became of a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    Written,
    /// Somebody else took the saga meanwhile; nothing was written.
    LeaseLost,
    /// Somebody changed the order meanwhile; the saga is due again at once.
    OrderChanged,
}

/// Sagas that are not finished, and those of them that are past their deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    pub unfinished: i64,
    pub stuck: i64,
}
