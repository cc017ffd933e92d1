//! One shop a test: the service's router over the test's own database, and a product of its own.

mod driving;
mod requests;

use std::{num::NonZeroU32, path::PathBuf, sync::LazyLock, time::Duration};

use access::{Role, testing::Signer};
use axum::Router;
use clock::{Clock, Ids, Jitter};
use db::{Pool, testing::Proxy};
use order::{
    app::{App, Parts, service},
    checkout::{PlaceOrders, QueueLimits},
    infrastructure::{
        postgres::PgOrders,
        product_client::{CatalogHttp, CatalogSettings, Timeouts},
    },
    intents::IntentLimits,
    payments::{
        PaymentTerms,
        ports::PaymentProvider,
        postgres::PgPayments,
        providers::{
            CaptureChoice, MockSettings, PaymentSettings, ProviderChoice, Providers, SignedWebhooks,
        },
    },
    saga::SagaWaker,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use uuid::Uuid;
use worker::Tasks;

pub use self::requests::{Answer, address, order_of, post};
use super::product::{Product, TOKEN};
use crate::{orders::events, payments::mock_provider::secret_file};

pub struct Shop {
    pub pool: PgPool,
    pub product: Product,
    pub reservations: CatalogHttp,
    pub router: Router,
    /// The connections of changes.
    pub intents: Pool,
    waker: SagaWaker,
    signer: Signer,
    waits: Waits,
    provider: Providers,
    terms: PaymentTerms,
    /// The background tasks of the process, which end with the shop.
    _tasks: Tasks,
}

#[derive(Clone)]
pub struct Person {
    pub id: Uuid,
    pub token: String,
}

/// What a shop requires of requests, and its clock.
#[derive(Clone, Copy)]
pub struct Rules {
    pub require_key: bool,
    pub require_address: bool,
    /// 0: any number.
    pub most_unpaid_units: u32,
    pub changes_per_minute: u32,
    pub clock: Clock,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            require_key: false,
            require_address: false,
            most_unpaid_units: 100,
            changes_per_minute: 1_000,
            clock: Clock::system(),
        }
    }
}

/// How long a shop waits for its product.
#[derive(Clone, Copy)]
struct Waits {
    timeouts: Timeouts,
    patience: Duration,
}

/// Long, so that tests do not fail on a busy machine.
const PATIENT: Waits = Waits {
    timeouts: Timeouts {
        connect: Duration::from_secs(2),
        call: Duration::from_secs(5),
    },
    patience: Duration::from_secs(10),
};
/// Short, for tests of time-outs.
const IMPATIENT: Waits = Waits {
    timeouts: Timeouts {
        connect: Duration::from_millis(200),
        call: Duration::from_millis(400),
    },
    patience: Duration::from_millis(600),
};

