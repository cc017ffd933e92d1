//! For each fail point of the order path, a process aborts there, hangs there until `kill -9`, fails there, or is slow
//! there, while buyers order. After a restart, every saga ends and the audit finds nothing.

use std::time::{Duration, Instant};

use chaos::{
    Arena, Buyer, Entry, Outcome,
    arena::{self, share},
    points::{self, Fault, Point},
};
use local_shop::{Member, Plan, Shop, Workload};
use rand::{SeedableRng, rngs::SmallRng, seq::SliceRandom};
use tokio::time::sleep;

const ORDERS: usize = 40;
/// The time of a fault, in which one or two batches meet it.
const FAULTY: Duration = Duration::from_millis(900);
/// A time longer than a payment needs to reach any of the points.
const REACHED: Duration = Duration::from_secs(8);
const PATIENCE: Duration = Duration::from_secs(45);

struct Matrix {
    arena: Arena,
    buyers: Vec<Buyer>,
    skus: Vec<String>,
    random: SmallRng,
    base: Vec<(Workload, String, String)>,
    journal: Vec<Entry>,
}

impl Matrix {
    async fn start(mut arena: Arena, base: Vec<(Workload, String, String)>) -> Self {
        arena.cancels = arena.offers("/api/v1/orders/{id}/cancel").await.unwrap();
        let buyers = arena.buyers(20).unwrap();
        let mut skus = arena.sell(5, 100_000).await.unwrap();
        // This SKU is sold out during the test.
        skus.extend(arena.sell(1, 150).await.unwrap());
        Self {
            arena,
            buyers,
            skus,
            random: SmallRng::seed_from_u64(4),
            base,
            journal: Vec::new(),
        }
    }

    fn members(&self, point: Point) -> Vec<Member> {
        let concerned = |member: &Member| match point.workload {
            Workload::Order => matches!(member.0, Workload::Order | Workload::Worker),
            other => member.0 == other,
        };
        self.arena.shop.members().filter(concerned).collect()
    }

    fn set(&mut self, point: Option<(Point, Fault)>) {
        let mut environment = self.base.clone();
        if let Some((Point { workload, name }, fault)) = point {
            let setting = format!("{name}:{}", fault.action());
            let workloads: &[Workload] = match workload {
                Workload::Order => &[Workload::Order, Workload::Worker],
                Workload::Product => &[Workload::Product],
                Workload::Auth | Workload::Worker => &[],
            };
            for workload in workloads {
                environment.push((*workload, "FAIL_POINT".to_owned(), setting.clone()));
            }
        }
        self.arena.shop.set_environment(environment);
    }

    /// Runs one round, and returns whether a process ended by itself.
    async fn round(
        &mut self,
        point: Point,
        fault: Fault,
        methods: &[&str],
    ) -> Result<bool, anyhow::Error> {
        self.arena.renew(&mut self.buyers)?;
        let members = self.members(point);
        self.set(Some((point, fault)));
        for member in &members {
            self.arena.shop.kill(*member)?;
            self.arena.shop.launch(*member)?;
        }
        for member in &members {
            // A process that ends at once may never be ready.
            let _ = self.arena.shop.ready(*member);
        }
        let orders = self
            .arena
            .orders(&mut self.random, &self.skus, ORDERS, methods);
        let crowd = self.arena.crowd(&self.buyers, orders, PATIENCE);
        let begun = Instant::now();
        let (mut died, patience) = match fault {
            Fault::Abort => (false, REACHED),
            Fault::Kill | Fault::Error | Fault::Delay => (false, FAULTY),
        };
        while !died && begun.elapsed() < patience {
            sleep(Duration::from_millis(50)).await;
            died = members
                .iter()
                .any(|member| self.arena.shop.pid(*member).is_none());
        }
        self.set(None);
        for member in &members {
            self.arena.shop.kill(*member)?;
            self.arena.shop.start_one(*member)?;
        }
        let entries = crowd.join_all().await;
        let unknown = entries
            .iter()
            .filter(|entry| entry.outcome == Outcome::Unknown);
        anyhow::ensure!(
            unknown.count() == 0,
            "the outcome of some orders is unknown"
        );
        self.journal.extend(entries);
        self.arena.audit(&self.journal).await?;
        Ok(died)
    }

