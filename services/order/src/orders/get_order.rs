//! One order, for whoever may see it.

use super::{
    model::Order,
    ports::{Orders, OrdersError},
};
use crate::values::{OrderId, Reader, UserId};

#[derive(Clone, Debug)]
pub enum SeenOrder {
    Whole(Order),
    /// Cut down to the lines of one vendor.
    OfVendor(Order),
}

#[derive(Clone, Debug)]
pub struct GetOrder<O> {
    orders: O,
}

impl<O: Orders> GetOrder<O> {
    pub fn new(orders: O) -> Self {
        Self { orders }
    }

    /// `None`: there is no such order, or nothing of it is for this reader, who may also be a vendor.
    pub async fn run(
        &self,
        id: OrderId,
        reader: Reader,
        vendor: Option<UserId>,
    ) -> Result<Option<SeenOrder>, OrdersError> {
        let Some(order) = self.orders.find(id).await? else {
            return Ok(None);
        };
        Ok(if order.may_be_seen_by(reader) {
            Some(SeenOrder::Whole(order))
        } else {
            vendor
                .map(|vendor| order.of_vendor(vendor))
                .filter(|order| !order.lines.is_empty())
                .map(SeenOrder::OfVendor)
        })
    }
}
