//! What people change of an order by hand: its address and note while it is pending, and its end when all is shipped.

use super::{FulfillmentStatus, NewEvent, Order, PaymentStatus, Seller, Status};
use crate::values::{Actor, Country, EventType, Note, Removable, ShippingAddress, Text};

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

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RevisionError {
    #[error("the address and the note of an order that is {} cannot be changed", _0.as_str())]
    NotPending(Status),
    #[error("an order that is {} cannot become {}", from.as_str(), to.as_str())]
    NoSuchStep { from: Status, to: Status },
    #[error("the order has no address yet, and the new one is incomplete")]
    IncompleteAddress { missing: Vec<&'static str> },
    #[error("not everything is shipped")]
    NotShipped,
    #[error("the payment is {}", _0.as_str())]
    NotPaid(PaymentStatus),
    #[error("the order contains lines of other vendors")]
    NotWhollyOwn,
}

impl Order {
    /// Merges the change; the event names what became another by it. `None`: nothing did.
    pub fn revise(
        &mut self,
        change: OrderChange,
        by: Actor,
    ) -> Result<Option<NewEvent>, RevisionError> {
        if self.state.status != Status::Pending {
            return Err(RevisionError::NotPending(self.state.status));
        }
        let mut changed = Vec::new();
        if let Some(address) = change.shipping_address {
            let merged = match &self.shipping_address {
                Some(present) => present.clone().merged(address),
                None => address.complete()?,
            };
            if self.shipping_address.as_ref() != Some(&merged) {
                self.now.shipping_address = Some(merged);
                changed.push("shipping_address");
            }
        }
        if let Some(note) = change.note {
            let note = note.into_option().map(|note| note.as_str().to_owned());
            if note != self.note {
                self.now.note = note;
                changed.push("note");
            }
        }
        if changed.is_empty() {
            return Ok(None);
        }
        let event = self.now.state.record(EventType::OrderUpdated);
        Ok(Some(NewEvent::new(event, by).with("changed", changed)))
    }
}

impl AddressChange {
    /// An address of its own, for an order that has none.
    fn complete(self) -> Result<ShippingAddress, RevisionError> {
        match self {
            Self {
                name: Some(name),
                line1: Some(line1),
                line2,
                city: Some(city),
                region,
                postal_code: Some(postal_code),
                country: Some(country),
            } => Ok(ShippingAddress {
                name,
                line1,
                line2: line2.and_then(Removable::into_option),
                city,
                region: region.and_then(Removable::into_option),
                postal_code,
                country,
            }),
            part => {
                let parts = [
                    ("name", part.name.is_none()),
                    ("line1", part.line1.is_none()),
                    ("city", part.city.is_none()),
                    ("postal_code", part.postal_code.is_none()),
                    ("country", part.country.is_none()),
                ];
                let missing = parts.into_iter().filter(|(_, missing)| *missing);
                Err(RevisionError::IncompleteAddress {
                    missing: missing.map(|(name, _)| name).collect(),
                })
            }
        }
    }
}

impl ShippingAddress {
    fn merged(self, change: AddressChange) -> Self {
        Self {
            name: change.name.unwrap_or(self.name),
            line1: change.line1.unwrap_or(self.line1),
            line2: change.line2.map_or(self.line2, Removable::into_option),
            city: change.city.unwrap_or(self.city),
            region: change.region.map_or(self.region, Removable::into_option),
            postal_code: change.postal_code.unwrap_or(self.postal_code),
            country: change.country.unwrap_or(self.country),
        }
    }
}

impl Order {
    /// Nothing is owed for it: there was nothing to pay, or the money was taken. A fact of the order and not of its
    /// payment's status alone, which is `unpaid` also while another payment is under way or was given up.
    pub fn is_paid_for(&self) -> bool {
        match self.state.payment {
            PaymentStatus::Unpaid => self.pay_by.is_none(),
            PaymentStatus::Paid | PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
                true
            }
            PaymentStatus::Authorized | PaymentStatus::Failed => false,
        }
    }

    /// Sets the status by hand, for the seller of all of the order. Only the step to completed exists: every other change of
    /// status has its own use case, since more than the status changes with it. `None`: it has this status already.
    pub fn set_status(
        &mut self,
        to: Status,
        by: Seller,
    ) -> Result<Option<NewEvent>, RevisionError> {
        if !by.sells_all_of(self) {
            return Err(RevisionError::NotWhollyOwn);
        }
        let from = self.state.status;
        if from == to {
            return Ok(None);
        }
        match to {
            Status::Completed => {
                let completed = self.complete()?;
                let event = || NewEvent::new(EventType::OrderCompleted, by.actor());
                Ok(completed.then(event))
            }
            Status::Pending | Status::Confirmed | Status::Cancelled => {
                Err(RevisionError::NoSuchStep { from, to })
            }
        }
    }

    /// Goods have left or arrived, as this event says.
    pub(crate) fn fulfil(&mut self, so_far: FulfillmentStatus, event: EventType) -> EventType {
        self.now.state.fulfil(so_far, event)
    }

    /// Something that is no step of the order itself is its next version.
    pub(crate) fn record(&mut self, event: EventType) -> EventType {
        self.now.state.record(event)
    }

    /// The order is done with. Saying so again changes nothing (`false`).
    pub fn complete(&mut self) -> Result<bool, RevisionError> {
        match self.state.status {
            Status::Completed => return Ok(false),
            Status::Confirmed => {}
            Status::Pending | Status::Cancelled => {
                return Err(RevisionError::NoSuchStep {
                    from: self.state.status,
                    to: Status::Completed,
                });
            }
        }
        if !self.state.wholly_shipped() {
            return Err(RevisionError::NotShipped);
        }
        if !self.is_paid_for() {
            return Err(RevisionError::NotPaid(self.state.payment));
        }
        self.now.state.complete();
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use uuid::Uuid;

    use super::*;
    use crate::{
        orders::model::{OrderState, StoredOrder, Totals},
        values::{OrderId, UserId},
    };

    #[test]
    fn only_a_shipped_and_paid_order_is_completed_and_only_once() {
        let mut order = order(Some(DateTime::UNIX_EPOCH));
        assert!(order.complete().is_err(), "pending");
        order.now.state.confirm().unwrap();
        assert_eq!(order.complete(), Err(RevisionError::NotShipped));
        let shipped = FulfillmentStatus::Shipped;
        order.fulfil(shipped, EventType::OrderShipped);
        for owing in [
            PaymentStatus::Unpaid,
            PaymentStatus::Authorized,
            PaymentStatus::Failed,
        ] {
            order.now.state.follow(owing, EventType::PaymentFailed);
            assert_eq!(order.complete(), Err(RevisionError::NotPaid(owing)));
        }
        let paid = PaymentStatus::Paid;
        order.now.state.follow(paid, EventType::PaymentCaptured);
        let version = order.state.version;
        assert_eq!(order.complete(), Ok(true));
        assert_eq!(order.complete(), Ok(false));
        assert_eq!(
            (order.state.status, order.state.version),
            (Status::Completed, version + 1)
        );
    }

    #[test]
    fn a_change_is_one_version_and_names_what_it_changed() {
        let mut order = order(None);
        let note = |text: &str| OrderChange {
            shipping_address: None,
            note: Some(Removable::Set(Note::try_from(text.to_owned()).unwrap())),
        };
        let by = Actor::Customer(order.customer);
        let event = order.revise(note("ring twice"), by).unwrap().unwrap();
        assert_eq!(event.event_type, EventType::OrderUpdated);
        assert_eq!(event.details["changed"], serde_json::json!(["note"]));
        assert_eq!(order.state.version, 2);
        assert_eq!(order.revise(note("ring twice"), by), Ok(None));
        assert_eq!(order.state.version, 2);
        order.now.state.confirm().unwrap();
        assert_eq!(
            order.revise(note("ring once"), by),
            Err(RevisionError::NotPending(Status::Confirmed))
        );
    }

    #[test]
    fn by_hand_an_order_is_completed_and_nothing_else() {
        let mut order = order(None);
        let admin = Seller::Admin(UserId(Uuid::nil()));
        for to in [Status::Confirmed, Status::Cancelled] {
            let from = Status::Pending;
            let refused = Err(RevisionError::NoSuchStep { from, to });
            assert_eq!(order.set_status(to, admin), refused);
        }
        assert_eq!(order.set_status(Status::Pending, admin), Ok(None));
        order.now.state.confirm().unwrap();
        let refused = Err(RevisionError::NotShipped);
        assert_eq!(order.set_status(Status::Completed, admin), refused);
        let shipped = FulfillmentStatus::Shipped;
        order.fulfil(shipped, EventType::OrderShipped);
        let event = order.set_status(Status::Completed, admin).unwrap();
        assert_eq!(event.unwrap().event_type, EventType::OrderCompleted);
        assert_eq!(order.set_status(Status::Completed, admin), Ok(None));
    }

    #[test]
    fn where_nothing_is_to_be_paid_nothing_is_owed() {
        let mut order = order(None);
        order.now.state.confirm().unwrap();
        let shipped = FulfillmentStatus::Shipped;
        order.fulfil(shipped, EventType::OrderShipped);
        assert_eq!(order.complete(), Ok(true));
    }

    fn order(pay_by: Option<DateTime<Utc>>) -> Order {
        Order::stored(StoredOrder {
            id: OrderId(Uuid::nil()),
            number: 1,
            customer: UserId(Uuid::nil()),
            state: OrderState::placed(),
            lines: Vec::new(),
            totals: Totals::of(&[], "USD".parse().unwrap()).unwrap(),
            shipping_address: None,
            note: None,
            pay_by,
            cancel_requested_at: None,
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        })
    }
}