    async fn run(&mut self, points: &[Point], methods: &[&str]) {
        let (mut rounds, mut unreached) = (0, Vec::new());
        let rounds_wanted = share(points.len() * Fault::ALL.len());
        let begun = Instant::now();
        'points: for point in points {
            for fault in Fault::ALL {
                if rounds >= rounds_wanted {
                    break 'points;
                }
                let died = self.round(*point, fault, methods).await;
                let died =
                    died.unwrap_or_else(|error| panic!("{} {fault:?}: {error:?}", point.name));
                rounds += 1;
                eprintln!(
                    "{} {fault:?}: no violations{}",
                    point.name,
                    if died { ", a process ended" } else { "" }
                );
                if fault == Fault::Abort && !died {
                    // The point is not reached, so the other faults would have no effect.
                    unreached.push(point.name);
                    break;
                }
            }
        }
        let placed = self
            .journal
            .iter()
            .filter(|entry| matches!(entry.outcome, Outcome::Placed(_)));
        eprintln!(
            "crash matrix {methods:?}: {rounds} rounds in {:?}, {} requests, {} orders, violations 0; not on this path: {unreached:?}",
            begun.elapsed(),
            self.journal.len(),
            placed.count(),
        );
    }
}

/// Shuffles the points, so that a share of the rounds is not always the same. `CHAOS_POINTS` selects some of them.
fn shuffled(mut points: Vec<Point>) -> Vec<Point> {
    if let Some(names) = arena::setting("CHAOS_POINTS") {
        points.retain(|point| names.split(',').any(|name| name == point.name));
        assert!(!points.is_empty(), "no such point: {names}");
    }
    let seed = u64::from(std::process::id());
    let mut random = SmallRng::seed_from_u64(seed);
    points.shuffle(&mut random);
    points
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fail_point_without_payments() {
    let arena = Arena::start(1, 1, &[]).unwrap();
    let mut matrix = Matrix::start(arena, Vec::new()).await;
    matrix.run(&shuffled(points::all()), &[]).await;
}

/// The methods of the mock provider.
const METHODS: [&str; 8] = [
    "mock_ok",
    "mock_ok",
    "mock_declined",
    "mock_unknown",
    "mock_late",
    "mock_twice",
    "mock_slow",
    "mock_capture_refused",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fail_point_with_payments_of_every_behaviour() {
    let (arena, base) = paid_shop();
    let mut matrix = Matrix::start(arena, base).await;
    matrix.run(&shuffled(points::all()), &METHODS).await;
}

/// A shop whose orders are paid by the mock provider, within seconds or not at all.
fn paid_shop() -> (Arena, Vec<(Workload, String, String)>) {
    let plan = Plan::new(arena::binaries("CHAOS_BINARIES").unwrap());
    let mut shop = Shop::prepare(plan).unwrap();
    let secret = shop.folder().join("webhook-secret");
    std::fs::write(
        &secret,
        "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n",
    )
    .unwrap();
    let url = shop.url(Member(Workload::Order, 0)).unwrap();
    let settings = [
        ("PAYMENT_PROVIDER", "mock".to_owned()),
        ("PAYMENT_WINDOW_SECONDS", "5".to_owned()),
        ("MAX_UNPAID_PER_CUSTOMER", "1000".to_owned()),
        ("PAYMENT_WEBHOOK_SECRET_FILE", secret.display().to_string()),
        ("MOCK_LATE_MS", "700".to_owned()),
        ("MOCK_SLOW_MS", "700".to_owned()),
        (
            "MOCK_WEBHOOK_URL",
            format!("{url}/api/v1/payments/webhooks/mock"),
        ),
    ];
    let base: Vec<_> = [Workload::Order, Workload::Worker]
        .into_iter()
        .flat_map(|workload| {
            let of = settings.clone();
            of.into_iter()
                .map(move |(name, value)| (workload, name.to_owned(), value))
        })
        .collect();
    shop.set_environment(base.clone());
    shop.start_all().unwrap();
    (Arena::of(shop).unwrap(), base)
}
