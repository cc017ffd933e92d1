//! One file an endpoint.

mod cancel_payment;
mod capture_payment;
mod create_fulfillment;
mod create_order;
mod create_order_twins;
mod create_order_without_product;
mod create_payment;
mod create_refund;
mod get_order;
mod get_order_history;
mod get_payment;
mod get_payment_status;
mod list_orders;
mod list_orders_by_status;
mod list_orders_of_user;
mod list_payment_methods;
mod list_payments;
mod list_payments_by_status;
mod list_payments_of_user;
mod list_refunds;
mod list_vendor_orders;
mod patch_order;
mod patch_payment;
mod receive_payment_webhook;
mod set_order_status;
mod ship_fulfillment;
