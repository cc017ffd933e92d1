//! A minute without auth. The other services serve customers as before, by the tokens that they know and by new ones. Money
//! and administration are refused once the feed of revocations is older than 30 seconds (ORDERS 30). A process that starts
//! without the feed knows of no revocation, and accepts no token.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use access::{Role, permissions};
use chaos::{
    Arena,
    accounts::Auth,
    arena::{self, expect},
};
use local_shop::{Member, Plan, Shop, Workload};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::sleep;
use uuid::Uuid;

const REPLICAS: usize = 2;
const MINUTE: Duration = Duration::from_secs(61);
const PAUSE: Duration = Duration::from_millis(500);
/// Knowledge of this age is fresh, even if a request to the feed before the end of auth was slow.
const FRESH: Duration = Duration::from_secs(24);
/// Knowledge of this age is stale.
const STALE: Duration = Duration::from_millis(30_500);
/// A debug build on a busy machine starts within this time.
const START: Duration = Duration::from_secs(30);
/// The time in which everything is served again.
const BACK: Duration = Duration::from_secs(5);

/// An operation of product or order that requires fresh knowledge of revocations.
struct Guarded {
    permission: &'static str,
    role: Role,
    workload: Workload,
    method: Method,
    path: String,
}

/// The resources whose permissions only auth's own operations require.
const AUTHS: [&str; 4] = ["users", "roles", "api_keys", "audit_log"];

/// One operation of each permission that moves money or is of admins alone, and writes of admins to what belongs to others.
/// They have no body, so that they are refused for that at most.
fn guarded(sku: &str) -> Vec<Guarded> {
    let none = Uuid::from_u128(7);
    let row = |permission, role, workload, method, path: String| Guarded {
        permission,
        role,
        workload,
        method,
        path,
    };
    let order =
        |permission, role, method, path| row(permission, role, Workload::Order, method, path);
    let product =
        |permission, method, path| row(permission, Role::Admin, Workload::Product, method, path);
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    vec![
        order(
            "orders:cancel",
            Role::Customer,
            post.clone(),
            format!("orders/{none}/cancel"),
        ),
        order(
            "orders:cancel",
            Role::Admin,
            post.clone(),
            format!("orders/{none}/cancel"),
        ),
        order(
            "returns:receive",
            Role::Vendor,
            post.clone(),
            format!("returns/{none}/receive"),
        ),
        order(
            "payments:create",
            Role::Customer,
            post.clone(),
            "payments".into(),
        ),
        order(
            "payments:cancel",
            Role::Customer,
            post.clone(),
            format!("payments/{none}/cancel"),
        ),
        order(
            "payments:capture",
            Role::Admin,
            post.clone(),
            format!("payments/{none}/capture"),
        ),
        order(
            "payments:refund",
            Role::Admin,
            post.clone(),
            format!("payments/{none}/refunds"),
        ),
        order("sagas:read", Role::Admin, get.clone(), "sagas".into()),
        order(
            "sagas:write",
            Role::Admin,
            post.clone(),
            format!("sagas/{none}/retry"),
        ),
        product("stock:audit", post.clone(), "inventory/audit".into()),
        product("locations:read", get, "locations".into()),
        product("locations:write", post.clone(), "locations".into()),
        // Of what belongs to others, an admin's writes.
        product(
            "stock:write",
            post.clone(),
            format!("inventory/{sku}/adjustments"),
        ),
        product("products:write", post, format!("products/{none}/disable")),
        order(
            "orders:update",
            Role::Admin,
            Method::PATCH,
            format!("orders/{none}"),
        ),
        order(
            "orders:set_status",
            Role::Admin,
            put,
            format!("orders/{none}/status"),
        ),
    ]
}

