//! A shop under test: its processes, its products and its buyers.

use std::{path::PathBuf, sync::Arc, time::Duration};

use access::Role;
use anyhow::{Context, Result, bail, ensure};
use clock::Ids;
use local_shop::{Binaries, Member, Plan, Shop, Workload};
use rand::{RngExt, rngs::SmallRng};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};
use uuid::Uuid;

use crate::{
    audit,
    buyer::{Buyer, Entry, FollowUp, Item, NewOrder},
};

/// A time longer than the longest pause of a saga and shorter than a test may take.
const REST: Duration = Duration::from_mins(1);

pub struct Arena {
    pub shop: Shop,
    pub client: Client,
    pub ids: Ids,
    vendor: Buyer,
    /// Whether this version of order can cancel orders.
    pub cancels: bool,
}

/// An environment variable of these tests; an empty one counts as absent.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration")]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// The binaries in the folder that this variable names.
pub fn binaries(variable: &str) -> Result<Binaries> {
    let folder = setting(variable);
    let folder = folder.with_context(|| format!("{variable} is not set; use `make chaos`"))?;
    Ok(Binaries::in_folder(&PathBuf::from(folder)))
}

/// The number of rounds: all, or at most `CHAOS_SHARE`.
pub fn share(all: usize) -> usize {
    let share = setting("CHAOS_SHARE").and_then(|text| text.parse().ok());
    share.unwrap_or(all).min(all)
}

impl Arena {
    /// Starts a shop with this number of product and order processes, and one worker.
    pub fn start(
        products: usize,
        orders: usize,
        environment: &[(Workload, &str, &str)],
    ) -> Result<Self> {
        let plan = Plan {
            products,
            orders,
            environment: environment
                .iter()
                .map(|(workload, name, value)| (*workload, (*name).to_owned(), (*value).to_owned()))
                .collect(),
            ..Plan::new(binaries("CHAOS_BINARIES")?)
        };
        Self::of(Shop::start(plan)?)
    }

    pub fn of(shop: Shop) -> Result<Self> {
        let ids = Ids::system();
        let vendor = buyer(&shop, ids.uuid(), &[Role::Vendor])?;
        Ok(Self {
            shop,
            client: Client::builder().no_proxy().build()?,
            ids,
            vendor,
            cancels: false,
        })
    }

    pub fn buyers(&self, count: usize) -> Result<Vec<Buyer>> {
        (0..count)
            .map(|_| buyer(&self.shop, self.ids.uuid(), &[Role::Customer]))
            .collect()
    }

    /// Renews the buyers' tokens, which are valid for 15 minutes; some tests take longer.
    pub fn renew(&self, buyers: &mut [Buyer]) -> Result<()> {
        for one in buyers {
            *one = buyer(&self.shop, one.id, &[Role::Customer])?;
        }
        Ok(())
    }

    /// The public addresses of every process of a workload.
    pub fn urls(&self, workload: Workload) -> Vec<String> {
        let members = self.shop.members().filter(|member| member.0 == workload);
        members
            .filter_map(|member| self.shop.url(member).ok())
            .collect()
    }

    /// A request to the first product process, as the vendor.
    pub fn vendor(&self, method: Method, path: &str) -> Result<RequestBuilder> {
        let url = self.shop.url(Member(Workload::Product, 0))?;
        Ok(self
            .client
            .request(method, format!("{url}{path}"))
            .bearer_auth(&self.vendor.token)
            .header("Idempotency-Key", self.ids.uuid().to_string())
            .timeout(Duration::from_secs(5)))
    }

    /// Whether order has this endpoint.
    pub async fn offers(&self, path: &str) -> Result<bool> {
        let url = self.shop.url(Member(Workload::Order, 0))?;
        let request = self.client.get(format!("{url}/api/v1/order/openapi.json"));
        Ok(expect(request, 200).await?["paths"].get(path).is_some())
    }

    /// An adjustment of this SKU's units, without key and body yet.
    pub fn adjusts(&self, sku: &str) -> Result<RequestBuilder> {
        let url = self.shop.url(Member(Workload::Product, 0))?;
        let url = format!("{url}/api/v1/inventory/{sku}/adjustments");
        Ok(self.client.post(url).bearer_auth(&self.vendor.token))
    }

    /// Puts a product on sale, and returns its SKU.
    pub async fn sells(&self, units: u32) -> Result<String> {
        let sku = format!("C{}", self.ids.uuid().simple()).to_uppercase();
        let body = json!({ "sku": sku, "name": "Thing", "price": "3.50", "status": "active" });
        let request = self.vendor(Method::POST, "/api/v1/products")?.json(&body);
        expect(request, 201).await?;
        let request = self.vendor(Method::PUT, &format!("/api/v1/inventory/{sku}"))?;
        let request = request
            .header("If-Match", "*")
            .json(&json!({ "on_hand": units }));
        expect(request, 200).await?;
        Ok(sku)
    }

