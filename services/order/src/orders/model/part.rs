//! What belongs to an order and has units of its lines, a fulfillment or a return: read together with the order, and
//! changed by steps that are new versions of it, so that shipping and cancelling see each other (ORDERS 22). Pure.

use super::{NewEvent, Order, OrderLine, OrderState, Seller};
use crate::values::{Cause, Quantity, Sku, UserId};

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

/// Units of one line of the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartLine {
    /// The line's index in the order.
    pub position: usize,
    pub sku: Sku,
    pub quantity: Quantity,
}

/// Which units a new part gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// All of the caller's that are free.
    Rest,
    Lines(Vec<(Sku, Quantity)>),
}

/// Why units cannot be selected; items by their index in the request.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SelectionError {
    #[error("no line of this SKU belongs to the caller")]
    UnknownLine { index: usize },
    #[error("only {left} units are left")]
    TooMany { index: usize, left: u32 },
    #[error("no unit is left")]
    NothingLeft,
}

/// Who reads the parts of an order: as its customer, as a seller, or as both.
#[derive(Clone, Copy, Debug)]
pub struct Viewer {
    pub customer: Option<UserId>,
    pub seller: Option<Seller>,
}

pub trait OrderPart {
    type Id: Copy + PartialEq + Send + Sync;
    /// What is to be written of it with a step.
    type Change: Send + Sync;

    fn id(&self) -> Self::Id;

    fn lines(&self) -> &[PartLine];
}

/// An order and all its parts of one kind. Changed only by its own methods, which leave here what is to be written: all
/// or nothing, and only if the order still has the version that was read.
#[derive(Debug)]
pub struct OrderWith<P: OrderPart> {
    order: Order,
    /// Of each line, in the order's order.
    units: Vec<LineUnits>,
    parts: Vec<P>,
    /// Parts that cannot be read, and why: lists omit them, and no step of them is taken.
    unreadable: Vec<(P::Id, Cause)>,
    versions: Vec<(OrderState, NewEvent)>,
    change: Option<P::Change>,
}

impl<P: OrderPart> OrderWith<P> {
    pub fn stored(
        order: Order,
        units: Vec<LineUnits>,
        read: impl IntoIterator<Item = (P::Id, Result<P, Cause>)>,
    ) -> Self {
        let (mut parts, mut unreadable) = (Vec::new(), Vec::new());
        for (id, part) in read {
            match part {
                Ok(part) => parts.push(part),
                Err(cause) => unreadable.push((id, cause)),
            }
        }
        Self {
            order,
            units,
            parts,
            unreadable,
            versions: Vec::new(),
            change: None,
        }
    }

    pub const fn order(&self) -> &Order {
        &self.order
    }

    pub const fn read_version(&self) -> i64 {
        self.order.read_version()
    }

    /// The order's new versions, each with its event.
    pub fn versions(&self) -> &[(OrderState, NewEvent)] {
        &self.versions
    }

    /// `None`: there is nothing to write.
    pub const fn change(&self) -> Option<&P::Change> {
        self.change.as_ref()
    }

    /// Whether a part can be read; one that does not exist is no obstacle.
    pub fn readable(&self, id: P::Id) -> Result<(), Cause> {
        let mut unreadable = self.unreadable.iter();
        match unreadable.find(|(part, _)| *part == id) {
            Some((_, cause)) => Err(Cause::clone(cause)),
            None => Ok(()),
        }
    }

    /// `Ok(None)`: there is none. `Err`: it cannot be read.
    pub fn into_part(self, id: P::Id) -> Result<Option<P>, Cause> {
        self.readable(id)?;
        Ok(self.parts.into_iter().find(|part| part.id() == id))
    }

    /// The parts that this viewer may see: the customer all, a seller those without lines of others.
    /// `None`: nothing of the order is the viewer's.
    pub fn into_parts_for(mut self, viewer: Viewer) -> Option<Vec<P>> {
        if viewer.customer == Some(self.order.customer) {
            return Some(self.parts);
        }
        let seller = viewer.seller.filter(|seller| seller.sees(&self.order))?;
        let order = &self.order;
        self.parts.retain(|part| sells_all(seller, order, part));
        Some(self.parts)
    }

    /// A part without lines of another seller.
    pub(crate) fn part_of(&self, seller: Seller, id: P::Id) -> Option<&P> {
        let mut parts = self.parts.iter();
        parts.find(|part| part.id() == id && sells_all(seller, &self.order, *part))
    }

    pub(crate) fn units(&self) -> impl Iterator<Item = (&OrderLine, LineUnits)> {
        self.order.lines.iter().zip(self.units.iter().copied())
    }

    /// Makes a new version of the order. `None`: there is none after all.
    pub(crate) fn advance(&mut self, by: impl FnOnce(&mut Order) -> Option<NewEvent>) {
        if let Some(event) = by(&mut self.order) {
            self.versions.push((self.order.state, event));
        }
    }

    /// Leaves what is to be written of a part.
    pub(crate) fn write(&mut self, change: P::Change) {
        self.change = Some(change);
    }

    /// Takes units from the order's lines that are the caller's, as far as they are `free`.
    pub(crate) fn select(
        &self,
        selection: &Selection,
        free: impl Fn(&OrderLine, LineUnits) -> u32,
        mine: impl Fn(&OrderLine) -> bool,
    ) -> Result<Vec<PartLine>, SelectionError> {
        let mut free: Vec<u32> = self
            .units()
            .map(|(line, units)| free(line, units))
            .collect();
        let mut lines: Vec<PartLine> = Vec::new();
        let own = self.order.lines.iter().enumerate();
        let own: Vec<(usize, &OrderLine)> = own.filter(|(_, line)| mine(line)).collect();
        let wanted = match selection {
            Selection::Rest => {
                for (position, line) in own {
                    let left = free.get(position).copied().unwrap_or_default();
                    add(&mut lines, position, &line.sku, left);
                }
                if lines.is_empty() {
                    return Err(SelectionError::NothingLeft);
                }
                return Ok(lines);
            }
            Selection::Lines(wanted) => wanted,
        };
        for (index, (sku, quantity)) in wanted.iter().enumerate() {
            let of_sku = own.iter().filter(|(_, line)| line.sku == *sku);
            let positions: Vec<usize> = of_sku.map(|(position, _)| *position).collect();
            if positions.is_empty() {
                return Err(SelectionError::UnknownLine { index });
            }
            let left: u32 = positions.iter().map(|position| free[*position]).sum();
            if left < quantity.get() {
                return Err(SelectionError::TooMany { index, left });
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
}

fn sells_all(seller: Seller, order: &Order, part: &impl OrderPart) -> bool {
    part.lines().iter().all(|line| {
        let line = order.lines.get(line.position);
        line.is_some_and(|line| seller.sells(line))
    })
}

fn add(lines: &mut Vec<PartLine>, position: usize, sku: &Sku, units: u32) {
    let Ok(quantity) = Quantity::try_from(units) else {
        return;
    };
    match lines.iter_mut().find(|line| line.position == position) {
        Some(line) => line.quantity = line.quantity.checked_add(quantity).unwrap_or(line.quantity),
        None => lines.push(PartLine {
            position,
            sku: sku.clone(),
            quantity,
        }),
    }
}
