//! Product's calls about goods that leave and come back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CatalogHttp, wire::Outcomes};
use crate::{
    checkout::ports::ReservationsError,
    fulfillment::{
        model::{Movement, MovementOutcome, MovementRefusal},
        ports::{MovementOutcomes, Stock},
    },
};

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

impl Stock for CatalogHttp {
    async fn ship(&self, movements: &[Movement]) -> Result<MovementOutcomes, ReservationsError> {
        let path = "/internal/reservations/ship";
        self.move_goods(path, "shipments", movements).await
    }

    async fn take_back(
        &self,
        movements: &[Movement],
    ) -> Result<MovementOutcomes, ReservationsError> {
        let path = "/internal/reservations/return";
        self.move_goods(path, "returns", movements).await
    }
}

impl CatalogHttp {
    /// `member`: the name of the movements in the body.
    async fn move_goods(
        &self,
        path: &str,
        member: &'static str,
        movements: &[Movement],
    ) -> Result<MovementOutcomes, ReservationsError> {
        let goods: Vec<Goods> = movements.iter().map(goods).collect();
        let answer: Outcomes = self.call(path, &BTreeMap::from([(member, goods)])).await?;
        let outcomes = answer.of_movements(movements.iter().map(|movement| movement.id));
        let read = |outcome: Result<Outcome, _>| outcome.map(MovementOutcome::from);
        Ok(outcomes.into_iter().map(read).collect())
    }
}

fn goods(movement: &Movement) -> Goods<'_> {
    Goods {
        id: movement.id,
        order_id: movement.order_id.0,
        lines: movement
            .lines
            .iter()
            .map(|line| Line {
                sku: line.sku.as_str(),
                quantity: line.quantity.get(),
            })
            .collect(),
    }
}

impl From<Outcome> for MovementOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Shipped | Outcome::Returned => Self::Done,
            Outcome::NotCommitted => Self::Refused(MovementRefusal::NotCommitted),
            Outcome::TooMany => Self::Refused(MovementRefusal::TooMany),
            Outcome::Gone => Self::Refused(MovementRefusal::Gone),
            Outcome::Mismatch => Self::Refused(MovementRefusal::Mismatch),
        }
    }
}
