//! The REST API: the list of its routes. One endpoint a file; a handler parses, calls a use case, renders.

mod approve_return;
mod cancel_fulfillment;
mod cancel_order;
mod cancel_payment;
mod capture_payment;
mod compensate_saga;
mod create_fulfillment;
mod create_order;
mod create_payment;
mod create_refund;
mod create_return;
mod deliver_fulfillment;
mod fulfillment_refusal;
mod fulfillment_view;
#[doc(hidden)]
pub mod fuzzing;
mod get_order;
mod get_order_history;
mod get_payment;
mod get_payment_status;
mod intents;
mod list_fulfillments;
mod list_orders;
mod list_orders_by_status;
mod list_orders_of_user;
mod list_payment_methods;
mod list_payments;
mod list_payments_by_status;
mod list_payments_of_user;
mod list_refunds;
mod list_returns;
mod list_sagas;
mod list_vendor_orders;
mod listing;
mod merge_patch;
mod order_request;
mod order_view;
mod patch_order;
mod patch_payment;
mod payment_listing;
mod payment_refusal;
mod payment_view;
mod precondition;
mod receive_payment_webhook;
mod receive_return;
mod refusal;
mod reject_return;
mod replay;
mod retry_saga;
mod return_refusal;
mod return_view;
mod revision_refusal;
mod saga_view;
mod set_order_status;
mod ship_fulfillment;
mod state_name;
mod vendor_order_view;
mod wisher;

use axum::routing::{delete, post};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use intents::admit;

use crate::app::App;

/// The endpoints, as they stand below `/api/v1`.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            list_orders::list_orders,
            create_order::create_order
        ))
        .routes(routes!(
            get_order::get_order,
            patch_order::patch_order,
            patch_order::put_order
        ))
        .routes(routes!(cancel_order::cancel_order))
        .route("/orders/{id}", delete(cancel_order::cancel_order))
        .routes(routes!(get_order_history::get_order_history))
        .routes(routes!(set_order_status::set_order_status))
        .routes(routes!(list_vendor_orders::list_vendor_orders))
        .routes(routes!(
            list_fulfillments::list_fulfillments,
            create_fulfillment::create_fulfillment
        ))
        .routes(routes!(ship_fulfillment::ship_fulfillment))
        .routes(routes!(deliver_fulfillment::deliver_fulfillment))
        .routes(routes!(cancel_fulfillment::cancel_fulfillment))
        .routes(routes!(list_orders_of_user::list_orders_of_user))
        .routes(routes!(list_orders_by_status::list_orders_by_status))
        .merge(payments())
        .merge(returns())
        .merge(sagas())
}

fn payments() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            list_payments::list_payments,
            create_payment::create_payment
        ))
        .routes(routes!(
            get_payment::get_payment,
            patch_payment::patch_payment,
            patch_payment::put_payment
        ))
        .routes(routes!(get_payment_status::get_payment_status))
        .routes(routes!(cancel_payment::cancel_payment))
        .routes(routes!(capture_payment::capture_payment))
        .routes(routes!(
            list_refunds::list_refunds,
            create_refund::create_refund
        ))
        .routes(routes!(list_payments_of_user::list_payments_of_user))
        .routes(routes!(list_payments_by_status::list_payments_by_status))
        .routes(routes!(receive_payment_webhook::receive_payment_webhook))
        .routes(routes!(list_payment_methods::list_payment_methods))
        // Aliases: the document lists each operation once.
        .route("/payments/{id}", delete(cancel_payment::cancel_payment))
        .route("/payments/refund/{id}", post(create_refund::create_refund))
}

fn returns() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            list_returns::list_returns,
            create_return::create_return
        ))
        .routes(routes!(approve_return::approve_return))
        .routes(routes!(receive_return::receive_return))
        .routes(routes!(reject_return::reject_return))
}

fn sagas() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_sagas::list_sagas))
        .routes(routes!(retry_saga::retry_saga))
        .routes(routes!(compensate_saga::compensate_saga))
}
