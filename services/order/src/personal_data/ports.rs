//! The orders of one customer as far as they keep personal data.

use crate::{
    orders::ports::OrdersError,
    values::{OrderId, UserId},
};

pub trait CustomerOrders: Send + Sync + 'static {
    /// Up to `most` orders of the customer that are not anonymized, newest first, those behind `after`.
    fn remaining(
        &self,
        customer: UserId,
        after: Option<OrderId>,
        most: i64,
    ) -> impl Future<Output = Result<Vec<OrderId>, OrdersError>> + Send;

    /// Anonymizes those of the orders that may be, in one transaction; how many were not.
    fn anonymize(
        &self,
        orders: &[OrderId],
    ) -> impl Future<Output = Result<usize, OrdersError>> + Send;
}
