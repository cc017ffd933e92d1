//! Parcels: which units of an order are packed, shipped and delivered, and by which steps (ORDERS 22).
//! Every step is a new version of the order, so that shipping and cancelling see each other.

use chrono::{DateTime, Utc};

use super::Return;
use crate::{
    orders::model::{
        FulfillmentStatus, Merchant, NewEvent, Order, OrderLine, OrderState, PaymentStatus, Status,
    },
    values::{EventType, FulfillmentId, OrderId, Quantity, Sku, Text, UnknownName},
};

/// How far a parcel is. `Shipping`: decided, and product is being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FulfillmentState {
    Planned,
    Shipping,
    Shipped,
    Delivered,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fulfillment {
    pub id: FulfillmentId,
    pub order_id: OrderId,
    pub state: FulfillmentState,
    pub tracking: Tracking,
    pub lines: Vec<ParcelLine>,
    /// Why product did not let it go.
    pub refusal: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub shipped_at: Option<DateTime<Utc>>,
    pub delivered_at: Option<DateTime<Utc>>,
}

/// Units of one line of the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParcelLine {
    /// The line's index in the order.
    pub position: usize,
    pub sku: Sku,
    pub quantity: Quantity,
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

/// How far the units of a line are; each number includes the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineUnits {
    pub allotted: u32,
    pub shipped: u32,
    pub delivered: u32,
    /// In returns that are not rejected.
    pub returned: u32,
    /// Not in stock after all: never shipped.
    pub short: u32,
}

/// An order with what the shop's side does about it.
#[derive(Clone, Debug)]
pub struct Dispatch {
    pub order: Order,
    /// Of each line, in the order's order.
    pub units: Vec<LineUnits>,
    pub fulfillments: Vec<Fulfillment>,
    pub returns: Vec<Return>,
}

/// Which units go into a parcel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packing {
    /// All of the caller's that are in no parcel.
    Rest,
    Lines(Vec<(Sku, Quantity)>),
}

/// A step to be written, all or nothing, if the order still has the version that was read.
#[derive(Clone, Debug)]
pub struct FulfillmentStep {
    pub read_version: i64,
    /// The order's new versions, each with its event.
    pub versions: Vec<(OrderState, NewEvent)>,
    pub parcel: ParcelStep,
}

#[derive(Clone, Debug)]
pub enum ParcelStep {
    Plan(NewFulfillment),
    /// From `Planned`: product is to be told.
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
    pub lines: Vec<ParcelLine>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FulfillmentError {
    /// There is none, or it holds what the caller does not sell.
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
    Packing(#[from] PackingError),
}

/// Why units cannot go into a parcel; items by their index in the request.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PackingError {
    #[error("no line of this SKU belongs to the caller")]
    UnknownLine { index: usize },
    #[error("only {left} units are left")]
    TooMany { index: usize, left: u32 },
    #[error("no unit is left")]
    NothingLeft,
}

impl FulfillmentState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Shipping => "shipping",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }
}

