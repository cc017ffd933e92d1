//! The audit of stock: every counter is computed again from movements and holds, a chunk at a time. On schedule, on
//! request, and after a restore (`product audit`).

mod rows;

use std::time::Duration;

use ::audit::{AuditError, AuditSource, Findings, Names, Session};
use uuid::Uuid;

pub type Auditor = ::audit::Auditor<StockSource>;

/// How long the order service has to deal with a shortfall.
const SHORTFALL_GRACE: Duration = Duration::from_mins(15);

/// SKUs of one chunk.
const SKUS: i64 = 500;
/// Orders of one chunk.
const ORDERS: i64 = 10_000;

#[derive(Clone, Copy, Debug)]
pub struct StockSource;

/// How many rows were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    pub stock_levels: i64,
    pub holds: i64,
    pub lines: i64,
    pub movements: i64,
}

impl AuditSource for StockSource {
    type Checked = Checked;

    const NAMES: Names = Names {
        subject: "stock",
        lock: "product.audit",
        consistent: "ecommercestack_stock_consistent",
        findings: "ecommercestack_stock_audit_findings",
        finished: "ecommercestack_stock_audit_finished_timestamp_seconds",
        duration: "ecommercestack_stock_audit_duration_seconds",
    };

    async fn read(
        &self,
        session: &mut Session,
        findings: &mut Findings,
    ) -> Result<Checked, AuditError> {
        let connection = session.connection();
        let mut after = String::new();
        loop {
            let upto = rows::sku_after(connection, &after, SKUS).await?;
            findings.extend(rows::skus(connection, &after, upto.as_deref()).await?);
            match upto {
                Some(upto) => after = upto,
                None => break,
            }
        }
        let mut after = Uuid::nil();
        loop {
            let upto = rows::order_after(connection, after, ORDERS).await?;
            findings.extend(rows::orders(connection, after, upto).await?);
            match upto {
                Some(upto) => after = upto,
                None => break,
            }
        }
        findings.extend(rows::shortfalls(connection, SHORTFALL_GRACE).await?);
        Ok(rows::checked(connection).await?)
    }

    ::audit::results!("stock_audits");
}
