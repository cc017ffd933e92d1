//! A shop to break: its processes, what it sells, and who buys there.

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
    books,
    buyer::{Buyer, Entry, Errand, Item, Wish},
};

/// Longer than the longest pause of a saga, shorter than what a test may take.
const REST: Duration = Duration::from_mins(1);

pub struct Arena {
    pub shop: Shop,
    pub client: Client,
    pub ids: Ids,
    vendor: Buyer,
    /// Orders can be cancelled here: not in every version.
    pub cancels: bool,
}

/// A variable of `make chaos` or whoever starts these tests.
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

/// How many rounds of something: all that there are unless `CHAOS_SHARE` says how many.
pub fn share(all: usize) -> usize {
    let share = setting("CHAOS_SHARE").and_then(|text| text.parse().ok());
    share.unwrap_or(all).min(all)
}

impl Arena {
    /// A shop of as many products and orders, and one worker.
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

    /// New tokens: they are good for a quarter of an hour, and some tests take longer.
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

    /// A change of this SKU's count, without key and body yet.
    pub fn adjusts(&self, sku: &str) -> Result<RequestBuilder> {
        let url = self.shop.url(Member(Workload::Product, 0))?;
        let url = format!("{url}/api/v1/inventory/{sku}/adjustments");
        Ok(self.client.post(url).bearer_auth(&self.vendor.token))
    }

    /// Puts a product on sale; the SKU.
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

    /// Lines of /metrics of the first process of a workload that are a series.
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

    /// A number from a database.
    pub fn count(&self, database: &str, statement: &str) -> Result<i64> {
        let rows = self.shop.sql(database, statement)?;
        let row = rows.first().context("no row")?;
        row.parse().with_context(|| format!("not a number: {row}"))
    }

    /// Waits until nothing is under way: every saga has ended, every event has its number.
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
                bail!("{sagas} sagas and {events} events are under way still: {errors:#?}");
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Rest, then the audit; an error that names every violation.
    pub async fn audit(&self, journal: &[Entry]) -> Result<()> {
        self.rest().await?;
        let violations = books::audit(&self.shop, journal)?;
        ensure!(
            violations.is_empty(),
            "the books do not add up: {violations:#?}"
        );
        Ok(())
    }

    /// All these wishes at once, each by the next buyer, until their outcomes are known or `patience` is over.
    pub fn crowd(&self, buyers: &[Buyer], wishes: Vec<Wish>, patience: Duration) -> JoinSet<Entry> {
        let until = Instant::now() + patience;
        let urls = Arc::new(self.urls(Workload::Order));
        let mut crowd = JoinSet::new();
        for (number, wish) in wishes.into_iter().enumerate() {
            let buyer = buyers[number % buyers.len()].clone();
            let (client, mut urls) = (self.client.clone(), urls.to_vec());
            let first = number % urls.len();
            urls.rotate_left(first);
            crowd.spawn(async move { buyer.insist(&client, &urls, wish, until).await });
        }
        crowd
    }

    /// Wishes for one to three of these SKUs, in any order.
    pub fn wishes(
        &self,
        dice: &mut SmallRng,
        skus: &[String],
        count: usize,
        methods: &[&str],
    ) -> Vec<Wish> {
        (0..count)
            .map(|_| {
                let (method, errand) = payment(dice, methods, self.cancels);
                Wish {
                    key: format!("chaos-{}", self.ids.uuid().simple()),
                    items: basket(dice, skus),
                    method,
                    errand,
                }
            })
            .collect()
    }
}

fn basket(dice: &mut SmallRng, skus: &[String]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for _ in 0..=dice.random_range(0..3) {
        let sku = skus[dice.random_range(0..skus.len())].clone();
        if items.iter().all(|item| item.sku != sku) {
            let quantity = if dice.random_range(0..3) == 0 { 2 } else { 1 };
            items.push(Item { sku, quantity });
        }
    }
    items
}

/// Most name a method with their order, some pay later, some change their mind, and some never pay.
fn payment(
    dice: &mut SmallRng,
    methods: &[&str],
    cancels: bool,
) -> (Option<String>, Option<Errand>) {
    if methods.is_empty() {
        return (None, None);
    }
    let method = methods[dice.random_range(0..methods.len())].to_owned();
    match dice.random_range(0..10) {
        0..=4 => (Some(method), None),
        5 | 6 => (Some(method), cancels.then_some(Errand::Cancel)),
        7 | 8 => (None, Some(Errand::Pay(method))),
        _ => (None, None),
    }
}

fn buyer(shop: &Shop, id: Uuid, roles: &[Role]) -> Result<Buyer> {
    let token = shop.tokens().sign(id, roles)?;
    Ok(Buyer { id, token })
}

/// Sends it, and wants this status.
pub async fn expect(request: RequestBuilder, status: u16) -> Result<Value> {
    let response = request.send().await?;
    let (found, body) = (response.status().as_u16(), response.text().await?);
    ensure!(found == status, "{found} instead of {status}: {body}");
    Ok(serde_json::from_str(&body).unwrap_or_default())
}
