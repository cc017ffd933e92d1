//! Fulfillments: which units of an order are to be shipped together, shipped and delivered, and by which steps (ORDERS 22).

use chrono::{DateTime, Utc};

use crate::{
    orders::model::{
        FulfillmentStatus, NewEvent, OrderPart, OrderWith, PartLine, PaymentStatus, Selection,
        SelectionError, Seller, Status,
    },
    values::{EventType, FulfillmentId, OrderId, Text, states::states},
};

states! {
    /// The state of a fulfillment. `Shipping`: decided, and being reported to product.
    FulfillmentState {
        Planned = "planned",
        Shipping = "shipping",
        Shipped = "shipped",
        Delivered = "delivered",
        Cancelled = "cancelled",
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fulfillment {
    pub id: FulfillmentId,
    pub order_id: OrderId,
    pub state: FulfillmentState,
    pub tracking: Tracking,
    pub lines: Vec<PartLine>,
    /// Why product refused the shipment.
    pub refusal: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub shipped_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tracking {
    pub carrier: Option<Text<100>>,
    pub number: Option<Text<100>>,
    pub url: Option<TrackingUrl>,
}

/// An address that customers may follow: `https://` or `http://`, up to 500 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackingUrl(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "a tracking URL must start with https:// or http:// and have at most 500 characters without spaces"
)]
pub struct TrackingUrlError;

/// An order with its fulfillments.
pub type OrderFulfillments = OrderWith<Fulfillment>;

/// A step of a fulfillment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FulfillmentAction {
    Ship,
    Deliver,
    Cancel,
}

#[derive(Clone, Debug)]
pub enum FulfillmentChange {
    Plan(NewFulfillment),
    /// From `Planned`: it is reported to product.
    Ship(FulfillmentId),
    /// From `Shipped`.
    Deliver(FulfillmentId),
    /// From `Planned`.
    Cancel(FulfillmentId),
}

