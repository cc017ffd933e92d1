//! Returns in Postgres, and the returned goods that product must be told of.

mod returned_goods;
pub(crate) mod returns;

pub use self::returned_goods::PgReturnedGoods;
use super::{
    model::ReturnStep,
    ports::{ReturnSaved, Returns},
};
use crate::{
    infrastructure::postgres::{PgOrders, failure::orders_error},
    intents::ports::Request,
    orders::ports::OrdersError,
    values::{Fingerprint, OrderId, RequestIdentity, ReturnId},
};

impl Returns for PgOrders {
    async fn requested(
        &self,
        identity: &RequestIdentity,
    ) -> Result<Option<(Fingerprint, ReturnId)>, OrdersError> {
        returns::requested(&self.intents, identity)
            .await
            .map_err(orders_error)
    }

    async fn order_of_return(&self, id: ReturnId) -> Result<Option<OrderId>, OrdersError> {
        returns::order_of(&self.readers, id)
            .await
            .map_err(orders_error)
    }

    async fn write_return(
        &self,
        order: OrderId,
        step: &ReturnStep,
        request: Option<&Request>,
    ) -> Result<ReturnSaved, OrdersError> {
        returns::write(&self.intents, order, step, request)
            .await
            .map_err(orders_error)
    }
}
