//! The audit of stock: every counter is computed again from movements and holds, a chunk at a time, so that no snapshot is
//! kept for long and the shop goes on beside it. On schedule, on request, and after a restore (`product audit`). What came
//! of it is kept in the database: every replica reports the same.

mod schedule;

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use postgres::Pool;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;
use tracing::{error, info};
use uuid::Uuid;
use web::clock::Clock;

pub use schedule::{audit_on_schedule, report};

use crate::store::audit::{self as store, Session};

/// Findings that the answer to a request holds.
const MOST_ANSWERED: usize = 1_000;
/// Kinds of findings that are kept and reported.
const MOST_KEPT: usize = 20;
/// How long the order service has to deal with a shortfall.
const SHORTFALL_GRACE: Duration = Duration::from_mins(15);

/// SKUs of one chunk.
const SKUS: i64 = 500;
/// Orders of one chunk.
const ORDERS: i64 = 10_000;

/// How to audit: over a connection of its own, without the time limits of requests.
#[derive(Clone, Debug)]
pub struct Auditor {
    /// For the result.
    pub pool: Pool,
    pub options: PgConnectOptions,
    pub clock: Clock,
}

#[derive(Debug)]
pub enum Audited {
    /// Another one is under way, here or in another replica: it reads every row.
    Busy,
    Done(Audit),
}

/// What does not add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: String,
    pub message: String,
}

#[derive(Debug, Default)]
pub struct Audit {
    /// The first of them.
    pub findings: Vec<Finding>,
    pub finding_count: u64,
    pub kinds: BTreeMap<String, FindingKind>,
    pub checked: Checked,
}

/// How many rows were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    pub shelves: i64,
    pub holds: i64,
    pub lines: i64,
    pub movements: i64,
}

/// All findings of one code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingKind {
    pub code: String,
    /// The first of them.
    pub message: String,
    pub count: u64,
}

/// What is kept of an audit.
#[derive(Clone, Debug)]
pub struct AuditResult {
    pub id: Uuid,
    pub started_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    pub finding_count: i64,
    pub kinds: Vec<FindingKind>,
}

impl Auditor {
    /// Looks at everything, and keeps what came of it.
    pub async fn run(&self) -> Result<Audited, sqlx::Error> {
        let Some(mut session) = Session::begin(&self.options).await? else {
            return Ok(Audited::Busy);
        };
        let audit = look(&mut session).await?;
        let started_at = session.started_at();
        session.end().await?;
        let kinds: Vec<&FindingKind> = audit.kinds.values().take(MOST_KEPT).collect();
        store::keep(
            &self.pool,
            self.clock.uuid(),
            started_at,
            audit.finding_count.try_into().unwrap_or(i64::MAX),
            &kinds,
        )
        .await?;
        if let Some(first) = audit.findings.first() {
            let (findings, first) = (audit.finding_count, &first.message);
            error!(findings, first, "the audit of stock found problems");
        } else {
            info!(
                stock_rows = audit.checked.shelves,
                holds = audit.checked.holds,
                "the audit of stock found no problems"
            );
        }
        if let Some(result) = store::latest(&self.pool).await? {
            report(&result);
        }
        Ok(Audited::Done(audit))
    }

    /// The newest result, whoever it came from.
    pub async fn latest(&self) -> Result<Option<AuditResult>, sqlx::Error> {
        store::latest(&self.pool).await
    }

    /// Whether one is under way, whoever does it.
    pub async fn is_running(&self) -> Result<bool, sqlx::Error> {
        store::is_running(&self.pool).await
    }
}

async fn look(session: &mut Session) -> Result<Audit, sqlx::Error> {
    let mut audit = Audit::default();
    let mut after = String::new();
    loop {
        let upto = session.sku_after(&after, SKUS).await?;
        audit.add(session.skus(&after, upto.as_deref()).await?);
        match upto {
            Some(upto) => after = upto,
            None => break,
        }
    }
    let mut after = Uuid::nil();
    loop {
        let upto = session.order_after(after, ORDERS).await?;
        audit.add(session.orders(after, upto).await?);
        match upto {
            Some(upto) => after = upto,
            None => break,
        }
    }
    audit.add(session.shortfalls(SHORTFALL_GRACE).await?);
    audit.checked = session.checked().await?;
    Ok(audit)
}

impl Audit {
    fn add(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.finding_count += 1;
            let kind = self
                .kinds
                .entry(finding.code.clone())
                .or_insert_with(|| FindingKind {
                    code: finding.code.clone(),
                    message: finding.message.clone(),
                    count: 0,
                });
            kind.count += 1;
            if self.findings.len() < MOST_ANSWERED {
                self.findings.push(finding);
            }
        }
    }
}

impl AuditResult {
    pub fn is_consistent(&self) -> bool {
        self.finding_count == 0
    }
}
