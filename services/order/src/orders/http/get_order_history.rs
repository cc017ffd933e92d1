//! `GET /orders/{id}/history`: the changes of an order.

use access::{Requires, permissions::orders};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{
    PathParameters, Problem,
    list::{ListQuery, NoFilter, Page, Paging},
};

use crate::{
    app::App,
    infrastructure::http::{callers::reader, listing},
    orders::model::PastEvent,
    values::{OrderId, Reader, UserId},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OrderHistoryEvent)]
pub struct EventView {
    /// The version of the order after this change: 1, 2, 3 and so on.
    #[schema(example = 2)]
    version: i64,
    event_id: Uuid,
    #[serde(rename = "type")]
    #[schema(example = "order.confirmed")]
    event_type: String,
    /// `customer`, `vendor`, `admin`, `provider` (of payments) or `system`.
    #[schema(example = "system")]
    actor: String,
    /// The user who made the change; shown to admins, and to callers for their own changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    actor_id: Option<UserId>,
    occurred_at: DateTime<Utc>,
    /// The order's state after the change, and further data of the event.
    #[schema(value_type = Object, example = json!({ "status": "confirmed", "payment_status": "unpaid", "fulfillment_status": "unfulfilled" }))]
    data: Value,
}

impl EventView {
    fn new(event: PastEvent, reader: Reader) -> Self {
        let shown = |actor: &UserId| reader.may_see(*actor);
        Self {
            version: event.version,
            event_id: event.event_id,
            event_type: event.event_type,
            actor: event.actor,
            actor_id: event.actor_id.map(UserId).filter(shown),
            occurred_at: event.occurred_at,
            data: event.data,
        }
    }
}

/// Get the history of an order
///
/// Every change of the order, oldest first, one entry per version. Available to its customer and to admins.
#[utoipa::path(
    get,
    path = "/orders/{id}/history",
    tag = "orders",
    params(Requires<orders::ReadHistory>, ("id" = OrderId, Path, description = "The order."), ListQuery<NoFilter, false>),
    responses(
        (status = 200, description = "A page of the order's history.", body = Page<EventView>),
        (status = 404, description = "No such order, or it belongs to another customer."),
    ),
)]
pub async fn get_order_history(
    State(app): State<App>,
    caller: Requires<orders::ReadHistory>,
    PathParameters(id): PathParameters<OrderId>,
    ListQuery { paging, .. }: ListQuery<NoFilter, false>,
) -> Result<Json<Page<EventView>>, Problem> {
    let paging: Paging<i64> = Paging::try_new(&paging, &("history", id))?;
    // Versions count from 1 without gaps, so an offset is a version.
    let after = paging.after().copied().unwrap_or(paging.offset());
    let reader = reader(&caller);
    let events = app
        .read_orders
        .history(id, reader, after, paging.fetch())
        .await?
        .ok_or_else(Problem::not_found)?;
    let page = listing::page(&paging, events.into())?;
    Ok(Json(page.map(|event| EventView::new(event, reader))))
}
