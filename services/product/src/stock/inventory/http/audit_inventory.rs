//! `POST /inventory/audit`

use ::audit::{Audited, Findings};
use access::{Requires, permissions::stock};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;

use crate::{app::App, audit, catalog::products::model::Owner, stock::inventory::record_audit};

#[derive(Serialize, ToSchema)]
#[schema(as = InventoryAudit, example = json!({
    "ok": false, "violation_count": 1, "violations": ["MUG-BLUE-350 at main: held 2, lines say 1"],
    "checked": { "stock_rows": 10_000, "reservations": 100_000, "reservation_lines": 200_000, "movements": 110_000 },
}))]
pub(super) struct AuditView {
    /// Whether no problems were found.
    ok: bool,
    violation_count: u64,
    /// One sentence per problem, up to 1,000.
    violations: Vec<String>,
    checked: Checked,
}

#[derive(Serialize, ToSchema)]
struct Checked {
    stock_rows: i64,
    reservations: i64,
    reservation_lines: i64,
    movements: i64,
}

impl AuditView {
    fn new(findings: &Findings, checked: audit::Checked) -> Self {
        let listed = findings.listed().iter();
        Self {
            ok: findings.count() == 0,
            violation_count: findings.count(),
            violations: listed.map(|finding| finding.message.clone()).collect(),
            checked: Checked {
                stock_rows: checked.stock_levels,
                reservations: checked.holds,
                reservation_lines: checked.lines,
                movements: checked.movements,
            },
        }
    }
}

/// Audit the stock counters
///
/// Recomputes units on hand from the movements, held and allocated units from the reservations, totals from the lines,
/// and shortfalls that wait for the order service. Runs in chunks without blocking the shop; it also runs on a
/// schedule.
#[utoipa::path(
    post,
    path = "/inventory/audit",
    tag = "inventory",
    params(Requires<stock::Audit>),
    responses(
        (status = 200, description = "The inconsistencies found.", body = AuditView),
        (status = 409, description = "`audit_running`: an audit is in progress; retry after it has finished."),
    )
)]
pub(super) async fn audit_inventory(
    State(app): State<App>,
    caller: Requires<stock::Audit>,
) -> Result<Json<AuditView>, Problem> {
    match app.auditor.run().await? {
        Audited::Busy => Err(Problem::conflict(
            "audit_running",
            "An audit is in progress. Wait for its response, or try again in a moment.",
        )),
        Audited::Done(findings, checked) => {
            let admin = Owner::of(&caller).admin();
            record_audit(&app.pool, app.ids, admin, findings.count()).await?;
            Ok(Json(AuditView::new(&findings, checked)))
        }
    }
}
