//! What providers tell of their own accord. A webhook is a hint and no more: it names a payment that something
//! happened to, and what happened is what the provider's record says when asked.

use crate::values::{Cause, PaymentId};

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
    /// Its sender is unknown.
    #[error("the webhook is not signed by the provider")]
    Untrusted(#[source] Cause),
    #[error("the webhook is signed, but its payload is invalid")]
    Malformed(#[source] Cause),
    /// The secret is not at hand; the provider sends it again.
    #[error("webhooks cannot be verified at present")]
    Unavailable(#[source] Cause),
}
