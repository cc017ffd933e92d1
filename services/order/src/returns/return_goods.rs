//! Returns of an order's goods: asked for by the customer, approved, received or rejected by whoever sold them.
//! Receiving is only decided here; `receive_returns` tells product and the payment.

use clock::Ids;

use super::{
    model::{ReturnAction, ReturnError},
    ports::{ReturnSaved, Returns},
};
use crate::{
    fulfillment::{
        Onlooker,
        model::{Dispatch, Packing, Return, ReturnReason},
        ports::Dispatches,
    },
    intents::{
        Wisher,
        ports::{Answered, IntentError},
    },
    orders::{model::Merchant, ports::OrdersError},
    values::{Operation, OrderId, ReturnId, Sku},
};

/// How often a step is tried again after somebody else's change of the order.
const ATTEMPTS: u32 = 5;

#[derive(Clone, Debug)]
pub struct ReturnGoods<D> {
    store: D,
    ids: Ids,
}

#[derive(Debug, thiserror::Error)]
pub enum ReturnGoodsError {
    /// Absent, or nothing of it is the caller's.
    #[error("no such order or return")]
    NotFound,
    /// Others changed the order each time.
    #[error("the order is being changed by another request")]
    Contended,
    #[error("the key was used for a different request")]
    KeyReused,
    #[error(transparent)]
    Refused(#[from] ReturnError),
    #[error(transparent)]
    Orders(#[from] OrdersError),
    #[error(transparent)]
    Intent(#[from] IntentError),
}

impl<D: Dispatches + Returns> ReturnGoods<D> {
    pub fn new(store: D, ids: Ids) -> Self {
        Self { store, ids }
    }

    /// The returns that an onlooker may see, oldest first.
    pub async fn list(
        &self,
        order: OrderId,
        onlooker: Onlooker,
    ) -> Result<Vec<Return>, ReturnGoodsError> {
        let dispatch = self.read(order).await?;
        if onlooker.customer == Some(dispatch.order.customer) {
            return Ok(dispatch.returns);
        }
        match onlooker.merchant {
            Some(merchant) if merchant.sees(&dispatch.order) => {
                Ok(dispatch.returns_of(merchant).cloned().collect())
            }
            Some(_) | None => Err(ReturnGoodsError::NotFound),
        }
    }

    pub async fn request(
        &self,
        wisher: &Wisher,
        order: OrderId,
        packing: &Packing,
        reason: Option<&ReturnReason>,
    ) -> Result<Answered<Return>, ReturnGoodsError> {
        let items: Option<Vec<(&Sku, u32)>> = match packing {
            Packing::Rest => None,
            Packing::Lines(lines) => Some(
                lines
                    .iter()
                    .map(|(sku, units)| (sku, units.get()))
                    .collect(),
            ),
        };
        let content = (order, items, reason);
        let request = wisher.request(Operation::RequestReturn, &content)?;
        // Before anything else: what an earlier request took is not there a second time (ORDERS 18).
        if let Some((fingerprint, earlier)) = self.store.requested(&request.identity).await? {
            if fingerprint != request.fingerprint {
                return Err(ReturnGoodsError::KeyReused);
            }
            return self.found(order, earlier, true).await;
        }
        let id = ReturnId(self.ids.uuid());
        for _ in 0..ATTEMPTS {
            let dispatch = self.read(order).await?;
            if dispatch.order.customer != wisher.user {
                return Err(ReturnGoodsError::NotFound);
            }
            let step = dispatch.request_return(wisher.user, id, packing, reason.cloned())?;
            match self
                .store
                .write_return(order, &step, Some(&request))
                .await?
            {
                ReturnSaved::Written => return self.found(order, id, false).await,
                ReturnSaved::Repeated(earlier) => return self.found(order, earlier, true).await,
                ReturnSaved::KeyReused => return Err(ReturnGoodsError::KeyReused),
                ReturnSaved::Changed => {}
            }
        }
        Err(ReturnGoodsError::Contended)
    }

    /// Doing the same again changes nothing.
    pub async fn act(
        &self,
        id: ReturnId,
        by: Merchant,
        action: ReturnAction,
    ) -> Result<Return, ReturnGoodsError> {
        let order = self.store.order_of_return(id).await?;
        let order = order.ok_or(ReturnGoodsError::NotFound)?;
        for _ in 0..ATTEMPTS {
            let dispatch = self.read(order).await?;
            let saved = match dispatch.move_return(by, id, action)? {
                Some(step) => self.store.write_return(order, &step, None).await?,
                None => ReturnSaved::Written,
            };
            if saved == ReturnSaved::Written {
                return Ok(self.found(order, id, false).await?.result);
            }
        }
        Err(ReturnGoodsError::Contended)
    }

    async fn read(&self, order: OrderId) -> Result<Dispatch, ReturnGoodsError> {
        let dispatch = self.store.dispatch(order).await?;
        dispatch.ok_or(ReturnGoodsError::NotFound)
    }

    async fn found(
        &self,
        order: OrderId,
        id: ReturnId,
        replayed: bool,
    ) -> Result<Answered<Return>, ReturnGoodsError> {
        let returns = self.read(order).await?.returns;
        let result = returns.into_iter().find(|one| one.id == id);
        Ok(Answered {
            result: result.ok_or(ReturnGoodsError::NotFound)?,
            replayed,
        })
    }
}
