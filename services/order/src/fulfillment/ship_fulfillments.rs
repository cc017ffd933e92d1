//! Fulfillments that are shipped are reported to product; nothing else has to be done.

use std::time::Duration;

use super::{
    Direction,
    model::Movement,
    ports::{MovementOutcomes, Stock},
};
use crate::{checkout::ports::ReservationsError, intents::ports::IntentError};

#[derive(Clone)]
pub struct ShipFulfillments<S> {
    pub stock: S,
}

impl<S: Stock> Direction for ShipFulfillments<S> {
    type Goods = Movement;

    const NAME: &'static str = "shipments";
    const BATCH: i64 = 128;
    const LEASE: Duration = Duration::from_secs(10);

    async fn tell(&self, movements: &[Movement]) -> Result<MovementOutcomes, ReservationsError> {
        self.stock.ship(movements).await
    }

    async fn complete(&self, _: &Movement) -> Result<(), IntentError> {
        Ok(())
    }
}
