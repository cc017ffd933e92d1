//! An address, and the book that it is kept in.

mod book;
mod change;
mod phone;
mod postal_address;

use chrono::{DateTime, Utc};

pub use self::{
    book::{Book, BookFull},
    change::{AddressChange, PartsChange, Removable},
    phone::{Phone, PhoneError},
    postal_address::{Flaws, Parts, PostalAddress},
};

ids::id!(pub AddressId, "adr");

#[derive(Clone)]
pub struct Address {
    pub id: AddressId,
    pub postal: PostalAddress,
    pub defaults: Defaults,
    /// The version of what a client may edit.
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// What an address is used for unless another one is chosen. A user has at most one default for each use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    pub shipping: bool,
    pub billing: bool,
}