#[test]
fn each_permission_that_requires_fresh_revocations_is_probed() {
    let probed: BTreeSet<_> = guarded("SKU").iter().map(|row| row.permission).collect();
    let fresh = permissions::table().iter().filter(|row| row.needs_fresh());
    let missing: Vec<_> = fresh
        .map(|row| row.name)
        .filter(|name| !probed.contains(name))
        .filter(|name| !AUTHS.iter().any(|of| name.starts_with(&format!("{of}:"))))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// A shop, the tokens of its users, and what guarded operations answered while auth was there.
struct Scene {
    arena: Arena,
    sku: String,
    customer: String,
    vendor: String,
    admin: String,
    /// Of a session that ended before.
    revoked: String,
    guarded: Vec<Guarded>,
    before: Vec<u16>,
}

impl Scene {
    async fn set() -> Self {
        let shop = Shop::start(Plan {
            auths: REPLICAS,
            products: REPLICAS,
            orders: REPLICAS,
            // The same few users call the guarded operations all the time.
            environment: vec![(
                Workload::Order,
                "CHANGES_PER_CUSTOMER_PER_MINUTE".to_owned(),
                "1000000".to_owned(),
            )],
            ..Plan::new(arena::binaries("CHAOS_BINARIES").unwrap())
        });
        let arena = Arena::of(shop.unwrap()).unwrap();
        let sku = arena.sells(100_000).await.unwrap();
        let token = |role| arena.shop.tokens().sign(arena.ids.uuid(), &[role]).unwrap();
        let [customer, vendor, admin] = [Role::Customer, Role::Vendor, Role::Admin].map(token);
        let auth = Auth::of(&arena.shop, &arena.client, 0).unwrap();
        let ann = auth.register("ann").await.unwrap();
        let log_out = auth.call(Method::POST, "auth/logout", &ann.access);
        expect(log_out, 204).await.unwrap();
        let mut scene = Self {
            guarded: guarded(&sku),
            arena,
            sku,
            customer,
            vendor,
            admin,
            revoked: ann.access,
            before: Vec::new(),
        };
        for member in scene.services() {
            scene.answers_by(BACK, member, &scene.revoked, 401).await;
        }
        scene.before = scene.guarded_statuses().await;
        for (row, status) in scene.guarded.iter().zip(&scene.before) {
            let admitted = ![401, 403].contains(status) && *status < 500;
            assert!(admitted, "{}: {status}", row.permission);
        }
        scene
    }

    fn token(&self, role: Role) -> &str {
        match role {
            Role::Customer => &self.customer,
            Role::Vendor => &self.vendor,
            Role::Admin => &self.admin,
        }
    }

    /// The processes of product and order.
    fn services(&self) -> Vec<Member> {
        let services = [Workload::Product, Workload::Order];
        let members = self.arena.shop.members();
        members
            .filter(|member| services.contains(&member.0))
            .collect()
    }

    async fn send(&self, member: Member, method: Method, path: &str, token: &str) -> Response {
        let url = self.arena.shop.url(member).unwrap();
        let request = self
            .arena
            .client
            .request(method, format!("{url}/api/v1/{path}"));
        let request = request.header("Idempotency-Key", self.arena.ids.uuid().to_string());
        request.bearer_auth(token).send().await.unwrap()
    }

    /// The status of an operation that does not need fresh knowledge of revocations.
    async fn read(&self, member: Member, token: &str) -> u16 {
        let answer = self
            .send(member, Method::GET, read_path(member), token)
            .await;
        answer.status().as_u16()
    }

    async fn readiness(&self, member: Member) -> u16 {
        let url = self.arena.shop.internal_url(member).unwrap();
        let answer = self.arena.client.get(format!("{url}/readyz")).send().await;
        answer.unwrap().status().as_u16()
    }

    /// Waits until this process answers with this status.
    async fn answers_by(&self, patience: Duration, member: Member, token: &str, status: u16) {
        let begun = Instant::now();
        loop {
            let found = self.read(member, token).await;
            if found == status {
                return;
            }
            assert!(begun.elapsed() < patience, "{member} still answers {found}");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// What each guarded operation answers at each process of its service; a 503 says when to retry.
    async fn guarded_statuses(&self) -> Vec<u16> {
        let mut statuses = Vec::new();
        for row in &self.guarded {
            for process in 0..REPLICAS {
                let member = Member(row.workload, process);
                let token = self.token(row.role);
                let answer = self
                    .send(member, row.method.clone(), &row.path, token)
                    .await;
                let status = answer.status().as_u16();
                let retry = answer.headers().contains_key("retry-after");
                assert!(status != 503 || retry, "{}: Retry-After", row.permission);
                statuses.push(status);
            }
        }
        statuses
    }

    /// An order of a new customer, which this process accepts at once.
    async fn orders(&self, process: usize) -> Value {
        let id = self.arena.ids.uuid();
        let token = self
            .arena
            .shop
            .tokens()
            .sign(id, &[Role::Customer])
            .unwrap();
        let url = self
            .arena
            .shop
            .url(Member(Workload::Order, process))
            .unwrap();
        let request = self.arena.client.post(format!("{url}/api/v1/orders"));
        let request = request.header("Idempotency-Key", id.to_string());
        let body = json!({ "items": [{ "sku": self.sku, "quantity": 1 }] });
        expect(request.bearer_auth(token).json(&body), 201)
            .await
            .unwrap()
    }

    /// Waits until a process listens, which may never be ready.
    async fn listens(&self, member: Member) {
        let url = self.arena.shop.internal_url(member).unwrap();
        let begun = Instant::now();
        while (self.arena.client.get(format!("{url}/livez")).send().await).is_err() {
            assert!(begun.elapsed() < START, "{member} does not listen");
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// These processes are not ready, and answer neither the living nor the ended session with anything but 503.
    async fn no_token_is_accepted(&self, members: &[Member]) {
        for _ in 0..5 {
            for member in members {
                assert_eq!(self.readiness(*member).await, 503, "{member}");
                for token in [&self.revoked, &self.customer] {
                    let path = read_path(*member);
                    let answer = self.send(*member, Method::GET, path, token).await;
                    assert_eq!(answer.status(), 503, "{member}");
                    assert!(answer.headers().contains_key("retry-after"), "{member}");
                }
            }
            sleep(PAUSE).await;
        }
    }

    /// What goes on without auth, at each process.
    async fn customers_are_served(&self) {
        for member in self.services() {
            assert_eq!(self.read(member, &self.customer).await, 200, "{member}");
            assert_eq!(self.read(member, &self.revoked).await, 401, "{member}");
            assert_eq!(self.readiness(member).await, 200, "{member}");
        }
        for process in 0..REPLICAS {
            let product = Member(Workload::Product, process);
            let path = format!("inventory/{}/adjustments", self.sku);
            // The request is admitted, without a body.
            let adjustment = self.send(product, Method::POST, &path, &self.vendor).await;
            assert_eq!(adjustment.status(), 415);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minute_without_auth_stops_only_money_and_administration() {
    let scene = Scene::set().await;
    let shop = &scene.arena.shop;
    let auths: Vec<_> = (0..REPLICAS)
        .map(|process| Member(Workload::Auth, process))
        .collect();
    for auth in &auths {
        shop.kill(*auth).unwrap();
    }
    let down = Instant::now();

    let (mut orders, mut rounds_before, mut rounds_after) = (0_i64, 0, 0);
    while down.elapsed() < MINUTE {
        let sent = down.elapsed();
        let statuses = scene.guarded_statuses().await;
        if down.elapsed() < FRESH {
            assert_eq!(statuses, scene.before, "after {sent:?}");
            rounds_before += 1;
        }
        if sent > STALE {
            let refused = statuses.iter().all(|status| *status == 503);
            assert!(refused, "after {sent:?}: {statuses:?}");
            rounds_after += 1;
        }
        scene.customers_are_served().await;
        for process in 0..REPLICAS {
            scene.orders(process).await;
            orders += 1;
        }
        sleep(PAUSE).await;
    }
    assert!(
        rounds_before > 0 && rounds_after > 0,
        "a round took too long"
    );
    scene.arena.rest().await.unwrap();
    let confirmed = "SELECT count(*) FROM orders WHERE status = 'confirmed'";
    assert_eq!(scene.arena.count("order", confirmed).unwrap(), orders);

    // A process that starts now does not know who was logged out.
    let late = [Member(Workload::Product, 1), Member(Workload::Order, 1)];
    for member in late {
        shop.kill(member).unwrap();
        shop.launch(member).unwrap();
        scene.listens(member).await;
    }
    scene.no_token_is_accepted(&late).await;

    for auth in &auths {
        shop.start_one(*auth).unwrap();
    }
    let back = Instant::now();
    for member in late {
        shop.ready(member).unwrap();
    }
    while scene.guarded_statuses().await != scene.before {
        assert!(
            back.elapsed() < BACK,
            "{:?}",
            scene.guarded_statuses().await
        );
        sleep(Duration::from_millis(50)).await;
    }
    let took = back.elapsed();
    scene.customers_are_served().await;

    // Neither does one that reaches the keys and not the feed.
    for member in late {
        shop.kill(member).unwrap();
        let feed = ("REVOCATIONS_URL", "http://127.0.0.1:9/internal/revocations");
        shop.launch_with(member, &[feed]).unwrap();
        scene.listens(member).await;
        // It has the keys as soon as it recognizes a wrong signature.
        let (signed, _) = scene.customer.rsplit_once('.').unwrap();
        let forged = format!("{signed}.{}", "A".repeat(86));
        scene.answers_by(BACK, member, &forged, 401).await;
    }
    scene.no_token_is_accepted(&late).await;
    for member in late {
        shop.restart(member).unwrap();
    }
    scene.customers_are_served().await;
    eprintln!(
        "without auth for {MINUTE:?}: {orders} orders, all confirmed; {} operations as before for {FRESH:?} ({rounds_before} rounds), \
         503 from {STALE:?} on ({rounds_after} rounds), as before {took:?} after its return",
        scene.guarded.len()
    );
}

fn read_path(member: Member) -> &'static str {
    match member.0 {
        Workload::Product => "products?limit=1",
        _ => "orders?limit=1",
    }
}
