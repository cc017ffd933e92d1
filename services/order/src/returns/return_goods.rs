//! Returns of an order's goods: requested by the customer, and approved, received or rejected by the seller of its lines.
//! Receiving is only decided here; `receive_returns` reports it to product and refunds it.

use clock::Ids;

use super::{
    model::{OrderReturns, Return, ReturnAction, ReturnError, ReturnReason},
    ports::{ReturnSaved, Returns},
};
use crate::{
    intents::{
        Requester,
        ports::{Answered, IntentError},
    },
    orders::{
        ATTEMPTS, PartError, change_known_part, into_part, list_parts,
        model::{Selection, Seller, Viewer},
        ports::{OrdersError, OrdersWith},
    },
    values::{Operation, OrderId, ReturnId, Sku},
};

#[derive(Clone, Debug)]
pub struct ReturnGoods<O> {
    orders: O,
    ids: Ids,
}

#[derive(Debug, thiserror::Error)]
pub enum ReturnGoodsError {
    #[error(transparent)]
    Step(#[from] PartError<ReturnError>),
    /// Of the request's key.
    #[error(transparent)]
    Intent(#[from] IntentError),
}

impl<O: OrdersWith<Return> + Returns> ReturnGoods<O> {
    pub fn new(orders: O, ids: Ids) -> Self {
        Self { orders, ids }
    }

    /// The returns that a viewer may see, oldest first.
    pub async fn list(
        &self,
        order: OrderId,
        viewer: Viewer,
    ) -> Result<Vec<Return>, ReturnGoodsError> {
        Ok(list_parts(&self.orders, order, viewer).await?)
    }

    pub async fn request(
        &self,
        requester: &Requester,
        order: OrderId,
        selection: &Selection,
        reason: Option<&ReturnReason>,
    ) -> Result<Answered<Return>, ReturnGoodsError> {
        let items: Option<Vec<(&Sku, u32)>> = match selection {
            Selection::Rest => None,
            Selection::Lines(lines) => Some(
                lines
                    .iter()
                    .map(|(sku, units)| (sku, units.get()))
                    .collect(),
            ),
        };
        let content = (order, items, reason);
        let request = requester.request(Operation::RequestReturn, &content)?;
        let id = ReturnId(self.ids.uuid());
        for _ in 0..ATTEMPTS {
            let read = self.orders.find_with(order).await?;
            let read = read.filter(|read| read.order().customer == requester.user);
            let read = read.ok_or(PartError::NotFound)?;
            let decide = |order: &mut OrderReturns| {
                order.request(requester.user, id, selection, reason.cloned())
            };
            match self.orders.request(read, id, &request, decide).await? {
                ReturnSaved::Written => return self.found(order, id, false).await,
                ReturnSaved::Repeated(earlier) => return self.found(order, earlier, true).await,
                ReturnSaved::KeyReused => return Err(IntentError::KeyReused.into()),
                ReturnSaved::Refused(refused) => return Err(PartError::Refused(refused).into()),
                ReturnSaved::Changed => {}
            }
        }
        Err(PartError::Contended.into())
    }

    /// A repeated step changes nothing.
    pub async fn act(
        &self,
        id: ReturnId,
        by: Seller,
        action: ReturnAction,
    ) -> Result<Return, ReturnGoodsError> {
        let acted = change_known_part(&self.orders, id, by, |order| order.act(by, id, action));
        Ok(acted.await?)
    }

    async fn found(
        &self,
        order: OrderId,
        id: ReturnId,
        replayed: bool,
    ) -> Result<Answered<Return>, ReturnGoodsError> {
        let found = self.orders.find_with(order).await?;
        Ok(Answered {
            result: into_part(found, id)?,
            replayed,
        })
    }
}

impl From<OrdersError> for ReturnGoodsError {
    fn from(error: OrdersError) -> Self {
        Self::Step(error.into())
    }
}
