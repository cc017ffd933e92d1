//! Who did something to an order.

use super::UserId;

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The saga and other work of the service itself.
    System,
    /// A payment provider, by webhook or poll.
    Provider,
    Customer(UserId),
    Vendor(UserId),
    Admin(UserId),
}

impl Actor {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Provider => "provider",
            Self::Customer(_) => "customer",
            Self::Vendor(_) => "vendor",
            Self::Admin(_) => "admin",
        }
    }

    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::System | Self::Provider => None,
            Self::Customer(id) | Self::Vendor(id) | Self::Admin(id) => Some(id),
        }
    }
}
