//! The shop and the databases of the legs: a durable Postgres with a template of each database, filled once. Every leg begins
//! with fresh copies, since a fast leg grows the tables that would slow the next one.

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use access::Role;
use anyhow::{Context, Result};
use local_shop::{Binaries, Durability, Member, Plan, Shop, Workload, probe};

use crate::{
    audit::Databases,
    catalogue::{CUSTOMERS, ORDERS, PRODUCTS, SCARCE, SCARCE_UNITS, customer_id},
    cpu,
    cpu_limit::CpuLimit,
};

/// The database with both schemas, for the denominators and the peer.
pub const COMBINED: &str = "combined";
const FUNCTIONS: &str = include_str!("../denominators/functions.sql");
const PRODUCT_TEMPLATE: &str = include_str!("../sql/product.sql");
const ORDER_TEMPLATE: &str = include_str!("../sql/order.sql");
/// auth's default CPU limit in the operator: hashing passwords must not starve other services (ORDERS 34).
const AUTH_MILLICORES: u32 = 200;
/// auth's CPU request there is a quarter of the other services'.
const AUTH_WEIGHT: u32 = 25;
const DRAIN: Duration = Duration::from_mins(1);
const IS_OPEN: &str = "SELECT EXISTS (SELECT FROM sagas WHERE finished_at IS NULL) OR EXISTS (SELECT FROM unpublished_events)";

pub struct Stage {
    // The shop is dropped before its limit: fields are dropped in order.
    shop: Shop,
    auth_limit: CpuLimit,
}

/// Seconds of CPU by process.
pub type Cpu = Vec<(String, f64)>;

impl Stage {
    /// Creates the databases of a shop with this number of replicas of product, order and the worker.
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
                    // The number that auth would choose under its limit, which is set here only after its start.
                    "HASHING_THREADS".to_owned(),
                    "1".to_owned(),
                ),
                (
                    Workload::Product,
                    // The operator's default.
                    "PRODUCT_VIEW_MILLISECONDS".to_owned(),
                    "1000".to_owned(),
                ),
            ],
            ..Plan::new(binaries)
        };
        let shop = Shop::prepare(plan)?;
        let auth_limit = CpuLimit::try_new("bench-auth", AUTH_MILLICORES, AUTH_WEIGHT)?;
        let postgres = shop.postgres();
        // A database ignores the schemas that it does not have.
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
        fill(&shop, "product", None, PRODUCT_TEMPLATE)?;
        fill(&shop, "order", None, ORDER_TEMPLATE)?;
        fill(&shop, COMBINED, Some("product"), PRODUCT_TEMPLATE)?;
        fill(&shop, COMBINED, Some("sales"), ORDER_TEMPLATE)?;
        fill(&shop, COMBINED, None, FUNCTIONS)?;
        for database in ["product", "order", COMBINED] {
            postgres.psql(database, "VACUUM (ANALYZE)")?;
            postgres.psql(
                "postgres",
                &format!("ALTER DATABASE \"{database}\" RENAME TO {database}_template"),
            )?;
        }
        Ok(Self { shop, auth_limit })
    }

    pub fn shop(&self) -> &Shop {
        &self.shop
    }

    pub fn shop_mut(&mut self) -> &mut Shop {
        &mut self.shop
    }

    /// The databases of product and order, for the audit.
    pub fn databases<'a>(&'a self, product: &'a str, order: &'a str) -> Databases<'a> {
        Databases {
            postgres: self.shop.postgres(),
            product,
            order,
        }
    }

    /// Restores the databases and starts the services on them.
    pub fn services(&self) -> Result<()> {
        self.shop.stop_all()?;
        self.restore("product")?;
        self.restore("order")?;
        self.shop.start_all()?;
        let auth = self.shop.pid(Member(Workload::Auth, 0));
        auth.map_or(Ok(()), |auth| self.auth_limit.hold(auth))
    }

    /// Restores the database with both schemas and starts only the worker, which publishes events in every leg.
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

    /// Waits until no saga is open and no event unpublished; returns the time, in microseconds since 1970.
    pub fn drained(&self, database: &str) -> Result<u64> {
        let mut queried = 0;
        probe::until("the end of all sagas and events", DRAIN, || {
            queried = unix_micros()?;
            Ok(self.shop.sql(database, IS_OPEN)? == ["f"])
        })?;
        Ok(queried)
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

    /// The public port of each replica.
    pub fn ports(&self, workload: Workload) -> Result<Vec<u16>> {
        let replicas = self.shop.members().filter(|member| member.0 == workload);
        replicas
            .map(|member| self.shop.public_port(member))
            .collect()
    }

    /// The pids of the services; a changed or missing one means that a service has ended.
    pub fn pids(&self) -> Vec<Option<u32>> {
        let all = self.shop.members();
        all.map(|member| self.shop.pid(member)).collect()
    }

    /// The CPU time of each process since its start.
    pub fn cpu(&self) -> Cpu {
        let services = self.shop.members().filter_map(|member| {
            let pid = self.shop.pid(member)?;
            Some((member.to_string(), cpu::of_process(pid)?))
        });
        let postgres = self.shop.postgres().pid();
        services
            .chain(postgres.map(|pid| ("postgres".to_owned(), cpu::of_family(pid))))
            .collect()
    }

    /// The resident memory of each service, in MiB.
    pub fn memory(&self) -> Vec<(String, f64)> {
        let resident = |member: Member| self.shop.resident_mib(member);
        let members = self.shop.members();
        members
            .filter_map(|member| Some((member.to_string(), resident(member)?)))
            .collect()
    }
}

/// The CPU time between two readings.
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
    let filled = shop.postgres().psql_file(database, &file);
    filled.with_context(|| format!("cannot fill the template of {database}"))
}

pub fn unix_micros() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(u64::try_from(since.as_micros())?)
}
