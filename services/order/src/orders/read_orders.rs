//! Orders and what happened to them, as far as the reader may see them.

use super::{
    model::{Order, OrderFilter, PastEvent},
    ports::{OrderListing, Orders, OrdersError},
};
use crate::values::{Listed, OrderId, Reader, UserId, Window};

#[derive(Clone, Debug)]
pub enum SeenOrder {
    Whole(Order),
    /// Cut down to the lines of one vendor.
    OfVendor(Order),
}

#[derive(Clone, Debug)]
pub struct ReadOrders<O> {
    orders: O,
}

impl<O: Orders> ReadOrders<O> {
    pub fn new(orders: O) -> Self {
        Self { orders }
    }

    /// `None`: there is no such order, or nothing of it is for this reader, who may also be a vendor.
    pub async fn one(
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

    /// Newest first. `None`: the reader may not ask for the orders of this customer.
    pub async fn list(
        &self,
        reader: Reader,
        filter: OrderFilter,
        window: Window,
    ) -> Result<Option<OrderListing>, OrdersError> {
        let theirs = |customer| reader.may_see(customer);
        if !filter.customer.is_none_or(theirs) {
            return Ok(None);
        }
        let customer = filter.customer.or(reader.own());
        self.orders
            .list(&OrderFilter { customer, ..filter }, &window)
            .await
            .map(Some)
    }

    /// Orders with a line of this vendor, each cut down to those lines.
    pub async fn of_vendor(
        &self,
        vendor: UserId,
        filter: OrderFilter,
        window: Window,
    ) -> Result<OrderListing, OrdersError> {
        let filter = OrderFilter {
            vendor: Some(vendor),
            ..filter
        };
        let listing = self.orders.list(&filter, &window).await?;
        Ok(listing.map(|order| order.of_vendor(vendor)))
    }

    /// `None`: there is no such order, or the reader may not see it.
    pub async fn history(
        &self,
        id: OrderId,
        reader: Reader,
        after: i64,
        rows: i64,
    ) -> Result<Option<Vec<Listed<PastEvent, i64>>>, OrdersError> {
        let order = self.orders.find(id).await?;
        if order.is_none_or(|order| !order.may_be_seen_by(reader)) {
            return Ok(None);
        }
        self.orders.history(id, after, rows).await.map(Some)
    }
}