/// Limits of the database as `libs/db` sets them.
const LIMITS: [(&str, &str); 3] = [
    ("lock_timeout", "250ms"),
    ("statement_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "5s"),
];

impl Shop {
    pub async fn open(pool: PgPool) -> Self {
        Self::with(pool, QueueLimits::default()).await
    }

    pub async fn with(pool: PgPool, limits: QueueLimits) -> Self {
        events::watch(&pool).await;
        Self::replica(
            &pool,
            Product::open().await,
            limits,
            PATIENT,
            &free(),
            Rules::default(),
        )
    }

    /// A shop whose orders are paid at the mock provider.
    pub async fn with_payments(pool: PgPool) -> Self {
        Self::paid(pool, &at_the_mock()).await
    }

    pub async fn paid(pool: PgPool, settings: &PaymentSettings) -> Self {
        events::watch(&pool).await;
        Self::replica(
            &pool,
            Product::open().await,
            QueueLimits::default(),
            PATIENT,
            settings,
            Rules::default(),
        )
    }

    /// A shop with rules of its own.
    pub async fn ruled(pool: PgPool, settings: &PaymentSettings, rules: Rules) -> Self {
        events::watch(&pool).await;
        let product = Product::open().await;
        Self::replica(
            &pool,
            product,
            QueueLimits::default(),
            PATIENT,
            settings,
            rules,
        )
    }

    /// The same shop, with keys required.
    pub fn strict(&self) -> Self {
        let rules = Rules {
            require_key: true,
            ..Rules::default()
        };
        let product = self.product.clone();
        Self::replica(
            &self.pool,
            product,
            QueueLimits::default(),
            PATIENT,
            &free(),
            rules,
        )
    }

    /// A shop that soon gives up on its product.
    pub async fn impatient(pool: PgPool) -> Self {
        events::watch(&pool).await;
        Self::replica(
            &pool,
            Product::open().await,
            QueueLimits::default(),
            IMPATIENT,
            &free(),
            Rules::default(),
        )
    }

    /// Another replica with the same database and the same product.
    pub fn twin(&self) -> Self {
        Self::replica(
            &self.pool,
            self.product.clone(),
            QueueLimits::default(),
            PATIENT,
            &free(),
            Rules::default(),
        )
    }

    /// The same, with payments and rules of its own.
    pub fn twin_ruled(&self, settings: &PaymentSettings, rules: Rules) -> Self {
        Self::replica(
            &self.pool,
            self.product.clone(),
            QueueLimits::default(),
            PATIENT,
            settings,
            rules,
        )
    }

    fn replica(
        test: &PgPool,
        product: Product,
        limits: QueueLimits,
        waits: Waits,
        payments: &PaymentSettings,
        rules: Rules,
    ) -> Self {
        let options = (*test.connect_options()).clone().options(LIMITS);
        let connections = |most| {
            let options = options.clone();
            PgPoolOptions::new()
                .max_connections(most)
                .connect_lazy_with(options)
        };
        // Connections of tests and workers, and of the parts of `serve`.
        let orders = PgOrders {
            readers: connections(2).into(),
            placing: connections(4).into(),
            intents: connections(2).into(),
            jitter: Jitter::random(),
        };
        Self::over(
            connections(5),
            orders,
            product,
            limits,
            waits,
            payments,
            rules,
        )
    }

    /// A shop whose service has its database behind a proxy, with the limits that it has in production; the test
    /// itself uses the database directly.
    pub async fn behind_proxy(pool: PgPool) -> (Self, Proxy) {
        events::watch(&pool).await;
        let proxy = Proxy::open(&pool).await.unwrap();
        let pool_of_shop = proxy.database(5).pool("order").unwrap();
        let orders = PgOrders::shared(pool_of_shop, Jitter::random());
        let (product, limits) = (Product::open().await, QueueLimits::default());
        let rules = Rules::default();
        let shop = Self::over(pool, orders, product, limits, PATIENT, &free(), rules);
        (shop, proxy)
    }

    fn over(
        pool: PgPool,
        orders: PgOrders,
        product: Product,
        limits: QueueLimits,
        waits: Waits,
        payments: &PaymentSettings,
        rules: Rules,
    ) -> Self {
        let settings = CatalogSettings {
            product_internal_url: product.url.clone(),
            internal_token_file: token_file(),
        };
        let reservations =
            CatalogHttp::try_new(&settings, waits.timeouts, "USD".parse().unwrap()).unwrap();
        let (signer, waker, clock) = (
            Signer::try_new().unwrap(),
            SagaWaker::default(),
            rules.clock,
        );
        let provider = Providers::new(payments, &orders.placing);
        let terms = PaymentTerms {
            methods: provider.methods().into(),
            window: Duration::from_secs(payments.payment_window_seconds.into()),
            capture: payments.payment_capture.into(),
            most_unpaid: payments.max_unpaid_per_customer,
            most_unpaid_units: NonZeroU32::new(rules.most_unpaid_units),
        };
        let (readers, intents) = (orders.readers.clone(), orders.intents.clone());
        let mut tasks = Tasks::new(watch::channel(false).1);
        let parts = Parts {
            payments: PgPayments::new(
                orders.readers.clone(),
                orders.intents.clone(),
                Jitter::random(),
            ),
            terms: terms.clone(),
            webhooks: SignedWebhooks::new(payments.payment_webhook_secret_file.clone(), clock),
            orders,
            reservations: reservations.clone(),
            verifier: signer.verifier().unwrap(),
            currency: "USD".parse().unwrap(),
            ids: Ids::system(),
            jitter: Jitter::random(),
            waker: waker.clone(),
            limits,
            intents: IntentLimits {
                per_customer: 16,
                per_resource: 20,
                total: 256,
            },
            changes_per_minute: rules.changes_per_minute,
            require_shipping_address: rules.require_address,
            require_key: rules.require_key,
            patience: waits.patience,
        };
        let app = App::start(parts, &mut tasks);
        let router = app.router(&service(Some(readers)), true);
        let router = web::server::layered(router, &TaskTracker::new(), web::server::Port::Public);
        Self {
            pool,
            product,
            reservations,
            router,
            intents,
            waker,
            signer,
            waits,
            provider,
            terms,
            _tasks: tasks,
        }
    }

    pub fn person(&self, roles: &[Role]) -> Person {
        self.person_with(Ids::system().uuid(), roles)
    }

    pub fn person_with(&self, id: Uuid, roles: &[Role]) -> Person {
        Person {
            id,
            token: self.signer.token(id, roles).unwrap(),
        }
    }

    /// One who has a custom role with these permissions.
    pub fn permitted(&self, scope: &str) -> Person {
        let id = Ids::system().uuid();
        Person {
            id,
            token: self.signer.permitted(id, scope).unwrap(),
        }
    }

    pub fn customer(&self) -> Person {
        self.person(&[Role::Customer])
    }

    pub fn admin(&self) -> Person {
        self.person(&[Role::Admin])
    }

    /// The batch use case by itself, without queue and HTTP.
    pub fn batches(&self) -> PlaceOrders<CatalogHttp, PgOrders> {
        PlaceOrders {
            reservations: self.reservations.clone(),
            orders: PgOrders::shared(&self.pool, Jitter::random()),
            ids: Ids::system(),
            jitter: Jitter::random(),
            currency: "USD".parse().unwrap(),
            waker: SagaWaker::default(),
            terms: self.terms.clone(),
            patience: self.waits.patience,
        }
    }

    pub async fn count(&self, table: &str) -> i64 {
        // The table's name comes from the test itself.
        let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(query)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// Changes rows without triggers, foreign keys and the checks of versions and events.
    pub async fn tamper(&self, statements: &str) {
        let statements = format!(
            "SET session_replication_role = replica; {statements}; RESET session_replication_role"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(statements))
            .execute(&self.pool)
            .await
            .unwrap();
    }

    /// Runs a statement of the test's own.
    pub async fn execute(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.pool).await.unwrap();
    }
}

/// No payments, as shops are by default.
pub fn free() -> PaymentSettings {
    PaymentSettings {
        payment_provider: ProviderChoice::None,
        ..at_the_mock()
    }
}

pub fn at_the_mock() -> PaymentSettings {
    PaymentSettings {
        payment_provider: ProviderChoice::Mock,
        payment_window_seconds: 900,
        max_unpaid_per_customer: 5,
        payment_capture: CaptureChoice::Automatic,
        payment_webhook_secret_file: Some(secret_file()),
        mock: MockSettings {
            mock_late_ms: 50,
            mock_slow_ms: 100,
            mock_webhook_url: None,
        },
    }
}

/// Written once: while one test writes it, another would find it empty.
pub fn token_file() -> PathBuf {
    static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("order-internal-token");
        std::fs::write(&path, format!("{TOKEN}\nthe-next-token\n")).unwrap();
        path
    });
    FILE.clone()
}
