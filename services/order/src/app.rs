//! The use cases assembled: the state of the HTTP handlers.

use std::{ops::Deref, sync::Arc, time::Duration};

use access::{
    Verifier,
    internal::{AllowedCallers, require_caller},
};
use axum::{Router, extract::FromRef, middleware::from_fn_with_state, routing::get};
use clock::{Ids, Jitter};
use db::Pool;
use idempotency::KeyPolicy;
use money::Currency;
use web::{
    limit::{Limiter, Policy},
    service::{Dependency, Service},
};
use worker::Tasks;

use crate::{
    audit::{Auditor, OrderSource},
    checkout::{PlaceOrder, PlaceOrders, QueueLimits},
    fulfillment::FulfillOrder,
    infrastructure::{
        postgres::{MIGRATOR, PgOrders},
        product_client::CatalogHttp,
    },
    intents::{IntentGate, IntentLimits},
    orders::{CancelOrder, ReadOrders, ReviseOrder},
    payments::{
        AnnotatePayment, DecidePayment, PaymentTerms, ReadPayments, RecordProviderResult,
        RefundPayment, StartPayment, postgres::PgPayments, providers::SignedWebhooks,
    },
    returns::ReturnGoods,
    saga::{AdministerSagas, SagaWaker},
};

/// How long a reservation without an answer is repeated: a little longer than one call may take.
pub const RESERVATION_PATIENCE: Duration = Duration::from_secs(5);

/// Shared, not copied: every request gets one.
#[derive(Clone)]
pub struct App(Arc<UseCases>);

pub struct UseCases {
    pub place_order: PlaceOrder,
    pub read_orders: ReadOrders<PgOrders>,
    pub fulfill_order: FulfillOrder<PgOrders>,
    pub return_goods: ReturnGoods<PgOrders>,
    pub administer_sagas: AdministerSagas<PgOrders, PgPayments>,
    pub revise_order: ReviseOrder<PgOrders>,
    pub cancel_order: CancelOrder<PgPayments, PgOrders>,
    pub start_payment: StartPayment<PgPayments>,
    pub decide_payment: DecidePayment<PgPayments>,
    pub refund_payment: RefundPayment<PgPayments>,
    pub record_provider_result: RecordProviderResult<PgPayments>,
    pub read_payments: ReadPayments<PgPayments>,
    pub annotate_payment: AnnotatePayment<PgPayments>,
    pub webhooks: SignedWebhooks,
    pub terms: PaymentTerms,
    pub intents: IntentGate,
    /// Limits the changes that one customer requests.
    pub changes: Limiter,
    pub require_shipping_address: bool,
    pub keys: KeyPolicy,
    pub verifier: Verifier,
    pub currency: Currency,
}

/// What an [`App`] is made of.
pub struct Parts {
    pub orders: PgOrders,
    pub payments: PgPayments,
    pub terms: PaymentTerms,
    pub webhooks: SignedWebhooks,
    pub reservations: CatalogHttp,
    pub verifier: Verifier,
    pub currency: Currency,
    pub ids: Ids,
    pub jitter: Jitter,
    pub waker: SagaWaker,
    pub limits: QueueLimits,
    pub intents: IntentLimits,
    /// Changes that one customer may request.
    pub changes_per_minute: u32,
    pub require_shipping_address: bool,
    /// Whether clients must send an `Idempotency-Key`.
    pub require_key: bool,
    pub patience: Duration,
}

impl App {
    /// Starts the consumers of the queue of orders.
    pub fn start(parts: Parts, tasks: &mut Tasks) -> Self {
        let Parts {
            orders,
            payments,
            terms,
            webhooks,
            reservations,
            verifier,
            currency,
            ids,
            jitter,
            waker,
            limits,
            intents,
            changes_per_minute,
            require_shipping_address,
            require_key,
            patience,
        } = parts;
        let batches = PlaceOrders {
            reservations,
            orders: orders.clone(),
            ids,
            jitter,
            currency,
            waker: waker.clone(),
            terms: terms.clone(),
            patience,
        };
        Self(Arc::new(UseCases {
            place_order: PlaceOrder::start(batches, limits, tasks),
            cancel_order: CancelOrder::new(payments.clone(), orders.clone(), waker.clone()),
            administer_sagas: AdministerSagas::new(orders.clone(), payments.clone(), waker.clone()),
            start_payment: StartPayment::new(payments.clone(), terms.clone(), ids, waker.clone()),
            decide_payment: DecidePayment::new(payments.clone(), waker.clone()),
            refund_payment: RefundPayment::new(payments.clone(), ids, waker.clone()),
            record_provider_result: RecordProviderResult::new(payments.clone(), waker),
            annotate_payment: AnnotatePayment::new(payments.clone()),
            read_payments: ReadPayments::new(payments),
            webhooks,
            terms,
            read_orders: ReadOrders::new(orders.clone()),
            fulfill_order: FulfillOrder::new(orders.clone(), ids),
            return_goods: ReturnGoods::new(orders.clone(), ids),
            revise_order: ReviseOrder::new(orders),
            intents: IntentGate::new(intents),
            changes: Limiter::new(Policy {
                name: "changes",
                limit: changes_per_minute,
                window: Duration::from_mins(1),
            }),
            require_shipping_address,
            keys: KeyPolicy {
                required: require_key,
                ids,
            },
            verifier,
            currency,
        }))
    }
}

impl Deref for App {
    type Target = UseCases;

    fn deref(&self) -> &UseCases {
        &self.0
    }
}

/// Everything on the internal port: the audit's result to `observers`, and the probes.
pub fn internal(service: &Service, auditor: Auditor, observers: Option<AllowedCallers>) -> Router {
    let probes = service.probes();
    let Some(observers) = observers else {
        return probes;
    };
    let audit = Router::new()
        .route(
            "/internal/audit",
            get(::audit::get_audit::<OrderSource>).post(::audit::request_audit::<OrderSource>),
        )
        .route_layer(from_fn_with_state(observers, require_caller))
        .with_state(auditor);
    audit.merge(probes)
}

/// The service as the probes and the documents know it.
pub fn service(pool: Option<Pool>) -> Service {
    let database = |pool| Dependency::database("database", pool, &MIGRATOR);
    Service {
        name: "order",
        version: env!("CARGO_PKG_VERSION"),
        health_aliases: &[
            "/api/orders/health",
            // Notifications would be of this service's events; no other service delivers them yet.
            "/api/notifications/health",
            "/api/v1/notifications/health",
        ],
        dependencies: pool.map(database).into_iter().collect(),
    }
}

impl FromRef<App> for KeyPolicy {
    fn from_ref(app: &App) -> Self {
        app.keys
    }
}

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}
