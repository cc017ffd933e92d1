//! `GET /internal/reservations?after=ID&upto=ID&limit=1000`: holds by order, for the audit of the order service. The
//! response is `{"reservations":[{"order_id","state","total_minor","age_seconds","lines":[{"sku","quantity","shipped",
//! "returned","released"}]}],"next":"…"}`: those of the orders after `after` and up to `upto`, sorted by order, each line with
//! its units over all locations. `next` is the next `after`, absent at the end.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use web::{Problem, QueryParameters};

use crate::{
    app::App,
    stock::reservations::{UnitsRow, holds_by_order},
};

const MOST: i64 = 1_000;

/// Unknown parameters are ignored, since the caller may be newer (ORDERS 33).
#[derive(Deserialize)]
pub(super) struct ListOrderHolds {
    after: Option<Uuid>,
    upto: Option<Uuid>,
    /// 1 to 1,000; 1,000 if absent.
    limit: Option<i64>,
}

#[derive(Serialize)]
pub(super) struct OrderHolds {
    reservations: Vec<OrderHold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

#[derive(Serialize)]
struct OrderHold {
    order_id: Uuid,
    state: String,
    total_minor: i64,
    age_seconds: f64,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    sku: String,
    quantity: i64,
    shipped: i64,
    returned: i64,
    released: i64,
}

pub(super) async fn list_order_holds(
    State(app): State<App>,
    QueryParameters(query): QueryParameters<ListOrderHolds>,
) -> Result<Json<OrderHolds>, Problem> {
    let limit = query.limit.unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::invalid_field(
            "limit",
            "out_of_range",
            format!("limit must be 1 to {MOST}"),
        ));
    }
    let after = query.after.unwrap_or(Uuid::nil());
    let upto = query.upto.unwrap_or(Uuid::max());
    let rows = holds_by_order(&app.pool, after, upto, limit).await?;
    let reservations = by_order(rows);
    let is_full = i64::try_from(reservations.len()) == Ok(limit);
    let last = reservations.last().map(|hold| hold.order_id);
    Ok(Json(OrderHolds {
        next: last.filter(|_| is_full),
        reservations,
    }))
}

fn by_order(rows: Vec<UnitsRow>) -> Vec<OrderHold> {
    let mut holds: Vec<OrderHold> = Vec::new();
    for row in rows {
        if holds.last().map(|hold| hold.order_id) != Some(row.order_id) {
            holds.push(OrderHold {
                order_id: row.order_id,
                state: row.state,
                total_minor: row.total_minor,
                age_seconds: row.age_seconds,
                lines: Vec::new(),
            });
        }
        if let (Some(hold), Some(sku)) = (holds.last_mut(), row.sku) {
            hold.lines.push(Line {
                sku,
                quantity: row.quantity,
                shipped: row.shipped,
                returned: row.returned,
                released: row.released,
            });
        }
    }
    holds
}
