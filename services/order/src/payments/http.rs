//! The endpoints of payments and refunds: the list of their routes.

mod cancel_payment;
mod capture_payment;
pub(crate) mod create_payment;
pub(crate) mod create_refund;
mod get_payment;
mod get_payment_status;
mod list_payment_methods;
mod list_payments;
mod list_payments_by_status;
mod list_payments_of_user;
mod list_refunds;
pub(crate) mod patch_payment;
mod payment_listing;
mod payment_view;
mod receive_payment_webhook;
mod refusal;

use axum::routing::{delete, post};
use utoipa::openapi::HttpMethod;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::document::alias;

use crate::app::App;

pub fn routes() -> OpenApiRouter<App> {
    let routes = OpenApiRouter::new()
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
        .routes(routes!(list_payment_methods::list_payment_methods));
    let routes = alias(
        routes,
        (HttpMethod::Delete, "/payments/{id}"),
        (HttpMethod::Post, "/payments/{id}/cancel"),
        delete(cancel_payment::cancel_payment),
    );
    alias(
        routes,
        (HttpMethod::Post, "/payments/refund/{id}"),
        (HttpMethod::Post, "/payments/{id}/refunds"),
        post(create_refund::create_refund),
    )
}
