//! Product's verdicts on reservations: positional, read one by one. An invalid verdict fails its own order.

use std::sync::Arc;

use money::{Currency, CurrencyError, Money};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::CountError;
use crate::{
    checkout::{
        model::{HeldLine, MissingStock, Verdict},
        ports::{Misfit, Reserved},
    },
    values::{OrderId, ProductId, Quantity, Sku, SkuError, UserId},
};

/// Longer than any name that product accepts.
const MAX_NAME: usize = 1_000;

#[derive(Deserialize)]
pub(in super::super) struct Verdicts {
    verdicts: Vec<Box<RawValue>>,
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

/// What is still read of a verdict that is invalid as a whole.
#[derive(Deserialize)]
struct HoldOfOne {
    order_id: Uuid,
}

#[derive(Deserialize)]
struct LineHeld {
    product_id: Uuid,
    vendor_id: Uuid,
    sku: String,
    name: String,
    unit_price_minor: i64,
    quantity: u64,
}

#[derive(Deserialize)]
struct LineMissing {
    sku: String,
    requested: u64,
    available: i64,
}

#[derive(Deserialize)]
struct LineUnknown {
    index: usize,
}

#[derive(Debug, thiserror::Error)]
enum VerdictError {
    #[error("the verdict is invalid")]
    Json(#[from] serde_json::Error),
    #[error("a SKU of the verdict is invalid")]
    Sku(#[from] SkuError),
    #[error("the currency of the verdict is unknown")]
    Currency(#[from] CurrencyError),
    #[error("a held line has no units")]
    NoUnit,
    #[error("a name is empty, longer than {MAX_NAME} characters, or not text")]
    Name,
    #[error("a price is negative")]
    Price,
}

impl Verdicts {
    pub(in super::super) fn into_domain(
        self,
        asked: usize,
        shop: Currency,
    ) -> Result<Vec<Reserved>, CountError> {
        if self.verdicts.len() != asked {
            return Err(CountError {
                asked,
                answered: self.verdicts.len(),
            });
        }
        let read = |verdict: Box<RawValue>| {
            let of_one = serde_json::from_str::<VerdictOfOne>(verdict.get());
            match of_one.map_err(VerdictError::from) {
                Ok(of_one) => of_one.into_domain(shop),
                Err(error) => Err(error),
            }
            .map_err(|error| {
                let hold = serde_json::from_str::<HoldOfOne>(verdict.get());
                (
                    hold.ok().map(|hold| OrderId(hold.order_id)),
                    Misfit(Arc::new(error)),
                )
            })
        };
        Ok(self
            .verdicts
            .into_iter()
            .map(|verdict| match read(verdict) {
                Ok(verdict) => Reserved::Verdict(verdict),
                Err((hold, misfit)) => Reserved::Unusable { hold, misfit },
            })
            .collect())
    }
}

impl VerdictOfOne {
    fn into_domain(self, shop: Currency) -> Result<Verdict, VerdictError> {
        Ok(match self {
            Self::Held {
                order_id,
                currency,
                lines,
            } => held(OrderId(order_id), currency.parse()?, lines)?,
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

fn held(
    order_id: OrderId,
    currency: Currency,
    wire: Vec<LineHeld>,
) -> Result<Verdict, VerdictError> {
    let mut lines = Vec::with_capacity(wire.len());
    for line in wire {
        let sku = Sku::try_from(line.sku)?;
        // Product merges what names the same product, and may allow more than an order does.
        if line.quantity > u64::from(Quantity::MAX) {
            return Ok(Verdict::TooManyUnits { order_id, sku });
        }
        let quantity = u32::try_from(line.quantity)
            .ok()
            .and_then(|units| Quantity::try_from(units).ok());
        if line.name.trim().is_empty()
            || line.name.contains('\0')
            || line.name.chars().count() > MAX_NAME
        {
            return Err(VerdictError::Name);
        }
        if line.unit_price_minor < 0 {
            return Err(VerdictError::Price);
        }
        lines.push(HeldLine {
            product_id: ProductId(line.product_id),
            vendor_id: UserId(line.vendor_id),
            sku,
            name: line.name,
            unit_price: Money::new(line.unit_price_minor, currency),
            quantity: quantity.ok_or(VerdictError::NoUnit)?,
        });
    }
    Ok(Verdict::Held {
        order_id,
        currency,
        lines,
    })
}

impl LineMissing {
    fn into_domain(self) -> Result<MissingStock, VerdictError> {
        let units = |units: u64| u32::try_from(units).unwrap_or(u32::MAX);
        Ok(MissingStock {
            sku: Sku::try_from(self.sku)?,
            requested: units(self.requested),
            available: units(u64::try_from(self.available).unwrap_or(0)),
        })
    }
}
