//! `POST /payments/webhooks/{provider}`: a provider says that something happened to a payment.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
};
use serde::Deserialize;
use utoipa::ToSchema;
use web::{PathParameters, Problem, WholeBody};

use super::payment_refusal;
use crate::{
    app::App,
    payments::{
        model::ProviderName,
        ports::{PaymentWebhooks, Webhook, WebhookError},
    },
};

/// Who carries payments out.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderPath {
    Mock,
}

impl From<ProviderPath> for ProviderName {
    fn from(path: ProviderPath) -> Self {
        match path {
            ProviderPath::Mock => Self::Mock,
        }
    }
}

/// Receive a provider's webhook
///
/// For providers: signed as Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`). It makes the
/// shop ask the provider for the payment; what else it says is not believed, so that it may come twice, late or never.
#[utoipa::path(
    post,
    path = "/payments/webhooks/{provider}",
    tag = "payments",
    params(
        ("provider" = inline(ProviderPath), Path, description = "The provider."),
        ("webhook-id" = String, Header, description = "The same whenever a webhook is sent again."),
        ("webhook-timestamp" = String, Header, description = "When it was sent, in seconds since 1970; at most five minutes ago."),
        ("webhook-signature" = String, Header, description = "`v1,` and the base64 of the HMAC-SHA256 of id, time and body."),
    ),
    request_body(content = String, content_type = "application/json", description = "In the provider's words.", example = json!({ "type": "payment.authorise.settled", "data": { "payment_id": "pay_01932c5e-7d2a-7c3e-9f00-0242ac120002" } })),
    responses(
        (status = 204, description = "Taken. Also if no such payment is known here: sending it again would not help."),
        (status = 401, description = "`signature_invalid`: the provider has not signed it, or the signature is too old."),
        (status = 404, description = "No such provider."),
        (status = 422, description = "The webhook is signed but names no payment."),
    ),
)]
pub async fn receive_payment_webhook(
    State(app): State<App>,
    PathParameters(provider): PathParameters<ProviderPath>,
    headers: HeaderMap,
    WholeBody(body): WholeBody,
) -> Result<StatusCode, Problem> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let webhook = Webhook {
        headers: headers.iter().filter_map(text).collect(),
        body,
    };
    let notice = app
        .webhooks
        .read(provider.into(), &webhook)
        .await
        .map_err(|error| refusal(&error))?;
    app.record_provider_result
        .run(notice.payment)
        .await
        .map_err(|error| payment_refusal::of_intent(&error))?;
    Ok(StatusCode::NO_CONTENT)
}

fn refusal(error: &WebhookError) -> Problem {
    match error {
        WebhookError::Untrusted(_) => Problem::unauthorized(
            "signature_invalid",
            "The webhook is not signed with a secret known here, or not lately.",
        ),
        WebhookError::Malformed(_) => {
            Problem::invalid_field("", "invalid", "the webhook names no payment")
        }
        WebhookError::Unavailable(_) => Problem::unavailable(5).with_cause(error),
    }
}
