//! A shop for one test: its database, its routers, and tokens for its callers.

mod call;
mod orders;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
    sync::LazyLock,
    time::Duration,
};

use access::{Role, internal::AllowedCallers, testing::Signer};
use axum::{
    Router,
    extract::ConnectInfo,
    http::{Method, Request},
};
use clock::{Ids, Jitter};
use db::{Pool, testing::eventually};
use idempotency::InFlight;
use product::{
    app::{App, Parts},
    audit::{Auditor, StockSource},
    catalog::products::{http::views::Views, reads::Reads},
    guests::GuestLimits,
    http,
    infrastructure::postgres::pools::{LIST_SETTINGS, READ_SETTINGS},
    stock::reservations::{
        Returned, Shipped, Transfer,
        model::{Reservation, Verdict},
        restock, ship,
    },
};
use serde_json::{Value, json};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use uuid::Uuid;
use web::server::{Port, layered};
use worker::Tasks;

pub use self::{
    call::{Answer, Call},
    orders::{expire_overdue, held, longer, order, transfer},
};

pub const INTERNAL_TOKEN: &str = "current-token";
pub const OPERATOR_TOKEN: &str = "operators-token";

/// Statements of tests may write many rows, on a busy machine.
const PLANTING: Duration = Duration::from_mins(2);

/// As the service's own pool has them.
const LIMITS: [(&str, &str); 2] = [("lock_timeout", "250ms"), ("statement_timeout", "2s")];

pub struct Shop {
    pub pool: Pool,
    /// The background tasks of the process, which end with the shop.
    _tasks: Tasks,
    /// The pool of reads of single products.
    pub reads: Pool,
    pub vendor: User,
    pub other_vendor: User,
    pub admin: User,
    pub customer: User,
    public: Router,
    internal: Router,
}

#[derive(Clone)]
pub struct User {
    pub id: Uuid,
    pub token: String,
}

pub fn id() -> Uuid {
    Ids::system().uuid()
}

/// The folder of the callers' tokens, written once: while one test writes them, another would find none.
fn tokens() -> PathBuf {
    static TOKENS: LazyLock<PathBuf> = LazyLock::new(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("internal-tokens");
        std::fs::create_dir_all(&folder).unwrap();
        let order = format!("{INTERNAL_TOKEN}\nnext-token\n");
        std::fs::write(folder.join("order"), order).unwrap();
        std::fs::write(folder.join("operator"), OPERATOR_TOKEN).unwrap();
        folder
    });
    TOKENS.clone()
}

impl Shop {
    pub fn open(pool: PgPool) -> Self {
        Self::open_with(pool, false)
    }

    pub fn open_with(pool: PgPool, legacy_aliases: bool) -> Self {
        Self::open_showing(pool, legacy_aliases, Duration::ZERO)
    }

    /// Products are served to the public from a cache for this long.
    pub fn open_showing(pool: PgPool, legacy_aliases: bool, fresh_for: Duration) -> Self {
        let guests = GuestLimits::default();
        Self::open_as(pool, legacy_aliases, fresh_for, guests, LIMITS)
    }

    /// Guests of one address may read this many lists a minute.
    pub fn open_to_guests(pool: PgPool, lists_a_minute: u32) -> Self {
        let limits = GuestLimits {
            guest_limit_per_address_per_minute: lists_a_minute,
            ..GuestLimits::default()
        };
        Self::open_as(pool, true, Duration::ZERO, limits, LIMITS)
    }

    /// A shop with short limits of the database.
    pub fn open_hurried(pool: PgPool) -> Self {
        let limits = [("lock_timeout", "50ms"), ("statement_timeout", "100ms")];
        let guests = GuestLimits::default();
        Self::open_as(pool, false, Duration::ZERO, guests, limits)
    }

