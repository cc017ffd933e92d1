//! For fuzzing: every body that a stranger may send, read as its endpoint reads it.

use web::json::from_slice;

use super::{
    create_fulfillment::NewFulfillmentBody,
    create_payment::NewPaymentBody,
    create_refund::NewRefundBody,
    create_return::NewReturnBody,
    order_request::{NewOrderBody, OrderRules},
    patch_order::UpdateOrderBody,
    patch_payment::UpdatePaymentBody,
    set_order_status::NewStatusBody,
};

/// Nothing that `text` says may end the process.
pub fn read_bodies(text: &[u8]) {
    if let (Ok(body), Ok(currency)) = (from_slice::<NewOrderBody>(text), "USD".parse()) {
        let _ = body.parse(OrderRules {
            currency,
            require_shipping_address: false,
        });
    }
    let _ = from_slice::<NewFulfillmentBody>(text);
    let _ = from_slice::<NewPaymentBody>(text);
    let _ = from_slice::<NewRefundBody>(text);
    let _ = from_slice::<NewReturnBody>(text);
    let _ = from_slice::<UpdateOrderBody>(text);
    let _ = from_slice::<UpdatePaymentBody>(text);
    let _ = from_slice::<NewStatusBody>(text);
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_body_ends_the_process() {
        web::fuzzing::drive("json", super::read_bodies);
    }
}
