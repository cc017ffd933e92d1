//! Product's calls about goods that leave and come back.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CatalogHttp, misfit, wire::WireError};
use crate::{
    domain::{Parcel, ParcelOutcome, ParcelRefusal},
    ports::{ReservationsError, Warehouse},
};

#[derive(Serialize)]
struct Shipments<'a> {
    shipments: Vec<Goods<'a>>,
}

#[derive(Serialize)]
struct Returns<'a> {
    returns: Vec<Goods<'a>>,
}

#[derive(Serialize)]
struct Goods<'a> {
    id: Uuid,
    order_id: Uuid,
    lines: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    sku: &'a str,
    quantity: u32,
}

#[derive(Deserialize)]
struct Outcomes {
    outcomes: Vec<OutcomeOfOne>,
}

#[derive(Deserialize)]
struct OutcomeOfOne {
    id: Uuid,
    outcome: Outcome,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Shipped,
    Returned,
    NotCommitted,
    TooMany,
    Gone,
    Mismatch,
}

impl Warehouse for CatalogHttp {
    async fn ship(&self, parcels: &[Parcel]) -> Result<Vec<ParcelOutcome>, ReservationsError> {
        let question = Shipments {
            shipments: parcels.iter().map(goods).collect(),
        };
        let answer: Outcomes = self.call("/internal/reservations/ship", &question).await?;
        answer.in_order_of(parcels).map_err(misfit)
    }

    async fn take_back(&self, parcels: &[Parcel]) -> Result<Vec<ParcelOutcome>, ReservationsError> {
        let question = Returns {
            returns: parcels.iter().map(goods).collect(),
        };
        let answer: Outcomes = self
            .call("/internal/reservations/return", &question)
            .await?;
        answer.in_order_of(parcels).map_err(misfit)
    }
}

fn goods(parcel: &Parcel) -> Goods<'_> {
    Goods {
        id: parcel.id,
        order_id: parcel.order_id.0,
        lines: parcel
            .lines
            .iter()
            .map(|(sku, quantity)| Line {
                sku: sku.as_str(),
                quantity: quantity.get(),
            })
            .collect(),
    }
}

impl Outcomes {
    /// The outcomes in the order of the question, whatever the order of the answer.
    fn in_order_of(&self, parcels: &[Parcel]) -> Result<Vec<ParcelOutcome>, WireError> {
        let by_id: HashMap<Uuid, Outcome> = self
            .outcomes
            .iter()
            .map(|one| (one.id, one.outcome))
            .collect();
        parcels
            .iter()
            .map(|parcel| {
                by_id
                    .get(&parcel.id)
                    .map(|outcome| ParcelOutcome::from(*outcome))
                    .ok_or(WireError::Missing)
            })
            .collect()
    }
}

impl From<Outcome> for ParcelOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Shipped | Outcome::Returned => Self::Done,
            Outcome::NotCommitted => Self::Refused(ParcelRefusal::NotCommitted),
            Outcome::TooMany => Self::Refused(ParcelRefusal::TooMany),
            Outcome::Gone => Self::Refused(ParcelRefusal::Gone),
            Outcome::Mismatch => Self::Refused(ParcelRefusal::Mismatch),
        }
    }
}
