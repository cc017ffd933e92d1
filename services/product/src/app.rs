//! What every request shares.

use std::{ops::Deref, sync::Arc};

use access::Verifier;
use axum::extract::FromRef;
use clock::Ids;
use db::Pool;
use idempotency::InFlight;
use money::Currency;

use crate::{
    audit::Auditor,
    catalog::products::{http::views::Views, reads::Reads},
};

/// Shared, not copied: every request gets one.
#[derive(Clone)]
pub struct App(Arc<Parts>);

pub struct Parts {
    pub pool: Pool,
    /// For lists and searches: few connections with short limits, so that they wait for each other and hold up nothing else.
    pub lists: Pool,
    /// For probes.
    pub health: Pool,
    pub auditor: Auditor,
    pub ids: Ids,
    pub verifier: Verifier,
    pub currency: Currency,
    pub in_flight: InFlight,
    pub reads: Reads,
    pub views: Views,
}

impl App {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}
