//! The JSON of product's internal API, and its way into the domain and back.
//! Answers may carry members that this version does not know: product may be newer (ORDERS 33).

use std::{collections::HashMap, time::Duration};

use money::{Currency, CurrencyError, Money};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{
    CommitOutcome, ExtendOutcome, HeldLine, MissingStock, OrderId, ProductId, ProductReference,
    Quantity, QuantityError, ReleaseOutcome, ReservationRequest, Sku, SkuError, UserId, Verdict,
};

/// How long stock is held before the saga commits it (ORDERS 2).
const HOLD_SECONDS: u32 = 60;

#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    #[error("{asked} questions and {answered} answers")]
    Count { asked: usize, answered: usize },
    #[error("an order is missing from the answer")]
    Missing,
    #[error("a field breaks its rule")]
    Quantity(#[from] QuantityError),
    #[error("a field breaks its rule")]
    Sku(#[from] SkuError),
    #[error("a field breaks its rule")]
    Currency(#[from] CurrencyError),
}

#[derive(Serialize)]
pub(super) struct Reservations<'a> {
    reservations: Vec<Reservation<'a>>,
}

#[derive(Serialize)]
struct Reservation<'a> {
    request_key: String,
    fingerprint: String,
    order_id: Uuid,
    hold_seconds: u32,
    expected_total_minor: Option<i64>,
    lines: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    product: Product<'a>,
    quantity: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Product<'a> {
    ProductId(Uuid),
    Sku(&'a str),
}

impl<'a> Reservations<'a> {
    pub(super) fn new(requests: &'a [ReservationRequest]) -> Self {
        let line = |line: &'a crate::domain::RequestedLine| Line {
            product: match &line.product {
                ProductReference::ProductId(id) => Product::ProductId(id.0),
                ProductReference::Sku(sku) => Product::Sku(sku.as_str()),
            },
            quantity: line.quantity.get(),
        };
        let reservation = |request: &'a ReservationRequest| Reservation {
            request_key: hex::encode(request.request_key.0),
            fingerprint: hex::encode(request.fingerprint.0),
            order_id: request.order_id.0,
            hold_seconds: HOLD_SECONDS,
            expected_total_minor: request.expected_total.map(|total| total.minor),
            lines: request.lines.as_slice().iter().map(line).collect(),
        };
        Self {
            reservations: requests.iter().map(reservation).collect(),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Verdicts {
    verdicts: Vec<VerdictOfOne>,
}

#[derive(Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
enum VerdictOfOne {
    Held {
        order_id: Uuid,
        currency: String,
        lines: Vec<LineHeld>,
    },
    OutOfStock {
        lines: Vec<LineMissing>,
    },
    UnknownProduct {
        lines: Vec<LineUnknown>,
    },
    PriceChanged {
        total_minor: i64,
    },
    FingerprintMismatch,
    Gone,
}

#[derive(Deserialize)]
struct LineHeld {
    product_id: Uuid,
    vendor_id: Uuid,
    sku: String,
    name: String,
    unit_price_minor: i64,
    quantity: u32,
}

#[derive(Deserialize)]
struct LineMissing {
    sku: String,
    requested: u32,
    available: i64,
}

#[derive(Deserialize)]
struct LineUnknown {
    index: usize,
}

impl Verdicts {
    pub(super) fn into_domain(
        self,
        asked: usize,
        shop: Currency,
    ) -> Result<Vec<Verdict>, WireError> {
        if self.verdicts.len() != asked {
            return Err(WireError::Count {
                asked,
                answered: self.verdicts.len(),
            });
        }
        self.verdicts
            .into_iter()
            .map(|verdict| verdict.into_domain(shop))
            .collect()
    }
}

impl VerdictOfOne {
    fn into_domain(self, shop: Currency) -> Result<Verdict, WireError> {
        Ok(match self {
            Self::Held {
                order_id,
                currency,
                lines,
            } => {
                let currency = currency.parse()?;
                let lines = lines
                    .into_iter()
                    .map(|line| line.into_domain(currency))
                    .collect::<Result<_, _>>()?;
                Verdict::Held {
                    order_id: OrderId(order_id),
                    currency,
                    lines,
                }
            }
            Self::OutOfStock { lines } => {
                let lines = lines
                    .into_iter()
                    .map(LineMissing::into_domain)
                    .collect::<Result<_, _>>()?;
                Verdict::OutOfStock { lines }
            }
            Self::UnknownProduct { lines } => Verdict::UnknownProducts {
                lines: lines.into_iter().map(|line| line.index).collect(),
            },
            Self::PriceChanged { total_minor } => Verdict::PriceChanged {
                total: Money::new(total_minor, shop),
            },
            Self::FingerprintMismatch => Verdict::FingerprintMismatch,
            Self::Gone => Verdict::Gone,
        })
    }
}

impl LineHeld {
    fn into_domain(self, currency: Currency) -> Result<HeldLine, WireError> {
        Ok(HeldLine {
            product_id: ProductId(self.product_id),
            vendor_id: UserId(self.vendor_id),
            sku: self.sku.try_into()?,
            name: self.name,
            unit_price: Money::new(self.unit_price_minor, currency),
            quantity: Quantity::try_from(self.quantity)?,
        })
    }
}

impl LineMissing {
    fn into_domain(self) -> Result<MissingStock, WireError> {
        let available = u32::try_from(self.available.max(0)).unwrap_or(u32::MAX);
        Ok(MissingStock {
            sku: Sku::try_from(self.sku)?,
            requested: self.requested,
            available,
        })
    }
}

#[derive(Serialize)]
pub(super) struct OrderIds {
    order_ids: Vec<Uuid>,
}

impl OrderIds {
    pub(super) fn new(orders: &[OrderId]) -> Self {
        Self {
            order_ids: orders.iter().map(|order| order.0).collect(),
        }
    }
}

/// Orders whose committed units go back too.
#[derive(Serialize)]
pub(super) struct Releases {
    order_ids: Vec<Uuid>,
    committed: bool,
}

impl Releases {
    pub(super) fn new(orders: &[OrderId]) -> Self {
        Self {
            order_ids: orders.iter().map(|order| order.0).collect(),
            committed: true,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Extensions {
    extensions: Vec<Extension>,
}

#[derive(Serialize)]
struct Extension {
    order_id: Uuid,
    hold_seconds: u32,
}

impl Extensions {
    pub(super) fn new(holds: &[(OrderId, Duration)]) -> Self {
        let seconds = |length: &Duration| u32::try_from(length.as_secs()).unwrap_or(u32::MAX);
        Self {
            extensions: holds
                .iter()
                .map(|(order, length)| Extension {
                    order_id: order.0,
                    hold_seconds: seconds(length),
                })
                .collect(),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Outcomes<O> {
    outcomes: Vec<OutcomeOfOne<O>>,
}

#[derive(Deserialize)]
struct OutcomeOfOne<O> {
    order_id: Uuid,
    outcome: O,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Commit {
    Committed,
    Lost,
    Gone,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Extend {
    Extended,
    Committed,
    Lost,
    Gone,
}

impl From<Extend> for ExtendOutcome {
    fn from(outcome: Extend) -> Self {
        match outcome {
            Extend::Extended => Self::Extended,
            Extend::Committed => Self::Committed,
            Extend::Lost => Self::Lost,
            Extend::Gone => Self::Gone,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Release {
    Released,
    Committed,
}

impl<O: Copy> Outcomes<O> {
    /// The outcomes in the order of the question, whatever the order of the answer.
    pub(super) fn in_order_of<D: From<O>>(&self, orders: &[OrderId]) -> Result<Vec<D>, WireError> {
        let by_order: HashMap<Uuid, O> = self
            .outcomes
            .iter()
            .map(|one| (one.order_id, one.outcome))
            .collect();
        let outcome = |order: &OrderId| {
            by_order
                .get(&order.0)
                .copied()
                .map(D::from)
                .ok_or(WireError::Missing)
        };
        orders.iter().map(outcome).collect()
    }
}

impl From<Commit> for CommitOutcome {
    fn from(outcome: Commit) -> Self {
        match outcome {
            Commit::Committed => Self::Committed,
            Commit::Lost => Self::Lost,
            Commit::Gone => Self::Gone,
        }
    }
}

impl From<Release> for ReleaseOutcome {
    fn from(outcome: Release) -> Self {
        match outcome {
            Release::Released => Self::Released,
            Release::Committed => Self::Committed,
        }
    }
}
