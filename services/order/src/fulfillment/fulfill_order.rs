//! Parcels of an order: planned, shipped, delivered and cancelled by those who sell its lines (ORDERS 22).
//! Shipping is only decided here; `ship_parcels` tells product.

use clock::Ids;

use super::{
    model::{Dispatch, Fulfillment, FulfillmentError, FulfillmentStep, Packing, Tracking},
    ports::Dispatches,
};
use crate::{
    orders::{
        model::Merchant,
        ports::{OrdersError, Saved},
    },
    values::{FulfillmentId, OrderId, UserId},
};

/// How often a step is tried again after somebody else's change of the order.
const ATTEMPTS: u32 = 5;

#[derive(Clone, Debug)]
pub struct FulfillOrder<D> {
    dispatches: D,
    ids: Ids,
}

/// What is done with a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParcelAction {
    Ship,
    Deliver,
    Cancel,
}

/// Who looks at the parcels of an order: as its customer, as a seller, or as both.
#[derive(Clone, Copy, Debug)]
pub struct Onlooker {
    pub customer: Option<UserId>,
    pub merchant: Option<Merchant>,
}

#[derive(Debug, thiserror::Error)]
pub enum FulfillOrderError {
    /// Absent, or nothing of it is the caller's.
    #[error("no such order or shipment")]
    NotFound,
    /// Others changed the order each time.
    #[error("the order is being changed by another request")]
    Contended,
    #[error(transparent)]
    Refused(#[from] FulfillmentError),
    #[error(transparent)]
    Orders(#[from] OrdersError),
}

impl<D: Dispatches> FulfillOrder<D> {
    pub fn new(dispatches: D, ids: Ids) -> Self {
        Self { dispatches, ids }
    }

    /// The parcels that an onlooker may see, oldest first.
    pub async fn list(
        &self,
        order: OrderId,
        onlooker: Onlooker,
    ) -> Result<Vec<Fulfillment>, FulfillOrderError> {
        let dispatch = self.dispatches.dispatch(order).await?;
        let dispatch = dispatch.ok_or(FulfillOrderError::NotFound)?;
        if onlooker.customer == Some(dispatch.order.customer) {
            return Ok(dispatch.fulfillments);
        }
        match onlooker.merchant {
            Some(merchant) if merchant.sees(&dispatch.order) => {
                Ok(dispatch.fulfillments_of(merchant).cloned().collect())
            }
            Some(_) | None => Err(FulfillOrderError::NotFound),
        }
    }

    pub async fn plan(
        &self,
        order: OrderId,
        by: Merchant,
        packing: &Packing,
        tracking: &Tracking,
    ) -> Result<Fulfillment, FulfillOrderError> {
        let id = FulfillmentId(self.ids.uuid());
        self.change(order, by, id, |dispatch| {
            dispatch.plan(by, id, packing, tracking.clone()).map(Some)
        })
        .await
    }

    /// Doing the same again changes nothing.
    pub async fn act(
        &self,
        id: FulfillmentId,
        by: Merchant,
        action: ParcelAction,
    ) -> Result<Fulfillment, FulfillOrderError> {
        let order = self.dispatches.order_of(id).await?;
        let order = order.ok_or(FulfillOrderError::NotFound)?;
        self.change(order, by, id, |dispatch| match action {
            ParcelAction::Ship => dispatch.ship(by, id),
            ParcelAction::Deliver => dispatch.deliver(by, id),
            ParcelAction::Cancel => dispatch.cancel(by, id),
        })
        .await
    }

    async fn change(
        &self,
        order: OrderId,
        by: Merchant,
        id: FulfillmentId,
        decide: impl Fn(&Dispatch) -> Result<Option<FulfillmentStep>, FulfillmentError>,
    ) -> Result<Fulfillment, FulfillOrderError> {
        for _ in 0..ATTEMPTS {
            let dispatch = self.read(order, by).await?;
            let saved = match decide(&dispatch)? {
                Some(step) => self.dispatches.write(order, &step).await?,
                None => Saved::Written,
            };
            match saved {
                Saved::Written => {
                    let dispatch = self.read(order, by).await?;
                    let parcel = dispatch.fulfillments.into_iter().find(|one| one.id == id);
                    return parcel.ok_or(FulfillOrderError::NotFound);
                }
                Saved::Changed => {}
            }
        }
        Err(FulfillOrderError::Contended)
    }

    async fn read(&self, order: OrderId, by: Merchant) -> Result<Dispatch, FulfillOrderError> {
        let dispatch = self.dispatches.dispatch(order).await?;
        dispatch
            .filter(|dispatch| by.sees(&dispatch.order))
            .ok_or(FulfillOrderError::NotFound)
    }
}
