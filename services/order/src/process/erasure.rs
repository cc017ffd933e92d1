//! What order erases of a deleted user, as the erasures of auth ask for it.

use erasure::{Erased, PersonalData};
use uuid::Uuid;

use crate::{
    orders::ports::OrdersError,
    personal_data::{EraseCustomer, ports::CustomerOrders},
    values::UserId,
};

impl<O: CustomerOrders> PersonalData for EraseCustomer<O> {
    type Error = OrdersError;

    async fn erase(&self, user: Uuid) -> Result<Erased, OrdersError> {
        let kept = self.run(UserId(user)).await?;
        Ok(if kept == 0 { Erased::All } else { Erased::Part })
    }
}