impl std::str::FromStr for FulfillmentState {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        [
            Self::Planned,
            Self::Shipping,
            Self::Shipped,
            Self::Delivered,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or(UnknownName)
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

impl Dispatch {
    /// The parcels that this merchant may see: with nothing in them of somebody else's.
    pub fn fulfillments_of(&self, merchant: Merchant) -> impl Iterator<Item = &Fulfillment> {
        self.fulfillments
            .iter()
            .filter(move |parcel| self.sells_all(merchant, &parcel.lines))
    }

    /// Packs units into a new parcel.
    pub fn plan(
        &self,
        by: Merchant,
        id: FulfillmentId,
        packing: &Packing,
        tracking: Tracking,
    ) -> Result<FulfillmentStep, FulfillmentError> {
        self.may_leave()?;
        let free = self.order.lines.iter().zip(&self.units);
        let free: Vec<u32> = free
            .map(|(line, units)| {
                let owed = line.quantity.get().saturating_sub(units.short);
                owed.saturating_sub(units.allotted)
            })
            .collect();
        let lines = self.pack(packing, free, |line| by.sells(line))?;
        let event = EventType::FulfillmentCreated;
        let parcel = ParcelStep::Plan(NewFulfillment {
            id,
            tracking,
            lines,
        });
        Ok(self.step(by, id, event, parcel))
    }

    /// Decides that a parcel leaves. `None`: it has been decided before.
    pub fn ship(
        &self,
        by: Merchant,
        id: FulfillmentId,
    ) -> Result<Option<FulfillmentStep>, FulfillmentError> {
        match self.parcel(by, id)?.state {
            FulfillmentState::Planned => {}
            FulfillmentState::Shipping
            | FulfillmentState::Shipped
            | FulfillmentState::Delivered => return Ok(None),
            state @ FulfillmentState::Cancelled => return Err(FulfillmentError::NoSuchStep(state)),
        }
        self.may_leave()?;
        if !self.order.is_paid_for() {
            return Err(FulfillmentError::NotPaid(self.order.state.payment));
        }
        let event = EventType::FulfillmentShipping;
        Ok(Some(self.step(by, id, event, ParcelStep::Ship(id))))
    }

    /// A parcel has arrived; with the last one the order is delivered, and completed if it is paid for.
    pub fn deliver(
        &self,
        by: Merchant,
        id: FulfillmentId,
    ) -> Result<Option<FulfillmentStep>, FulfillmentError> {
        let parcel = self.parcel(by, id)?;
        match parcel.state {
            FulfillmentState::Shipped => {}
            FulfillmentState::Delivered => return Ok(None),
            state @ (FulfillmentState::Planned
            | FulfillmentState::Shipping
            | FulfillmentState::Cancelled) => return Err(FulfillmentError::NoSuchStep(state)),
        }
        let mut units = self.units.clone();
        for line in &parcel.lines {
            if let Some(units) = units.get_mut(line.position) {
                units.delivered += line.quantity.get();
            }
        }
        let ordered = self.order.lines.iter().map(|line| line.quantity.get());
        let all = units
            .iter()
            .zip(ordered)
            .all(|(units, ordered)| units.delivered >= ordered.saturating_sub(units.short));
        if !all {
            let event = EventType::FulfillmentDelivered;
            return Ok(Some(self.step(by, id, event, ParcelStep::Deliver(id))));
        }
        let mut order = self.order.clone();
        let delivered = FulfillmentStatus::Delivered;
        let event = order.fulfil(delivered, EventType::OrderDelivered);
        let mut versions = vec![(order.state, parcel_event(event, by, id))];
        if order.complete() == Ok(true) {
            let completed = NewEvent::new(EventType::OrderCompleted, by.actor());
            versions.push((order.state, completed));
        }
        Ok(Some(FulfillmentStep {
            read_version: self.order.read_version(),
            versions,
            parcel: ParcelStep::Deliver(id),
        }))
    }

    /// Unpacks a parcel that has not left.
    pub fn cancel(
        &self,
        by: Merchant,
        id: FulfillmentId,
    ) -> Result<Option<FulfillmentStep>, FulfillmentError> {
        match self.parcel(by, id)?.state {
            FulfillmentState::Planned => {}
            FulfillmentState::Cancelled => return Ok(None),
            state @ (FulfillmentState::Shipping
            | FulfillmentState::Shipped
            | FulfillmentState::Delivered) => return Err(FulfillmentError::NoSuchStep(state)),
        }
        let event = EventType::FulfillmentCancelled;
        Ok(Some(self.step(by, id, event, ParcelStep::Cancel(id))))
    }

    fn may_leave(&self) -> Result<(), FulfillmentError> {
        match self.order.state.status {
            Status::Confirmed if self.order.cancel_requested_at.is_some() => {
                Err(FulfillmentError::BeingCancelled)
            }
            Status::Confirmed => Ok(()),
            status @ (Status::Pending | Status::Completed | Status::Cancelled) => {
                Err(FulfillmentError::NotConfirmed(status))
            }
        }
    }

    fn parcel(&self, by: Merchant, id: FulfillmentId) -> Result<&Fulfillment, FulfillmentError> {
        self.fulfillments_of(by)
            .find(|parcel| parcel.id == id)
            .ok_or(FulfillmentError::NotFound)
    }

    pub(crate) fn sells_all(&self, merchant: Merchant, lines: &[ParcelLine]) -> bool {
        lines.iter().all(|line| {
            let line = self.order.lines.get(line.position);
            line.is_some_and(|line| merchant.sells(line))
        })
    }

    /// Takes units from the order's lines that are the caller's, as far as they are free: `free` has a number for each
    /// line.
    pub(crate) fn pack(
        &self,
        packing: &Packing,
        mut free: Vec<u32>,
        mine: impl Fn(&OrderLine) -> bool,
    ) -> Result<Vec<ParcelLine>, PackingError> {
        let mut lines: Vec<ParcelLine> = Vec::new();
        let own = self.order.lines.iter().enumerate();
        let own: Vec<(usize, &OrderLine)> = own.filter(|(_, line)| mine(line)).collect();
        let wanted = match packing {
            Packing::Rest => {
                for (position, line) in own {
                    let left = free.get(position).copied().unwrap_or_default();
                    add(&mut lines, position, &line.sku, left);
                }
                if lines.is_empty() {
                    return Err(PackingError::NothingLeft);
                }
                return Ok(lines);
            }
            Packing::Lines(wanted) => wanted,
        };
        for (index, (sku, quantity)) in wanted.iter().enumerate() {
            let of_sku = own.iter().filter(|(_, line)| line.sku == *sku);
            let positions: Vec<usize> = of_sku.map(|(position, _)| *position).collect();
            if positions.is_empty() {
                return Err(PackingError::UnknownLine { index });
            }
            let left: u32 = positions.iter().map(|position| free[*position]).sum();
            if left < quantity.get() {
                return Err(PackingError::TooMany { index, left });
            }
            let mut needed = quantity.get();
            for position in positions {
                let taken = needed.min(free[position]);
                free[position] -= taken;
                needed -= taken;
                add(&mut lines, position, sku, taken);
            }
        }
        Ok(lines)
    }

    fn step(
        &self,
        by: Merchant,
        id: FulfillmentId,
        event: EventType,
        parcel: ParcelStep,
    ) -> FulfillmentStep {
        let mut state = self.order.state;
        let event = parcel_event(state.record(event), by, id);
        FulfillmentStep {
            read_version: self.order.read_version(),
            versions: vec![(state, event)],
            parcel,
        }
    }
}

fn parcel_event(event: EventType, by: Merchant, id: FulfillmentId) -> NewEvent {
    NewEvent::new(event, by.actor()).with("fulfillment_id", id.to_string())
}

fn add(lines: &mut Vec<ParcelLine>, position: usize, sku: &Sku, units: u32) {
    let Ok(quantity) = Quantity::try_from(units) else {
        return;
    };
    match lines.iter_mut().find(|line| line.position == position) {
        Some(line) => line.quantity = line.quantity.checked_add(quantity).unwrap_or(line.quantity),
        None => lines.push(ParcelLine {
            position,
            sku: sku.clone(),
            quantity,
        }),
    }
}

/// How far an order is whose lines have these units to be shipped and shipped; delivered is what is said of whole orders.
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