#[derive(Clone, Debug)]
pub struct NewFulfillment {
    pub id: FulfillmentId,
    pub tracking: Tracking,
    pub lines: Vec<PartLine>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FulfillmentError {
    /// There is none, or it contains a line that the caller does not sell.
    #[error("no such shipment")]
    NotFound,
    #[error("an order that is {} cannot be shipped", _0.as_str())]
    NotConfirmed(Status),
    #[error("the order is being cancelled")]
    BeingCancelled,
    #[error("the payment is {}", _0.as_str())]
    NotPaid(PaymentStatus),
    #[error("the shipment is {}", _0.as_str())]
    NoSuchStep(FulfillmentState),
    #[error(transparent)]
    Selection(#[from] SelectionError),
}

impl OrderPart for Fulfillment {
    type Id = FulfillmentId;
    type Change = FulfillmentChange;

    fn id(&self) -> FulfillmentId {
        self.id
    }

    fn lines(&self) -> &[PartLine] {
        &self.lines
    }
}

impl TrackingUrl {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TrackingUrl {
    type Error = TrackingUrlError;

    fn try_from(text: String) -> Result<Self, TrackingUrlError> {
        let host = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"));
        let unusable = |character: char| character.is_whitespace() || ::text::is_hidden(character);
        if host.is_some_and(|host| !host.is_empty())
            && text.chars().count() <= 500
            && !text.contains(unusable)
        {
            Ok(Self(text))
        } else {
            Err(TrackingUrlError)
        }
    }
}

impl OrderFulfillments {
    /// Plans a new fulfillment of units that are in none.
    pub fn plan(
        &mut self,
        by: Seller,
        id: FulfillmentId,
        selection: &Selection,
        tracking: Tracking,
    ) -> Result<(), FulfillmentError> {
        self.may_leave()?;
        let lines = self.select(
            selection,
            |line, units| {
                let owed = line.quantity.get().saturating_sub(units.short);
                owed.saturating_sub(units.allotted)
            },
            |line| by.sells(line),
        )?;
        self.record(EventType::FulfillmentCreated, by, id);
        self.write(FulfillmentChange::Plan(NewFulfillment {
            id,
            tracking,
            lines,
        }));
        Ok(())
    }

    /// Taking the same step again changes nothing.
    pub fn act(
        &mut self,
        by: Seller,
        id: FulfillmentId,
        action: FulfillmentAction,
    ) -> Result<(), FulfillmentError> {
        use FulfillmentAction::{Cancel, Deliver, Ship};
        use FulfillmentState::{Cancelled, Delivered, Planned, Shipped, Shipping};
        let state = self.fulfillment(by, id)?.state;
        match (action, state) {
            (Ship, Planned) => self.ship(by, id),
            (Deliver, Shipped) => self.deliver(by, id),
            (Cancel, Planned) => {
                self.record(EventType::FulfillmentCancelled, by, id);
                self.write(FulfillmentChange::Cancel(id));
                Ok(())
            }
            (Ship, Shipping | Shipped | Delivered) | (Deliver, Delivered) | (Cancel, Cancelled) => {
                Ok(())
            }
            (Ship, Cancelled)
            | (Deliver, Planned | Shipping | Cancelled)
            | (Cancel, Shipping | Shipped | Delivered) => Err(FulfillmentError::NoSuchStep(state)),
        }
    }

    /// Decides that a fulfillment is shipped.
    fn ship(&mut self, by: Seller, id: FulfillmentId) -> Result<(), FulfillmentError> {
        self.may_leave()?;
        if !self.order().is_paid_for() {
            return Err(FulfillmentError::NotPaid(self.order().state.payment));
        }
        self.record(EventType::FulfillmentShipping, by, id);
        self.write(FulfillmentChange::Ship(id));
        Ok(())
    }

    /// A fulfillment has arrived; with the last one the order is delivered, and completed if it is paid for.
    fn deliver(&mut self, by: Seller, id: FulfillmentId) -> Result<(), FulfillmentError> {
        let arrived = &self.fulfillment(by, id)?.lines;
        let all = self.units().enumerate().all(|(position, (line, units))| {
            let arrived = arrived.iter().filter(|line| line.position == position);
            let arrived: u32 = arrived.map(|line| line.quantity.get()).sum();
            units.delivered + arrived >= line.quantity.get().saturating_sub(units.short)
        });
        if all {
            self.advance(|order| {
                let delivered = FulfillmentStatus::Delivered;
                let event = order.fulfil(delivered, EventType::OrderDelivered);
                Some(fulfillment_event(event, by, id))
            });
            self.advance(|order| {
                let completed = order.complete() == Ok(true);
                completed.then(|| NewEvent::new(EventType::OrderCompleted, by.actor()))
            });
        } else {
            self.record(EventType::FulfillmentDelivered, by, id);
        }
        self.write(FulfillmentChange::Deliver(id));
        Ok(())
    }

    fn may_leave(&self) -> Result<(), FulfillmentError> {
        match self.order().state.status {
            Status::Confirmed if self.order().cancel_requested_at.is_some() => {
                Err(FulfillmentError::BeingCancelled)
            }
            Status::Confirmed => Ok(()),
            status @ (Status::Pending | Status::Completed | Status::Cancelled) => {
                Err(FulfillmentError::NotConfirmed(status))
            }
        }
    }

    fn fulfillment(&self, by: Seller, id: FulfillmentId) -> Result<&Fulfillment, FulfillmentError> {
        self.part_of(by, id).ok_or(FulfillmentError::NotFound)
    }

    fn record(&mut self, event: EventType, by: Seller, id: FulfillmentId) {
        self.advance(|order| Some(fulfillment_event(order.record(event), by, id)));
    }
}

fn fulfillment_event(event: EventType, by: Seller, id: FulfillmentId) -> NewEvent {
    NewEvent::new(event, by.actor()).with("fulfillment_id", id.to_string())
}

/// The status of an order whose lines have these units to be shipped and shipped. Only a whole order is `Delivered`, elsewhere.
pub fn shipping_status(units: impl IntoIterator<Item = (u32, u32)>) -> FulfillmentStatus {
    let (mut any, mut all) = (false, true);
    for (ordered, shipped) in units {
        any |= shipped > 0;
        all &= shipped >= ordered;
    }
    match (any, all) {
        (false, _) => FulfillmentStatus::Unfulfilled,
        (true, false) => FulfillmentStatus::Partial,
        (true, true) => FulfillmentStatus::Shipped,
    }
}

#[cfg(test)]
pub(crate) mod tests;