    fn open_as(
        pool: PgPool,
        legacy_aliases: bool,
        fresh_for: Duration,
        guests: GuestLimits,
        limits: [(&str, &str); 2],
    ) -> Self {
        let options = pool.connect_options().as_ref().clone();
        pool.set_connect_options(options.options(limits));
        let signer = Signer::try_new().unwrap();
        let options = pool.connect_options().as_ref().clone();
        let apart = |name, connections, settings: &[(&'static str, &'static str)]| {
            let options = options.clone().application_name(name);
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(1))
                .connect_lazy_with(options.options(settings.iter().copied()))
                .into()
        };
        let pool = Pool::from(pool);
        let reads: Pool = apart("reads", 1, &READ_SETTINGS);
        let mut tasks = Tasks::new(watch::channel(false).1);
        let app = App::new(Parts {
            pool: pool.clone(),
            lists: apart("lists", 2, &LIST_SETTINGS),
            health: apart("health", 1, &[]),
            auditor: Auditor {
                source: StockSource,
                pool: pool.clone(),
                options: options.clone(),
                ids: Ids::system(),
                jitter: Jitter::random(),
            },
            ids: Ids::system(),
            verifier: signer.verifier().unwrap(),
            currency: "USD".parse().unwrap(),
            in_flight: InFlight::default(),
            reads: Reads::start(&reads, &mut tasks),
            views: Views::new(fresh_for),
        });
        let user = |roles: &[Role]| {
            let id = id();
            User {
                id,
                token: signer.token(id, roles).unwrap(),
            }
        };
        let tokens = tokens();
        let writes = TaskTracker::new();
        Self {
            reads,
            vendor: user(&[Role::Vendor]),
            other_vendor: user(&[Role::Vendor]),
            admin: user(&[Role::Admin]),
            customer: user(&[Role::Customer]),
            internal: layered(
                http::internal(
                    app.clone(),
                    AllowedCallers::new(tokens.clone(), &["order"]),
                    AllowedCallers::new(tokens, &["operator"]),
                ),
                &writes,
                Port::Internal,
            ),
            // As if behind an ingress.
            public: layered(
                http::public(app, legacy_aliases, guests.gate()),
                &writes,
                Port::Public,
            )
            .layer(axum::Extension(ConnectInfo(SocketAddr::from((
                [10, 42, 0, 1],
                40_000,
            ))))),
            pool,
            _tasks: tasks,
        }
    }

    pub fn request<'a>(&'a self, method: &str, path: &str) -> Call<'a> {
        let method = Method::from_str(method).unwrap();
        Call {
            router: &self.public,
            request: Request::builder().method(method).uri(path),
            body: None,
        }
    }

    /// A path below `/api/v1`.
    pub fn get(&self, path: &str) -> Call<'_> {
        self.request("GET", &format!("/api/v1{path}"))
    }

    pub fn post(&self, path: &str) -> Call<'_> {
        self.request("POST", &format!("/api/v1{path}"))
    }

    pub fn put(&self, path: &str) -> Call<'_> {
        self.request("PUT", &format!("/api/v1{path}"))
    }

    pub fn patch(&self, path: &str) -> Call<'_> {
        self.request("PATCH", &format!("/api/v1{path}"))
    }

    pub fn delete(&self, path: &str) -> Call<'_> {
        self.request("DELETE", &format!("/api/v1{path}"))
    }

    /// A path on the internal port, without a token.
    pub fn internal(&self, path: &str) -> Call<'_> {
        Call {
            router: &self.internal,
            request: Request::post(path),
            body: None,
        }
    }

    /// A GET on the internal port with the token of order.
    pub fn get_internal(&self, path: &str) -> Call<'_> {
        self.observe(path)
            .header("authorization", &format!("Bearer {INTERNAL_TOKEN}"))
    }

    /// A GET on the internal port without a token.
    pub fn observe(&self, path: &str) -> Call<'_> {
        Call {
            router: &self.internal,
            request: Request::get(path),
            body: None,
        }
    }

    /// Ends the sessions of lists, so that the database's statistics have all that they did.
    pub async fn end_list_sessions(&self) {
        sqlx::query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'lists'",
        )
        .execute(&self.pool)
        .await
        .unwrap();
        self.sessions_end("lists").await;
    }

    /// Waits until all sessions with this name have ended and reported to the database's statistics.
    pub async fn sessions_end(&self, name: &str) {
        eventually("the sessions have ended", async || {
            let sessions = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = $1";
            let sessions = sqlx::query_scalar::<_, i64>(sessions).bind(name);
            sessions.fetch_one(&self.pool).await.unwrap() == 0
        })
        .await;
    }

    /// Makes every session report to the database's statistics, which would otherwise take a second.
    pub async fn flush_statistics(&self) {
        let mut sessions = Vec::new();
        for _ in 0..self.pool.sessions().size() {
            sessions.push(self.pool.acquire().await.unwrap());
        }
        for session in &mut sessions {
            sqlx::query("SELECT pg_stat_force_next_flush()")
                .execute(session)
                .await
                .unwrap();
        }
    }

    /// Changes rows without the service.
    pub async fn plant(&self, sql: &'static str) {
        let mut tx = self.pool.begin_long(PLANTING).await.unwrap();
        sqlx::raw_sql("SET LOCAL statement_timeout = 0")
            .execute(&mut *tx)
            .await
            .unwrap();
        sqlx::raw_sql(sql).execute(&mut *tx).await.unwrap();
        // These reads must not count as reads of a later statement.
        sqlx::raw_sql("SELECT pg_stat_force_next_flush()")
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// A product of the vendor, at 10.00, with these units; returns its body.
    pub async fn product(&self, sku: &str, on_hand: i64) -> Value {
        let body = json!({ "sku": sku, "name": format!("The {sku}"), "price": "10.00", "inventory": { "on_hand": on_hand } });
        let answer = self.post("/products").by(&self.vendor).json(&body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body
    }

    pub async fn reserve(&self, batch: &[Reservation]) -> Vec<Verdict> {
        product::stock::reservations::reserve(&self.pool, "USD".parse().unwrap(), batch)
            .await
            .unwrap()
    }

    pub async fn ship(&self, shipments: &[Transfer]) -> Vec<Shipped> {
        let outcomes = ship(&self.pool, Ids::system(), shipments).await.unwrap();
        outcomes.iter().map(|outcome| outcome.outcome).collect()
    }

    pub async fn restock(&self, returns: &[Transfer]) -> Vec<Returned> {
        let outcomes = restock(&self.pool, Ids::system(), returns).await.unwrap();
        outcomes.iter().map(|outcome| outcome.outcome).collect()
    }

    /// `on_hand`, `held`, `allocated`, over all locations.
    pub async fn counters(&self, sku: &str) -> (i64, i64, i64) {
        sqlx::query_as(
            "SELECT sum(on_hand)::bigint, sum(held)::bigint, sum(allocated)::bigint FROM stock WHERE sku = $1",
        )
        .bind(sku)
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    pub async fn counters_at(&self, sku: &str, location: &str) -> (i64, i64, i64) {
        sqlx::query_as(
            "SELECT on_hand, held, allocated FROM stock WHERE (sku, location) = ($1, $2)",
        )
        .bind(sku)
        .bind(location)
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    /// Another location with units of a SKU.
    pub async fn level(&self, sku: &str, location: &str, priority: i16, on_hand: i64) {
        sqlx::query("INSERT INTO stock (sku, location, priority, on_hand) VALUES ($1, $2, $3, $4)")
            .bind(sku)
            .bind(location)
            .bind(priority)
            .bind(on_hand)
            .execute(&self.pool)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO movements (id, sku, location, kind, delta, on_hand_after) VALUES ($1, $2, $3, 'initial', $4, $4)",
        )
        .bind(id())
        .bind(sku)
        .bind(location)
        .bind(on_hand)
        .execute(&self.pool)
        .await
        .unwrap();
    }

    /// All holds expire.
    pub async fn run_out_of_time(&self) {
        sqlx::query(
            "UPDATE holds SET expires_at = now() - interval '1 second' WHERE state = 'held'",
        )
        .execute(&self.pool)
        .await
        .unwrap();
    }

    pub async fn state(&self, order: Uuid) -> String {
        sqlx::query_scalar("SELECT state FROM holds WHERE order_id = $1")
            .bind(order)
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }

    /// The audit of audit.sql finds nothing.
    pub async fn assert_counts_add_up(&self) {
        let found: Vec<String> = sqlx::query_scalar(include_str!("../../../audit.sql"))
            .fetch_all(&self.pool)
            .await
            .unwrap();
        assert!(found.is_empty(), "{found:#?}");
    }
}
