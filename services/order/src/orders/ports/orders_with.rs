//! Orders with what belongs to them: their fulfillments, or their returns.

use super::{OrdersError, Saved};
use crate::{
    orders::model::{OrderPart, OrderWith},
    values::OrderId,
};

pub trait OrdersWith<P: OrderPart>: Send + Sync + 'static {
    fn find_with(
        &self,
        order: OrderId,
    ) -> impl Future<Output = Result<Option<OrderWith<P>>, OrdersError>> + Send;

    /// The order that a part is of.
    fn order_of(
        &self,
        part: P::Id,
    ) -> impl Future<Output = Result<Option<OrderId>, OrdersError>> + Send;

    /// Writes a step and the order's new versions, if the order still has the version that was read.
    fn save_with(
        &self,
        changed: &OrderWith<P>,
    ) -> impl Future<Output = Result<Saved, OrdersError>> + Send;
}
