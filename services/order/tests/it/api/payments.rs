//! The endpoints of payments.

mod cancel_payment;
mod capture_payment;
mod create_payment;
mod create_refund;
mod get_payment;
mod get_payment_status;
mod list_payment_methods;
mod list_payments;
mod list_payments_by_status;
mod list_payments_of_user;
mod list_refunds;
mod patch_payment;
mod payments_without_token;
mod receive_payment_webhook;
