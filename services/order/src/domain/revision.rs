//! What people change of an order by hand: its address and note while it is pending, and its end when all is shipped.

use super::{
    Country, FulfillmentStatus, Note, Order, OrderState, PaymentStatus, ShippingAddress, Status,
    Text,
};

/// Which versions of a resource a writer has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    Any,
    OneOf(Vec<i64>),
}

impl Precondition {
    pub fn holds(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}

/// A merge of new values into an order; what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderChange {
    pub shipping_address: Option<AddressChange>,
    pub note: Option<Removable<Note>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressChange {
    pub name: Option<Text<200>>,
    pub line1: Option<Text<200>>,
    pub line2: Option<Removable<Text<200>>>,
    pub city: Option<Text<100>>,
    pub region: Option<Removable<Text<100>>>,
    pub postal_code: Option<Text<20>>,
    pub country: Option<Country>,
}

/// A new value for something that may be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removable<T> {
    Set(T),
    Removed,
}

impl<T> Removable<T> {
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Removed => None,
        }
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RevisionError {
    #[error("an order that is {} keeps its address and note", _0.as_str())]
    NotPending(Status),
    #[error("an order that is {} cannot become {}", from.as_str(), to.as_str())]
    NoSuchStep { from: Status, to: Status },
    #[error("not everything is shipped")]
    NotShipped,
    #[error("the payment is {}", _0.as_str())]
    NotPaid(PaymentStatus),
    #[error("lines of others are in this order too")]
    NotWhollyOwn,
}

impl Order {
    /// Merges the change; the names of what became another by it. Nothing: no new version.
    pub fn revise(&mut self, change: OrderChange) -> Result<Vec<&'static str>, RevisionError> {
        if self.state.status != Status::Pending {
            return Err(RevisionError::NotPending(self.state.status));
        }
        let mut changed = Vec::new();
        if let Some(address) = change.shipping_address {
            let merged = self.shipping_address.merged(address);
            if merged != self.shipping_address {
                self.shipping_address = merged;
                changed.push("shipping_address");
            }
        }
        if let Some(note) = change.note {
            let note = note.into_option().map(|note| note.as_str().to_owned());
            if note != self.note {
                self.note = note;
                changed.push("note");
            }
        }
        if !changed.is_empty() {
            self.state.version += 1;
        }
        Ok(changed)
    }
}

impl ShippingAddress {
    fn merged(&self, change: AddressChange) -> Self {
        let AddressChange {
            name,
            line1,
            line2,
            city,
            region,
            postal_code,
            country,
        } = change;
        Self {
            name: name.unwrap_or_else(|| self.name.clone()),
            line1: line1.unwrap_or_else(|| self.line1.clone()),
            line2: line2.map_or_else(|| self.line2.clone(), Removable::into_option),
            city: city.unwrap_or_else(|| self.city.clone()),
            region: region.map_or_else(|| self.region.clone(), Removable::into_option),
            postal_code: postal_code.unwrap_or_else(|| self.postal_code.clone()),
            country: country.unwrap_or_else(|| self.country.clone()),
        }
    }
}

impl OrderState {
    /// Nothing is owed for a confirmed order: it is paid, or the shop takes no payments.
    pub const fn is_paid_for(&self) -> bool {
        match self.payment {
            // A confirmed order without a payment is one of a shop without a provider.
            PaymentStatus::Unpaid
            | PaymentStatus::Paid
            | PaymentStatus::PartiallyRefunded
            | PaymentStatus::Refunded => true,
            PaymentStatus::Authorized | PaymentStatus::Failed => false,
        }
    }

    /// Somebody says that the order is done with. Saying so again changes nothing (`false`).
    pub fn complete(&mut self) -> Result<bool, RevisionError> {
        match self.status {
            Status::Completed => return Ok(false),
            Status::Confirmed => {}
            Status::Pending | Status::Cancelled => {
                return Err(RevisionError::NoSuchStep {
                    from: self.status,
                    to: Status::Completed,
                });
            }
        }
        match self.fulfillment {
            FulfillmentStatus::Shipped | FulfillmentStatus::Delivered => {}
            FulfillmentStatus::Unfulfilled | FulfillmentStatus::Partial => {
                return Err(RevisionError::NotShipped);
            }
        }
        if !self.is_paid_for() {
            return Err(RevisionError::NotPaid(self.payment));
        }
        self.status = Status::Completed;
        self.version += 1;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_shipped_and_paid_order_is_completed_and_only_once() {
        let mut state = OrderState::placed();
        assert!(state.complete().is_err(), "pending");
        state.confirm().unwrap();
        assert_eq!(state.complete(), Err(RevisionError::NotShipped));
        state.fulfillment = FulfillmentStatus::Shipped;
        state.payment = PaymentStatus::Authorized;
        assert_eq!(
            state.complete(),
            Err(RevisionError::NotPaid(PaymentStatus::Authorized))
        );
        state.payment = PaymentStatus::Paid;
        let version = state.version;
        assert_eq!(state.complete(), Ok(true));
        assert_eq!(state.complete(), Ok(false));
        assert_eq!(
            (state.status, state.version),
            (Status::Completed, version + 1)
        );
    }
}
