//! Where legs take place: a durable Postgres with a template of each database, filled once. Every leg begins with fresh
//! copies, since a fast leg grows the tables that the next one would be measured on.

use std::{
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use access::Role;
use anyhow::{Context, Result, ensure};
use local_shop::{Binaries, Durability, Member, Plan, Shop, Workload};

use crate::{
    catalogue::{CUSTOMERS, ORDERS, PRODUCTS, SCARCE, SCARCE_UNITS, customer_id},
    cpu,
    cpu_limit::CpuLimit,
};

/// Both schemas in one database, for the denominators and the peer.
pub const COMBINED: &str = "combined";
const FUNCTIONS: &str = include_str!("../denominators/functions.sql");
const PRODUCT_TEMPLATE: &str = include_str!("../sql/product.sql");
const ORDER_TEMPLATE: &str = include_str!("../sql/order.sql");
/// What the operator gives auth by default: hashing passwords is not to starve its neighbours (ORDERS 34).
const AUTH_MILLICORES: u32 = 200;
/// Its request there is a quarter of the other services'.
const AUTH_WEIGHT: u32 = 25;
const DRAIN: Duration = Duration::from_mins(1);
const DRAIN_POLL: Duration = Duration::from_millis(20);

pub struct Stage {
    // Before its limit: fields are dropped in order.
    shop: Shop,
    auth_limit: CpuLimit,
    has_events: bool,
}

/// Seconds of CPU, by process.
pub type Cpu = Vec<(String, f64)>;

impl Stage {
    /// With so many replicas each of product, order and the worker.
    pub fn build(binaries: Binaries, logs: &Path, replicas: usize) -> Result<Self> {
        let plan = Plan {
            products: replicas,
            orders: replicas,
            workers: replicas,
            durability: Durability::Durable,
            logs: Some(logs.to_owned()),
            environment: vec![
                (
                    Workload::Auth,
                    // The flood of logins comes from many addresses, as through an ingress.
                    "TRUSTED_PROXIES".to_owned(),
                    "127.0.0.1/32".to_owned(),
                ),
                (
                    Workload::Auth,
                    // What it finds when it starts under its limit; here that comes a moment later.
                    "HASHING_THREADS".to_owned(),
                    "1".to_owned(),
                ),
                (
                    Workload::Product,
                    // The default of the operator: what is shown is fresh within a second.
                    "PRODUCT_VIEW_MILLISECONDS".to_owned(),
                    "1000".to_owned(),
                ),
            ],
            ..Plan::new(binaries)
        };
        let shop = Shop::prepare(plan)?;
        let auth_limit = CpuLimit::try_new("bench-auth", AUTH_MILLICORES, AUTH_WEIGHT)?;
        let postgres = shop.postgres();
        // Schemas that a database lacks do not matter to it.
        postgres.psql(
            "postgres",
            "ALTER ROLE postgres SET search_path = public, sales, product",
        )?;
        postgres.psql("postgres", &format!("CREATE DATABASE {COMBINED}"))?;
        postgres.psql(COMBINED, "CREATE SCHEMA sales; CREATE SCHEMA product")?;
        for (service, schema) in [("product", "product"), ("order", "sales")] {
            let url = format!(
                "{}?options=-c%20search_path%3D{schema}",
                postgres.url(COMBINED)
            );
            shop.migrate(service, &url)?;
        }
        let fill = |database: &str, schema: Option<&str>, text: &str| {
            fill(&shop, database, schema, text)
                .with_context(|| format!("the template of {database} cannot be filled"))
        };
        fill("product", None, PRODUCT_TEMPLATE)?;
        fill("order", None, ORDER_TEMPLATE)?;
        fill(COMBINED, Some("product"), PRODUCT_TEMPLATE)?;
        fill(COMBINED, Some("sales"), ORDER_TEMPLATE)?;
        fill(COMBINED, None, FUNCTIONS)?;
        for database in ["product", "order", COMBINED] {
            postgres.psql(database, "VACUUM (ANALYZE)")?;
            postgres.psql(
                "postgres",
                &format!("ALTER DATABASE \"{database}\" RENAME TO {database}_template"),
            )?;
        }
        let has_events = postgres.psql(
            "order_template",
            "SELECT to_regclass('unpublished_events') IS NOT NULL",
        )? == ["t"];
        Ok(Self {
            shop,
            auth_limit,
            has_events,
        })
    }

    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    pub fn shop_mut(&mut self) -> &mut Shop {
        &mut self.shop
    }

    /// Fresh databases, and the services on them.
    pub fn services(&self) -> Result<()> {
        self.shop.stop_all()?;
        self.restore("product")?;
        self.restore("order")?;
        self.shop.start_all()?;
        let auth = self.shop.pid(Member(Workload::Auth, 0));
        auth.map_or(Ok(()), |auth| self.auth_limit.hold(auth))
    }

    /// A fresh database with both schemas, where only the worker runs: it publishes events, as in every leg.
    pub fn combined(&self) -> Result<()> {
        self.shop.stop_all()?;
        self.restore(COMBINED)?;
        let worker = Member(Workload::Worker, 0);
        let url = self.shop.postgres().url(COMBINED);
        self.shop.launch_with(worker, &[("DATABASE_URL", &url)])?;
        self.shop.ready(worker)
    }

    fn restore(&self, database: &str) -> Result<()> {
        let postgres = self.shop.postgres();
        for statement in [
            format!("DROP DATABASE IF EXISTS \"{database}\" WITH (FORCE)"),
            format!(
                "CREATE DATABASE \"{database}\" TEMPLATE {database}_template STRATEGY file_copy"
            ),
            "CHECKPOINT".to_owned(),
        ] {
            postgres.psql("postgres", &statement)?;
        }
        Ok(())
    }

    /// Waits until no saga is open and no event unpublished; the moment, in microseconds since 1970.
    pub fn drained(&self, database: &str) -> Result<u64> {
        let events = if self.has_events {
            "OR EXISTS (SELECT FROM unpublished_events)"
        } else {
            ""
        };
        let open = format!("SELECT EXISTS (SELECT FROM sagas WHERE finished_at IS NULL) {events}");
        let deadline = Instant::now() + DRAIN;
        loop {
            let asked = unix_micros()?;
            let left = self.shop.sql(database, &open)?;
            if left == ["f"] {
                return Ok(asked);
            }
            ensure!(
                Instant::now() < deadline,
                "after {DRAIN:?} some sagas or events are still open"
            );
            std::thread::sleep(DRAIN_POLL);
        }
    }

    /// A token for each customer.
    pub fn tokens(&self) -> Result<Vec<String>> {
        (0..CUSTOMERS)
            .map(|number| {
                self.shop
                    .tokens()
                    .sign(customer_id(number), &[Role::Customer])
            })
            .collect()
    }

    /// Of each replica, for the public.
    pub fn ports(&self, workload: Workload) -> Result<Vec<u16>> {
        let replicas = self.shop.members().filter(|member| member.0 == workload);
        replicas
            .map(|member| self.shop.public_port(member))
            .collect()
    }

    /// Of the services that run: another one, or one less, means that one has ended.
    pub fn pids(&self) -> Vec<Option<u32>> {
        let all = self.shop.members();
        all.map(|member| self.shop.pid(member)).collect()
    }

    /// What each process has used since it started.
    pub fn cpu(&self) -> Cpu {
        let services = self.shop.members().filter_map(|member| {
            let pid = self.shop.pid(member)?;
            Some((member.to_string(), cpu::of_process(pid)?.own))
        });
        let postgres = self.shop.postgres().pid();
        services
            .chain(postgres.map(|pid| ("postgres".to_owned(), cpu::of_family(pid))))
            .collect()
    }

    /// Resident memory of each service, in MiB.
    pub fn memory(&self) -> Vec<(String, f64)> {
        let services = self
            .shop
            .members()
            .filter_map(|member| Some((member.to_string(), self.shop.resident_mib(member)?)));
        services.collect()
    }
}

/// What was used between two readings.
pub fn used(before: &Cpu, after: &Cpu) -> Cpu {
    let at = |name: &str| {
        let found = before.iter().find(|(known, _)| known == name);
        found.map_or(0.0, |(_, seconds)| *seconds)
    };
    after
        .iter()
        .map(|(name, seconds)| (name.clone(), seconds - at(name)))
        .collect()
}

fn fill(shop: &Shop, database: &str, schema: Option<&str>, text: &str) -> Result<()> {
    let path = schema.map_or_else(String::new, |schema| {
        format!("SET search_path = {schema};\n")
    });
    let file = shop.folder().join("template.sql");
    let variables = format!(
        "\\set products {PRODUCTS}\n\\set scarce {SCARCE}\n\\set scarce_units {SCARCE_UNITS}\n\\set orders {ORDERS}\n"
    );
    std::fs::write(&file, format!("{variables}{path}{text}"))?;
    shop.postgres().psql_file(database, &file)
}

pub fn unix_micros() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(u64::try_from(since.as_micros())?)
}