    pub async fn sell(&self, products: usize, units: u32) -> Result<Vec<String>> {
        let mut skus = Vec::new();
        for _ in 0..products {
            skus.push(self.sells(units).await?);
        }
        Ok(skus)
    }

    /// The number of series in `/metrics` of the first process of a workload.
    pub async fn series(&self, workload: Workload) -> Result<usize> {
        let url = self.shop.internal_url(Member(workload, 0))?;
        let text = self
            .client
            .get(format!("{url}/metrics"))
            .send()
            .await?
            .text()
            .await?;
        Ok(text.lines().filter(|line| !line.starts_with('#')).count())
    }

    /// The number that a statement returns.
    pub fn count(&self, database: &str, statement: &str) -> Result<i64> {
        let rows = self.shop.sql(database, statement)?;
        let row = rows.first().context("no row")?;
        row.parse().with_context(|| format!("not a number: {row}"))
    }

    /// Waits until no change is in progress: every saga has ended, and every event has its number.
    pub async fn rest(&self) -> Result<()> {
        let until = Instant::now() + REST;
        loop {
            let sagas = self.count(
                "order",
                "SELECT count(*) FROM sagas WHERE finished_at IS NULL",
            )?;
            let events = self.count("order", "SELECT count(*) FROM unpublished_events")?;
            if sagas == 0 && events == 0 {
                return Ok(());
            }
            if Instant::now() > until {
                let errors = self.shop.sql(
                    "order",
                    "SELECT order_id, step, attempts, last_error FROM sagas WHERE finished_at IS NULL LIMIT 5",
                )?;
                bail!("{sagas} sagas and {events} events are still in progress: {errors:#?}");
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until no change is in progress, and audits the shop. The error names every violation.
    pub async fn audit(&self, journal: &[Entry]) -> Result<()> {
        self.rest().await?;
        let violations = audit::audit(&self.shop, journal)?;
        ensure!(
            violations.is_empty(),
            "the audit found violations: {violations:#?}"
        );
        Ok(())
    }

    /// Places all these orders concurrently, each by the next buyer, until the outcomes are known or `patience` is over.
    pub fn crowd(
        &self,
        buyers: &[Buyer],
        orders: Vec<NewOrder>,
        patience: Duration,
    ) -> JoinSet<Entry> {
        let until = Instant::now() + patience;
        let urls = Arc::new(self.urls(Workload::Order));
        let mut crowd = JoinSet::new();
        for (number, order) in orders.into_iter().enumerate() {
            let buyer = buyers[number % buyers.len()].clone();
            let (client, mut urls) = (self.client.clone(), urls.to_vec());
            let first = number % urls.len();
            urls.rotate_left(first);
            crowd.spawn(async move { buyer.insist(&client, &urls, order, until).await });
        }
        crowd
    }

    /// Orders for one to three of these SKUs, in any order.
    pub fn orders(
        &self,
        random: &mut SmallRng,
        skus: &[String],
        count: usize,
        methods: &[&str],
    ) -> Vec<NewOrder> {
        (0..count)
            .map(|_| {
                let (method, follow_up) = payment(random, methods, self.cancels);
                NewOrder {
                    key: format!("chaos-{}", self.ids.uuid().simple()),
                    items: items(random, skus),
                    method,
                    follow_up,
                }
            })
            .collect()
    }
}

fn items(random: &mut SmallRng, skus: &[String]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for _ in 0..=random.random_range(0..3) {
        let sku = skus[random.random_range(0..skus.len())].clone();
        if items.iter().all(|item| item.sku != sku) {
            let quantity = if random.random_range(0..3) == 0 { 2 } else { 1 };
            items.push(Item { sku, quantity });
        }
    }
    items
}

/// Most buyers name a method with their order, some cancel it afterwards, some pay later, and some never pay.
fn payment(
    random: &mut SmallRng,
    methods: &[&str],
    cancels: bool,
) -> (Option<String>, Option<FollowUp>) {
    if methods.is_empty() {
        return (None, None);
    }
    let method = methods[random.random_range(0..methods.len())].to_owned();
    match random.random_range(0..10) {
        0..=4 => (Some(method), None),
        5 | 6 => (Some(method), cancels.then_some(FollowUp::Cancel)),
        7 | 8 => (None, Some(FollowUp::Pay(method))),
        _ => (None, None),
    }
}

fn buyer(shop: &Shop, id: Uuid, roles: &[Role]) -> Result<Buyer> {
    let token = shop.tokens().sign(id, roles)?;
    Ok(Buyer { id, token })
}

/// Sends a request, expects this status, and returns the body.
pub async fn expect(request: RequestBuilder, status: u16) -> Result<Value> {
    let response = request.send().await?;
    let (found, body) = (response.status().as_u16(), response.text().await?);
    ensure!(found == status, "{found} instead of {status}: {body}");
    Ok(serde_json::from_str(&body).unwrap_or_default())
}
