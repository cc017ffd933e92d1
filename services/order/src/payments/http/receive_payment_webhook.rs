//! `POST /payments/webhooks/{provider}`: a provider reports that a payment has changed.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{PathParameters, Problem, WholeBody};

use crate::{
    app::App,
    infrastructure::http::names::names,
    payments::{model::ProviderName, ports::Webhook},
};

names! {
    /// A payment provider.
    ProviderPath of ProviderName { Mock }
}

/// Receive a provider's webhook
///
/// For payment providers; signed as Standard Webhooks 1.0 (`webhook-id`, `webhook-timestamp`, `webhook-signature`). A
/// webhook only makes the shop query the provider for the payment; its other content is ignored. Duplicate, late and
/// lost webhooks are therefore harmless.
#[utoipa::path(
    post,
    path = "/payments/webhooks/{provider}",
    tag = "payments",
    params(
        ("provider" = inline(ProviderPath), Path, description = "The provider."),
        ("webhook-id" = String, Header, description = "Identifies the webhook; unchanged when it is sent again."),
        ("webhook-timestamp" = String, Header, description = "When it was sent, in seconds since 1970-01-01 UTC; at most five minutes ago."),
        ("webhook-signature" = String, Header, description = "`v1,` and the base64 of the HMAC-SHA256 of id, time and body."),
    ),
    request_body(content = Object, content_type = "application/json", description = "The payload, in the provider's format.", example = json!({ "type": "payment.authorise.settled", "data": { "payment_id": "pay_01932c5e-7d2a-7c3e-9f00-0242ac120002" } })),
    responses(
        (status = 204, description = "Accepted, also if the payment is unknown, because sending it again would not help."),
        (status = 401, description = "`signature_invalid`: the signature is not valid or too old."),
        (status = 404, description = "No such provider."),
        (status = 422, description = "The webhook is signed but does not identify a payment."),
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
    let notice = app.webhooks.read(provider.into(), &webhook).await?;
    app.record_provider_result.run(notice.payment).await?;
    Ok(StatusCode::NO_CONTENT)
}
