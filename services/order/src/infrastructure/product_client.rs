//! Product's internal API over HTTP: batches of reservations, with short time-outs and a breaker. Errors distinguish whether
//! product may have carried out the call.

mod breaker;
mod holds;
mod movements;
mod shortfalls;
mod wire;

use std::{collections::BTreeMap, error::Error, path::PathBuf, sync::Arc, time::Duration};

use money::Currency;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use self::breaker::Breaker;
pub use self::holds::{HeldLine, HeldUnits, OrderHold};
use crate::{
    checkout::{
        model::ReservationRequest,
        ports::{Misfit, Reservations, ReservationsError, Reserved},
    },
    saga::model::{CommitOutcome, ExtendOutcome, ReleaseOutcome},
    values::{Cause, OrderId},
};

#[derive(Clone, Debug, clap::Args)]
pub struct CatalogSettings {
    /// Product's internal port.
    #[arg(long, env = "PRODUCT_INTERNAL_URL")]
    pub product_internal_url: String,
    /// The file with the token that product knows this service by.
    #[arg(long, env = "INTERNAL_TOKEN_FILE")]
    pub internal_token_file: PathBuf,
}

/// Longer than product's own limits, shorter than the time that a customer waits (ORDERS 16).
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub connect: Duration,
    pub call: Duration,
}

impl Timeouts {
    /// For the audit, which no request waits for.
    pub const AUDIT: Self = Self {
        connect: Duration::from_secs(2),
        call: Duration::from_secs(10),
    };
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
    #[error("product responded with {status}")]
    Status { status: StatusCode },
    #[error("product's response does not match the request")]
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
        let request = self.0.client.post(self.url(path)).json(question);
        self.permitted(request, |answer| serde_json::from_slice(answer))
            .await
    }

    /// A read.
    async fn ask<A: DeserializeOwned>(&self, path: &str) -> Result<A, ReservationsError> {
        let request = self.0.client.get(self.url(path));
        self.permitted(request, |answer| serde_json::from_slice(answer))
            .await
    }

    /// A call whose answer says only that it is done.
    async fn tell(&self, path: &str, what: &impl Serialize) -> Result<(), ReservationsError> {
        let request = self.0.client.post(self.url(path)).json(what);
        self.permitted(request, |_| Ok(())).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0.url)
    }

    /// An unreadable answer counts as a failure, too.
    async fn permitted<A>(
        &self,
        request: RequestBuilder,
        read: impl FnOnce(&[u8]) -> serde_json::Result<A>,
    ) -> Result<A, ReservationsError> {
        let permit = self
            .0
            .breaker
            .permit()
            .ok_or(ReservationsError::LeftAlone)?;
        let answer = self.send(request).await;
        let answer = answer.and_then(|answer| read(&answer).map_err(unknown));
        match &answer {
            Ok(_) | Err(ReservationsError::Refused(_)) => permit.succeeded(),
            Err(ReservationsError::Unreachable(_) | ReservationsError::Unknown(_)) => {
                permit.failed();
            }
            Err(ReservationsError::LeftAlone) => {}
        }
        answer
    }

    /// `committed`: whether what is committed goes back, too.
    async fn release_holds(
        &self,
        order_ids: &[Uuid],
        committed: bool,
    ) -> Result<wire::Outcomes, ReservationsError> {
        let question = wire::Releases {
            order_ids,
            committed,
        };
        self.call("/internal/reservations/release", &question).await
    }

    async fn send(&self, request: RequestBuilder) -> Result<Vec<u8>, ReservationsError> {
        let token = access::internal::own_token(&self.0.token_file)
            .await
            .map_err(unreachable)?;
        let answer = web::call(request.bearer_auth(token))
            .await
            .map_err(|error| {
                // Only a connection that was not established proves that nothing was done.
                if error.is_connect() || error.is_builder() {
                    unreachable(error)
                } else {
                    unknown(error)
                }
            })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer.bytes().await.map_err(unknown)?.into());
        }
        let refused = CallError::Status { status };
        match status {
            StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNPROCESSABLE_ENTITY => {
                Err(ReservationsError::Refused(Arc::new(refused)))
            }
            // Tokens are being rotated, or a rollout is in progress: nothing was done.
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
    ) -> Result<Vec<Reserved>, ReservationsError> {
        let question = wire::Reservations::new(requests);
        let answer: wire::Verdicts = self.call("/internal/reservations", &question).await?;
        answer
            .into_domain(requests.len(), self.0.currency)
            .map_err(|error| unknown(CallError::Misfit(Arc::new(error))))
    }

    async fn commit(
        &self,
        orders: &[OrderId],
    ) -> Result<Vec<Result<CommitOutcome, Misfit>>, ReservationsError> {
        let ids = ids(orders);
        let question = BTreeMap::from([("order_ids", &ids)]);
        let answer: wire::Outcomes = self
            .call("/internal/reservations/commit", &question)
            .await?;
        Ok(answer.of_orders(ids))
    }

    async fn extend(
        &self,
        holds: &[(OrderId, Duration)],
    ) -> Result<Vec<Result<ExtendOutcome, Misfit>>, ReservationsError> {
        let extensions = holds.iter();
        let extensions: Vec<wire::Extension> = extensions
            .map(|(order, length)| wire::Extension::new(*order, *length))
            .collect();
        let question = BTreeMap::from([("extensions", extensions)]);
        let answer: wire::Outcomes = self
            .call("/internal/reservations/extend", &question)
            .await?;
        Ok(answer.of_orders(holds.iter().map(|(order, _)| order.0)))
    }

    async fn release(
        &self,
        orders: &[OrderId],
    ) -> Result<Vec<Result<ReleaseOutcome, Misfit>>, ReservationsError> {
        let ids = ids(orders);
        Ok(self.release_holds(&ids, true).await?.of_orders(ids))
    }

    async fn give_back(&self, orders: &[OrderId]) -> Result<(), ReservationsError> {
        self.release_holds(&ids(orders), false).await.map(drop)
    }
}

fn ids(orders: &[OrderId]) -> Vec<Uuid> {
    orders.iter().map(|order| order.0).collect()
}

fn unreachable(error: impl Error + Send + Sync + 'static) -> ReservationsError {
    ReservationsError::Unreachable(Arc::new(error))
}

fn unknown(error: impl Error + Send + Sync + 'static) -> ReservationsError {
    ReservationsError::Unknown(Arc::new(error))
}
