//! `GET /payment-methods`: how orders can be paid.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{app::App, payments::ports::OfferedMethod};

/// The payment methods; empty if the shop takes no payments.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentMethods {
    data: Vec<PaymentMethodView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PaymentMethod)]
struct PaymentMethodView {
    /// The value for `payment_method` of an order or a payment.
    #[schema(example = "mock_ok")]
    id: String,
    #[schema(example = "mock")]
    provider: &'static str,
    #[schema(example = "Mock")]
    title: &'static str,
    #[schema(example = "Succeeds immediately.")]
    description: &'static str,
}

impl From<&OfferedMethod> for PaymentMethodView {
    fn from(offered: &OfferedMethod) -> Self {
        Self {
            id: offered.method.to_string(),
            provider: offered.provider.as_str(),
            title: offered.title,
            description: offered.description,
        }
    }
}

/// List payment methods
///
/// Public; no access token is needed.
#[utoipa::path(
    get,
    path = "/payment-methods",
    tag = "payments",
    responses((status = 200, description = "The methods.", body = PaymentMethods)),
)]
pub async fn list_payment_methods(State(app): State<App>) -> Json<PaymentMethods> {
    let offered = app.terms.methods.iter();
    Json(PaymentMethods {
        data: offered.map(PaymentMethodView::from).collect(),
    })
}
