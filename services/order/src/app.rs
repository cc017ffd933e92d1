//! The use cases put together: what the HTTP adapter's handlers find in their state.

use std::time::Duration;

use axum::{Router, extract::FromRef};
use money::Currency;
use sqlx::PgPool;
use web::{
    clock::Clock,
    service::{Dependency, Service},
    token::Verifier,
};

use crate::{
    adapters::{
        catalog_http::CatalogHttp,
        http,
        postgres::{MIGRATOR, PgOrders},
    },
    application::{
        GetOrder, ListOrders, OrderHistory, PlaceOrder, PlaceOrders, Poke, QueueLimits,
        ReviseOrder, SetOrderStatus,
    },
};

/// How long a reservation without an answer is sent again: a little longer than one call may take.
pub const RESERVATION_PATIENCE: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct App {
    pub place_order: PlaceOrder,
    pub get_order: GetOrder<PgOrders>,
    pub list_orders: ListOrders<PgOrders>,
    pub order_history: OrderHistory<PgOrders>,
    pub revise_order: ReviseOrder<PgOrders>,
    pub set_order_status: SetOrderStatus<PgOrders>,
    pub verifier: Verifier,
    pub currency: Currency,
}

/// What an [`App`] is made of.
pub struct Parts {
    pub orders: PgOrders,
    pub reservations: CatalogHttp,
    pub verifier: Verifier,
    pub currency: Currency,
    pub clock: Clock,
    pub poke: Poke,
    pub limits: QueueLimits,
    pub patience: Duration,
}

impl App {
    /// Starts the lanes that carry orders out.
    pub fn start(parts: Parts) -> Self {
        let Parts {
            orders,
            reservations,
            verifier,
            currency,
            clock,
            poke,
            limits,
            patience,
        } = parts;
        let batches = PlaceOrders {
            reservations,
            orders: orders.clone(),
            clock,
            currency,
            poke,
            patience,
        };
        Self {
            place_order: PlaceOrder::start(batches, limits),
            get_order: GetOrder::new(orders.clone()),
            list_orders: ListOrders::new(orders.clone()),
            order_history: OrderHistory::new(orders.clone()),
            revise_order: ReviseOrder::new(orders.clone()),
            set_order_status: SetOrderStatus::new(orders),
            verifier,
            currency,
        }
    }

    /// Everything on the public port.
    pub fn router(self, service: &Service, legacy_aliases: bool) -> Router {
        let api = http::routes();
        let root = if legacy_aliases {
            api.clone().split_for_parts().0
        } else {
            Router::new()
        };
        service.public(api, root, self)
    }
}

/// The service as the probes and the documents know it.
pub fn service(pool: Option<PgPool>) -> Service {
    let database = |pool: PgPool| {
        Dependency::new("database", move || {
            let pool = pool.clone();
            async move { postgres::schema_is_current(&pool, &MIGRATOR).await }
        })
    };
    Service {
        name: "order",
        version: env!("CARGO_PKG_VERSION"),
        health_alias: Some("/api/orders/health"),
        dependencies: pool.map(database).into_iter().collect(),
    }
}

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}
