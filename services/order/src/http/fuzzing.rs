//! For fuzzing: every body that a client may send, read as its endpoint reads it.

use web::json::from_slice;

use crate::{
    checkout::http::order_request::{NewOrderBody, OrderRules},
    fulfillment::http::create_fulfillment::NewFulfillmentBody,
    orders::http::{patch_order::UpdateOrderBody, set_order_status::NewStatusBody},
    payments::http::{
        create_payment::NewPaymentBody, create_refund::NewRefundBody,
        patch_payment::UpdatePaymentBody,
    },
    returns::http::create_return::NewReturnBody,
};

/// No `text` may end the process.
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
