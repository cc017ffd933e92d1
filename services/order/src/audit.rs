//! The audit of orders (ORDERS 25): each order against its lines, shipments, returns, payments and events, against product's
//! hold and against the provider's ledger. A chunk at a time, each with a snapshot of its own; what seems wrong is read
//! again a little later, so that what was under way has landed. On schedule in `order work`, and by `order audit`.

mod events;
mod holds;
mod rows;

use std::{collections::HashSet, time::Duration};

use ::audit::{AuditError, AuditSource, Finding, Findings, Names, Session};
use sqlx::PgConnection;
use uuid::Uuid;

use self::rows::Found;
use crate::infrastructure::product_client::CatalogHttp;

pub type Auditor = ::audit::Auditor<OrderSource>;

/// Until what seems wrong is read again.
pub const PATIENCE: Duration = Duration::from_secs(5);
/// What should move on by itself has done so after this time.
const GRACE: Duration = Duration::from_mins(15);
/// Orders of one chunk.
const CHUNK: i64 = 2_000;
/// Suspects that are kept until they are read again.
const MOST_SUSPECTS: usize = 10_000;

#[derive(Clone)]
pub struct OrderSource {
    /// Connections and a breaker of its own, so that it keeps no request from product.
    pub product: CatalogHttp,
    pub patience: Duration,
    /// Orders that are read at once.
    pub chunk: i64,
}

impl OrderSource {
    pub fn new(product: CatalogHttp) -> Self {
        Self {
            product,
            patience: PATIENCE,
            chunk: CHUNK,
        }
    }
}

/// The rows behind `after` and up to `upto`.
#[derive(Clone, Copy, Debug)]
struct Range {
    after: Uuid,
    upto: Uuid,
}

impl Range {
    /// `upto`: where the chunk ends; `None`: it is the last.
    fn new(after: Uuid, upto: Option<Uuid>) -> Self {
        let upto = upto.unwrap_or(Uuid::max());
        Self { after, upto }
    }

    fn is_last(self) -> bool {
        self.upto.is_max()
    }
}

impl AuditSource for OrderSource {
    /// How many orders were read.
    type Checked = u64;

    const NAMES: Names = Names {
        subject: "orders",
        lock: "order.audit",
        consistent: "ecommercestack_sagas_flowing",
        findings: "ecommercestack_order_audit_findings",
        finished: "ecommercestack_order_audit_finished_timestamp_seconds",
        duration: "ecommercestack_order_audit_duration_seconds",
    };

    // Where a chunk is a small part of the table, Postgres takes a range of UUIDs for one row and joins by nested loops:
    // seconds. Without the values it reckons with a share of the table, and each chunk takes some hundredths.
    const SETTINGS: &[(&str, &str)] = &[("plan_cache_mode", "force_generic_plan")];

    async fn read(
        &self,
        session: &mut Session,
        findings: &mut Findings,
    ) -> Result<u64, AuditError> {
        let connection = session.connection();
        let mut orders = 0;
        let mut suspects = Suspects::default();
        let mut after = Uuid::nil();
        loop {
            let range = rows::orders_after(connection, after, self.chunk).await?;
            let (read, found) = self.chunk(connection, range).await?;
            orders += read;
            suspects.add(range, &found);
            if range.is_last() {
                break;
            }
            if suspects.names.len() > MOST_SUSPECTS {
                self.look_again(connection, &mut suspects, findings).await?;
            }
            after = range.upto;
        }
        self.look_again(connection, &mut suspects, findings).await?;
        let mut after = Uuid::nil();
        loop {
            let range = rows::payments_after(connection, after, self.chunk).await?;
            findings.extend(rows::provider(connection, range).await?.map(Finding::from));
            if range.is_last() {
                break;
            }
            after = range.upto;
        }
        let late = events::unpublished(connection, GRACE, self.chunk).await?;
        findings.extend(late.into_iter().map(Finding::from));
        Ok(orders)
    }

    ::audit::results!("order_audits");
}

/// What seemed wrong and is to be read again.
#[derive(Default)]
struct Suspects {
    ranges: Vec<Range>,
    names: HashSet<(String, Uuid)>,
}

impl Suspects {
    fn add(&mut self, range: Range, found: &[Found]) {
        if !found.is_empty() {
            self.ranges.push(range);
            self.names.extend(found.iter().map(Found::name));
        }
    }
}

impl OrderSource {
    /// How many orders these are, and what seems wrong with them.
    async fn chunk(
        &self,
        connection: &mut PgConnection,
        range: Range,
    ) -> Result<(u64, Vec<Found>), AuditError> {
        let mut found = rows::problems(connection, range, GRACE).await?;
        let (orders, unreadable) = rows::readable(connection, range).await?;
        found.extend(unreadable);
        // Read after the orders: a hold is never younger than its order, so none is missing.
        let held = self
            .product
            .order_holds(range.after, range.upto)
            .await
            .map_err(|error| AuditError::Neighbour(Box::new(error)))?;
        found.extend(holds::misfits(&orders, held, GRACE));
        Ok((orders.len() as u64, found))
    }

    async fn look_again(
        &self,
        connection: &mut PgConnection,
        suspects: &mut Suspects,
        findings: &mut Findings,
    ) -> Result<(), AuditError> {
        let Suspects { ranges, names } = std::mem::take(suspects);
        if ranges.is_empty() {
            return Ok(());
        }
        tokio::time::sleep(self.patience).await;
        for range in ranges {
            let (_, found) = self.chunk(connection, range).await?;
            let again = found.into_iter().filter(|one| names.contains(&one.name()));
            findings.extend(again.map(Finding::from));
        }
        Ok(())
    }
}
