//! Product's internal API over HTTP: batches of reservations, with short time-outs and a breaker.
//! What went wrong is told apart by whether product can have done anything.

mod breaker;
mod parcels;
mod wire;

use std::{error::Error, path::PathBuf, sync::Arc, time::Duration};

use money::Currency;
use reqwest::{Client, StatusCode, header::HeaderName};
use serde::{Serialize, de::DeserializeOwned};

use self::breaker::Breaker;
use crate::{
    domain::{CommitOutcome, ExtendOutcome, OrderId, ReleaseOutcome, ReservationRequest, Verdict},
    ports::{Cause, Reservations, ReservationsError},
};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

#[derive(Clone, Debug, clap::Args)]
pub struct CatalogSettings {
    /// Product's internal port.
    #[arg(long, env = "PRODUCT_INTERNAL_URL")]
    pub product_internal_url: String,
    /// The file with the token that product knows this service by.
    #[arg(long, env = "INTERNAL_TOKEN_FILE")]
    pub internal_token_file: PathBuf,
}

/// Longer than what product allows itself, shorter than what a customer waits for (ORDERS 16).
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub connect: Duration,
    pub call: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(500),
            call: Duration::from_secs(3),
        }
    }
}

/// Clones share the connections and the breaker.
#[derive(Clone)]
pub struct CatalogHttp(Arc<Inner>);

struct Inner {
    client: Client,
    url: String,
    token_file: PathBuf,
    currency: Currency,
    breaker: Breaker,
}

#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("product answered {status}")]
    Status { status: StatusCode },
    #[error("product's answer does not fit the question")]
    Misfit(#[source] Cause),
}

impl CatalogHttp {
    /// `currency` is the one that this shop sells in.
    pub fn try_new(
        settings: &CatalogSettings,
        timeouts: Timeouts,
        currency: Currency,
    ) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.call)
            .no_proxy()
            .build()?;
        let url = settings
            .product_internal_url
            .trim_end_matches('/')
            .to_owned();
        let token_file = settings.internal_token_file.clone();
        Ok(Self(Arc::new(Inner {
            client,
            url,
            token_file,
            currency,
            breaker: Breaker::default(),
        })))
    }

    async fn call<A: DeserializeOwned>(
        &self,
        path: &str,
        question: &impl Serialize,
    ) -> Result<A, ReservationsError> {
        let permit = self
            .0
            .breaker
            .permit()
            .ok_or(ReservationsError::LeftAlone)?;
        let answer = self.send(path, question).await;
        match &answer {
            Ok(_) | Err(ReservationsError::Refused(_)) => permit.succeeded(),
            Err(ReservationsError::Unreachable(_) | ReservationsError::Unknown(_)) => {
                permit.failed();
            }
            Err(ReservationsError::LeftAlone) => {}
        }
        answer
    }

    async fn send<A: DeserializeOwned>(
        &self,
        path: &str,
        question: &impl Serialize,
    ) -> Result<A, ReservationsError> {
        let token = web::internal::own_token(&self.0.token_file)
            .await
            .map_err(unreachable)?;
        let mut request = self
            .0
            .client
            .post(format!("{}{path}", self.0.url))
            .bearer_auth(token)
            .json(question);
        if let Some(trace) = web::current_trace() {
            request = request.header(TRACEPARENT, trace.to_string());
        }
        let answer = request.send().await.map_err(|error| {
            // Only a connection that never came about tells that nothing was done.
            if error.is_connect() || error.is_builder() {
                unreachable(error)
            } else {
                unknown(error)
            }
        })?;
        let status = answer.status();
        if status.is_success() {
            return answer.json().await.map_err(unknown);
        }
        let refused = CallError::Status { status };
        match status {
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY => {
                Err(ReservationsError::Refused(Arc::new(refused)))
            }
            // Tokens are being changed, or a rollout is under way: nothing was done.
            _ if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT => {
                Err(unreachable(refused))
            }
            _ => Err(unknown(refused)),
        }
    }
}

impl Reservations for CatalogHttp {
    async fn reserve(
        &self,
        requests: &[ReservationRequest],
    ) -> Result<Vec<Verdict>, ReservationsError> {
        let question = wire::Reservations::new(requests);
        let answer: wire::Verdicts = self.call("/internal/reservations", &question).await?;
        answer
            .into_domain(requests.len(), self.0.currency)
            .map_err(misfit)
    }

    async fn commit(&self, orders: &[OrderId]) -> Result<Vec<CommitOutcome>, ReservationsError> {
        let question = wire::OrderIds::new(orders);
        let answer: wire::Outcomes<wire::Commit> = self
            .call("/internal/reservations/commit", &question)
            .await?;
        answer.in_order_of(orders).map_err(misfit)
    }

    async fn extend(
        &self,
        holds: &[(OrderId, Duration)],
    ) -> Result<Vec<ExtendOutcome>, ReservationsError> {
        let question = wire::Extensions::new(holds);
        let answer: wire::Outcomes<wire::Extend> = self
            .call("/internal/reservations/extend", &question)
            .await?;
        let orders: Vec<OrderId> = holds.iter().map(|(order, _)| *order).collect();
        answer.in_order_of(&orders).map_err(misfit)
    }

    async fn release(&self, orders: &[OrderId]) -> Result<Vec<ReleaseOutcome>, ReservationsError> {
        let question = wire::Releases::new(orders);
        let answer: wire::Outcomes<wire::Release> = self
            .call("/internal/reservations/release", &question)
            .await?;
        answer.in_order_of(orders).map_err(misfit)
    }
}

fn unreachable(error: impl Error + Send + Sync + 'static) -> ReservationsError {
    ReservationsError::Unreachable(Arc::new(error))
}

fn unknown(error: impl Error + Send + Sync + 'static) -> ReservationsError {
    ReservationsError::Unknown(Arc::new(error))
}

fn misfit(error: wire::WireError) -> ReservationsError {
    unknown(CallError::Misfit(Arc::new(error)))
}
