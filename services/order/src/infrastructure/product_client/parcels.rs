//! Product's calls about goods that leave and come back.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CatalogHttp, wire::Outcomes};
use crate::{
    checkout::ports::{Misfit, ReservationsError},
    fulfillment::{
        model::{Parcel, ParcelOutcome, ParcelRefusal},
        ports::Warehouse,
    },
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
    async fn ship(
        &self,
        parcels: &[Parcel],
    ) -> Result<Vec<Result<ParcelOutcome, Misfit>>, ReservationsError> {
        let question = Shipments {
            shipments: parcels.iter().map(goods).collect(),
        };
        let answer: Outcomes = self.call("/internal/reservations/ship", &question).await?;
        Ok(answer.of_parcels::<Outcome, _>(parcels.iter().map(|parcel| parcel.id)))
    }

    async fn take_back(
        &self,
        parcels: &[Parcel],
    ) -> Result<Vec<Result<ParcelOutcome, Misfit>>, ReservationsError> {
        let question = Returns {
            returns: parcels.iter().map(goods).collect(),
        };
        let answer: Outcomes = self
            .call("/internal/reservations/return", &question)
            .await?;
        Ok(answer.of_parcels::<Outcome, _>(parcels.iter().map(|parcel| parcel.id)))
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
