//! The mock tells results: due webhooks are delivered, signed, and again with longer pauses until they are taken.

use std::{path::PathBuf, time::Duration};

use clock::Clock;
use db::Pool;
use reqwest::{Client, StatusCode, header};
use tokio::sync::watch;
use tracing::{info, warn};
use uuid::Uuid;
use webhooks::{Secrets, SecretsError};

use crate::{
    payments::providers::{
        PaymentSettings,
        webhooks::{Told, ToldPayment},
    },
    values::PaymentId,
};

const POLL: Duration = Duration::from_millis(500);
const CALL: Duration = Duration::from_secs(5);
/// Webhooks a round.
const MOST: i64 = 20;
/// With pauses of 1, 2, 4 … seconds, 60 at most: about ten minutes.
const ATTEMPTS: i32 = 15;
/// Polls between two looks for old rows.
const POLLS_PER_CLEANING: u32 = 1_200;

/// Delivers until told to stop; any number of these may run.
pub struct MockWebhooks {
    pool: Pool,
    client: Client,
    url: String,
    secret_file: PathBuf,
    clock: Clock,
}

struct Due {
    id: Uuid,
    payment_id: Uuid,
    event_type: String,
}

#[derive(Debug, thiserror::Error)]
enum DeliveryError {
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    #[error("cannot serialize the body")]
    Body(#[from] serde_json::Error),
    #[error("the receiver did not respond")]
    Call(#[from] reqwest::Error),
    #[error("the receiver responded with {status}")]
    Refused { status: StatusCode },
}

impl MockWebhooks {
    /// `None` where the settings name no receiver or no secret. `pool`: connections of the mock's own.
    pub fn try_new(
        settings: &PaymentSettings,
        pool: impl Into<Pool>,
        clock: Clock,
    ) -> Result<Option<Self>, reqwest::Error> {
        let (Some(url), Some(secret_file)) = (
            settings.mock.mock_webhook_url.clone(),
            settings.payment_webhook_secret_file.clone(),
        ) else {
            return Ok(None);
        };
        Ok(Some(Self {
            pool: pool.into(),
            client: Client::builder().timeout(CALL).no_proxy().build()?,
            url,
            secret_file,
            clock,
        }))
    }

    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut polls = 0_u32;
        loop {
            if let Err(error) = self.deliver().await {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "failed to read the mock provider's webhooks"
                );
            }
            if polls.is_multiple_of(POLLS_PER_CLEANING)
                && let Err(error) = self.forget_old().await
            {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "failed to delete old webhooks of the mock provider"
                );
            }
            polls = polls.wrapping_add(1);
            if worker::stopped_within(&mut stop, POLL).await {
                return;
            }
        }
    }

    /// Delivers what is due; how many were taken by the receiver.
    pub async fn deliver(&self) -> Result<usize, sqlx::Error> {
        let mut delivered = 0;
        for due in self.take().await? {
            match self.send(&due).await {
                Ok(()) => {
                    self.mark_delivered(due.id).await?;
                    delivered += 1;
                }
                Err(error) => info!(
                    webhook.id = %due.id,
                    payment.id = %PaymentId(due.payment_id),
                    error = &error as &dyn std::error::Error,
                    "a webhook of the mock provider was not accepted"
                ),
            }
        }
        Ok(delivered)
    }

    /// Takes due webhooks, and has each due again later: at the end of its attempts, or if this process dies.
    async fn take(&self) -> Result<Vec<Due>, sqlx::Error> {
        sqlx::query_as!(
            Due,
            r#"
            UPDATE mock_provider_webhooks AS webhooks
            SET attempts = attempts + 1,
                due_at = clock_timestamp() + make_interval(secs => least(60, power(2, attempts))),
                given_up_at = CASE WHEN attempts + 1 >= $2 THEN clock_timestamp() END
            FROM (
                SELECT id FROM mock_provider_webhooks
                WHERE delivered_at IS NULL AND given_up_at IS NULL AND due_at <= clock_timestamp()
                ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED
            ) AS due
            WHERE webhooks.id = due.id
            RETURNING webhooks.id, webhooks.payment_id, webhooks.event_type
            "#,
            MOST,
            ATTEMPTS,
        )
        .fetch_all(&self.pool)
        .await
    }

    async fn send(&self, due: &Due) -> Result<(), DeliveryError> {
        let body = serde_json::to_vec(&Told {
            event_type: due.event_type.clone(),
            data: ToldPayment {
                payment_id: PaymentId(due.payment_id),
            },
        })?;
        let secrets = Secrets::read(&self.secret_file).await?;
        let id = format!("msg_{}", due.id.simple());
        let mut request = self
            .client
            .post(&self.url)
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in secrets.sign(&id, self.clock.now(), &body) {
            request = request.header(name, value);
        }
        let status = request.body(body).send().await?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(DeliveryError::Refused { status })
        }
    }

    async fn mark_delivered(&self, id: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query!(
            r#"UPDATE mock_provider_webhooks SET delivered_at = clock_timestamp() WHERE id = $1"#,
            id,
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A chunk after the other, until none is left.
    async fn forget_old(&self) -> Result<(), sqlx::Error> {
        loop {
            let done = sqlx::query!(
                r#"
            DELETE FROM mock_provider_webhooks
            WHERE id = ANY (ARRAY(
                SELECT id FROM mock_provider_webhooks WHERE due_at < now() - interval '7 days'
                LIMIT 5000 FOR UPDATE SKIP LOCKED
            ))
            "#
            );
            if done.execute(&self.pool).await?.rows_affected() == 0 {
                return Ok(());
            }
        }
    }
}
