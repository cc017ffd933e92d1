//! Erases a deleted customer from their orders, a bounded number of orders in each transaction.

use std::error::Error;

use tracing::error;

use super::ports::CustomerOrders;
use crate::{
    orders::ports::OrdersError,
    values::{OrderId, UserId},
};

/// Orders in one transaction, which holds their locks.
const BATCH: i64 = 100;

#[derive(Clone, Debug)]
pub struct EraseCustomer<O> {
    orders: O,
}

impl<O: CustomerOrders> EraseCustomer<O> {
    pub fn new(orders: O) -> Self {
        Self { orders }
    }

    /// Returns how many orders still keep data of the customer. Running again writes only what is left.
    pub async fn run(&self, customer: UserId) -> Result<usize, OrdersError> {
        let (mut after, mut kept) = (None, 0);
        loop {
            let orders = self.orders.remaining(customer, after, BATCH).await?;
            let Some(last) = orders.last() else {
                return Ok(kept);
            };
            after = Some(*last);
            kept += self.anonymize(&orders).await?;
        }
    }

    /// An order that cannot be written does not stop the others: a batch that fails is halved down to it.
    async fn anonymize(&self, orders: &[OrderId]) -> Result<usize, OrdersError> {
        let (mut parts, mut kept) = (vec![orders], 0);
        while let Some(part) = parts.pop() {
            match (self.orders.anonymize(part).await, part) {
                (Ok(left), _) => kept += left,
                (Err(unavailable @ OrdersError::Unavailable(_)), _) => return Err(unavailable),
                (Err(error), [order]) => {
                    error!(order.id = %order.0, error = &error as &dyn Error, "failed to anonymize an order");
                    kept += 1;
                }
                (Err(_), _) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
        Ok(kept)
    }
}
