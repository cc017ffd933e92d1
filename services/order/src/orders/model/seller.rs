//! The actor on the shop's side of an order: a vendor for the own lines, an admin for all.

use super::{Order, OrderLine};
use crate::values::{Actor, UserId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seller {
    Admin(UserId),
    Vendor(UserId),
}

impl Seller {
    pub const fn actor(self) -> Actor {
        match self {
            Self::Admin(id) => Actor::Admin(id),
            Self::Vendor(id) => Actor::Vendor(id),
        }
    }

    pub fn sells(self, line: &OrderLine) -> bool {
        match self {
            Self::Admin(_) => true,
            Self::Vendor(id) => line.vendor_id == id,
        }
    }

    /// Something of the order is theirs.
    pub fn sees(self, order: &Order) -> bool {
        order.lines.iter().any(|line| self.sells(line))
    }

    /// Everything of the order is theirs.
    pub fn sells_all_of(self, order: &Order) -> bool {
        order.lines.iter().all(|line| self.sells(line))
    }
}
