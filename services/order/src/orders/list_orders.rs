//! Orders, newest first, as far as the reader may see them.

use super::{
    model::OrderFilter,
    ports::{Listing, Orders, OrdersError},
};
use crate::values::{Reader, UserId, Window};

#[derive(Clone, Debug)]
pub struct ListOrders<O> {
    orders: O,
}

impl<O: Orders> ListOrders<O> {
    pub fn new(orders: O) -> Self {
        Self { orders }
    }

    /// `None`: the reader may not ask for the orders of this customer.
    pub async fn run(
        &self,
        reader: Reader,
        filter: OrderFilter,
        window: Window,
    ) -> Result<Option<Listing>, OrdersError> {
        let customer = match (reader, filter.customer) {
            (Reader::Everything, customer) => customer,
            (Reader::Own(user), None) => Some(user),
            (Reader::Own(user), Some(customer)) if customer == user => Some(user),
            (Reader::Own(_), Some(_)) => return Ok(None),
        };
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
    ) -> Result<Listing, OrdersError> {
        let filter = OrderFilter {
            vendor: Some(vendor),
            ..filter
        };
        let mut listing = self.orders.list(&filter, &window).await?;
        let orders = listing.orders.into_iter();
        listing.orders = orders.map(|order| order.of_vendor(vendor)).collect();
        Ok(listing)
    }
}
