//! How a customer's request for a return is written with its key.

use super::model::{OrderReturns, ReturnError};
use crate::{intents::ports::Request, orders::ports::OrdersError, values::ReturnId};

pub trait Returns: Send + Sync + 'static {
    /// One transaction: it claims the request's key, has `decide` change the order that was read, and writes the new return
    /// `id`, if the order still has that version. Where it is not written, the key is not claimed.
    fn request(
        &self,
        read: OrderReturns,
        id: ReturnId,
        request: &Request,
        decide: impl FnOnce(&mut OrderReturns) -> Result<(), ReturnError> + Send,
    ) -> impl Future<Output = Result<ReturnSaved, OrdersError>> + Send;
}

#[derive(Debug, PartialEq, Eq)]
pub enum ReturnSaved {
    Written,
    Refused(ReturnError),
    /// The order was changed meanwhile; nothing was written.
    Changed,
    /// An earlier request with this key created this return.
    Repeated(ReturnId),
    /// The key was used for a different request.
    KeyReused,
}
