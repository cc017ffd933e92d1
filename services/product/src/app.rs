//! What every request shares.

use axum::extract::FromRef;
use money::Currency;
use sqlx::PgPool;
use web::{clock::Clock, token::Verifier};

use crate::{idempotency::InFlight, views::Views};

#[derive(Clone)]
pub struct App {
    pub pool: PgPool,
    pub clock: Clock,
    pub verifier: Verifier,
    pub currency: Currency,
    pub in_flight: InFlight,
    pub views: Views,
}

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}
