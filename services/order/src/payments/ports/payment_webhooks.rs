//! What providers tell of their own accord. A webhook is a hint and no more: it names a payment that something
//! happened to, and what happened is what the provider's books say when asked.

use crate::{
    payments::model::ProviderName,
    values::{Cause, PaymentId},
};

pub trait PaymentWebhooks: Send + Sync + 'static {
    /// Reads a webhook that is really the provider's.
    fn read(
        &self,
        provider: ProviderName,
        webhook: &Webhook,
    ) -> impl Future<Output = Result<Notice, WebhookError>> + Send;
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// By name in lower case; those that are not text are left out.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Webhook {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    pub payment: PaymentId,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum WebhookError {
    /// Anybody may have sent it.
    #[error("the webhook is not signed by the provider")]
    Untrusted(#[source] Cause),
    #[error("the webhook is signed, but its payload is invalid")]
    Malformed(#[source] Cause),
    /// The secret is not at hand; the provider sends it again.
    #[error("webhooks cannot be verified at present")]
    Unavailable(#[source] Cause),
}
