//! Webhooks of the mock as the shop receives them: signed as Standard Webhooks 1.0 has it.

use std::{path::PathBuf, sync::Arc};

use clock::Clock;
use serde::{Deserialize, Serialize};
use webhooks::{Secrets, SecretsError};

use crate::{
    payments::{
        model::ProviderName,
        ports::{Notice, Webhook, WebhookError},
    },
    values::PaymentId,
};

/// The body of a webhook. What else it carries is not looked at.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Told {
    #[serde(rename = "type")]
    pub event_type: String,
    pub data: ToldPayment,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ToldPayment {
    pub payment_id: PaymentId,
}

/// Believes what is signed with one of the secrets in a file.
#[derive(Clone, Debug)]
pub struct SignedWebhooks {
    secret_file: Option<PathBuf>,
    clock: Clock,
}

#[derive(Debug, thiserror::Error)]
#[error("no file with webhook secrets is configured")]
struct NoSecret;

impl SignedWebhooks {
    pub fn new(secret_file: Option<PathBuf>, clock: Clock) -> Self {
        Self { secret_file, clock }
    }

    /// Reads a webhook that is really the provider's.
    pub async fn read(
        &self,
        provider: ProviderName,
        webhook: &Webhook,
    ) -> Result<Notice, WebhookError> {
        match provider {
            ProviderName::Mock => {}
        }
        let Some(file) = &self.secret_file else {
            return Err(WebhookError::Untrusted(Arc::new(NoSecret)));
        };
        let unavailable = |error: SecretsError| WebhookError::Unavailable(Arc::new(error));
        let secrets = Secrets::read(file).await.map_err(unavailable)?;
        secrets
            .verify(|name| webhook.header(name), self.clock.now(), &webhook.body)
            .map_err(|error| WebhookError::Untrusted(Arc::new(error)))?;
        let told: Told = web::json::from_slice(&webhook.body)
            .map_err(|error| WebhookError::Malformed(Arc::new(error)))?;
        Ok(Notice {
            payment: told.data.payment_id,
        })
    }
}
