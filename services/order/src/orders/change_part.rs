//! Reads what belongs to an order, and changes it by compare-and-set: reads it with its order, lets the model decide,
//! and writes what came of it if the order still has the version that was read; otherwise tries again (ORDERS 22).

use super::{
    model::{OrderPart, OrderWith, Seller, Viewer},
    ports::{OrdersError, OrdersWith, Saved},
};
use crate::values::OrderId;

/// How often a step is tried again after another change of the order.
pub(crate) const ATTEMPTS: u32 = 5;

/// Why nothing came of a step; `E`: what the model refuses.
#[derive(Debug, thiserror::Error)]
pub enum PartError<E> {
    /// Absent, or nothing of it is the caller's.
    #[error("no such order, shipment or return")]
    NotFound,
    /// Others changed the order each time.
    #[error("the order is being changed by another request")]
    Contended,
    #[error(transparent)]
    Refused(E),
    #[error(transparent)]
    Orders(#[from] OrdersError),
}

/// The parts that a viewer may see and that can be read, oldest first.
pub(crate) async fn list_parts<P: OrderPart, E>(
    orders: &impl OrdersWith<P>,
    order: OrderId,
    viewer: Viewer,
) -> Result<Vec<P>, PartError<E>> {
    let found = orders.find_with(order).await?;
    let parts = found.and_then(|found| found.into_parts_for(viewer));
    parts.ok_or(PartError::NotFound)
}

/// The part as it is after the step, which may have been taken before.
pub(crate) async fn change_part<P: OrderPart, E>(
    orders: &impl OrdersWith<P>,
    order: OrderId,
    by: Seller,
    part: P::Id,
    decide: impl Fn(&mut OrderWith<P>) -> Result<(), E>,
) -> Result<P, PartError<E>> {
    for _ in 0..ATTEMPTS {
        let found = orders.find_with(order).await?;
        let found = found.filter(|found| by.sees(found.order()));
        let mut found = found.ok_or(PartError::NotFound)?;
        found.readable(part).map_err(OrdersError::Defect)?;
        decide(&mut found).map_err(PartError::Refused)?;
        let saved = match found.change() {
            Some(_) => orders.save_with(&found).await?,
            None => Saved::Written,
        };
        match saved {
            Saved::Written => {
                let saved = orders.find_with(order).await?;
                return into_part(saved, part);
            }
            Saved::Changed => {}
        }
    }
    Err(PartError::Contended)
}

/// The same, where only the part is known.
pub(crate) async fn change_known_part<P: OrderPart, E>(
    orders: &impl OrdersWith<P>,
    part: P::Id,
    by: Seller,
    decide: impl Fn(&mut OrderWith<P>) -> Result<(), E>,
) -> Result<P, PartError<E>> {
    let order = orders.order_of(part).await?;
    let order = order.ok_or(PartError::NotFound)?;
    change_part(orders, order, by, part, decide).await
}

/// A part of an order that was read.
pub(crate) fn into_part<P: OrderPart, E>(
    found: Option<OrderWith<P>>,
    part: P::Id,
) -> Result<P, PartError<E>> {
    let found = found.ok_or(PartError::NotFound)?;
    let part = found.into_part(part).map_err(OrdersError::Defect)?;
    part.ok_or(PartError::NotFound)
}
