//! Missing units at the stand-in, until order has confirmed them.

use std::sync::{Arc, Mutex};

use axum::{
    Json,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use clock::Ids;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Fault, Product, Shelf, answer, meet};

#[derive(Default)]
pub struct Shortfalls {
    open: Vec<Value>,
    settling: Vec<Fault>,
}

#[derive(Deserialize)]
pub struct Open {
    limit: usize,
    after: Option<Uuid>,
}

#[derive(Deserialize)]
pub struct Settle {
    ids: Vec<Uuid>,
}

impl Product {
    /// Removes units of a committed order, and returns the shortfall that order reads.
    pub fn fall_short(&self, order: Uuid, sku: &str, quantity: u32) -> Uuid {
        let id = Ids::system().uuid();
        self.shelf().shortfalls.open.push(json!({
            "id": id, "order_id": order, "sku": sku, "quantity": quantity, "created_at": "2026-11-28T12:00:00Z",
        }));
        id
    }

    pub fn open_shortfalls(&self) -> Vec<Uuid> {
        let product = self.shelf();
        let ids = product
            .shortfalls
            .open
            .iter()
            .map(|one| one["id"].as_str().unwrap());
        ids.map(|id| id.parse().unwrap()).collect()
    }

    /// The next confirmation of shortfalls has this fault.
    pub fn next_settling(&self, fault: Fault) {
        self.shelf().shortfalls.settling.push(fault);
    }
}

/// In pages, as product sends them.
pub async fn open(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    Query(asked): Query<Open>,
    headers: HeaderMap,
) -> Response {
    let fault = match meet(&shelf, "shortfalls", &headers, 0) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    let (entries, next): (Vec<Value>, Option<Value>) = {
        let shelf = shelf.lock().unwrap();
        let open = &shelf.shortfalls.open;
        let is_after = |one: &Value| asked.after.is_some_and(|id| one["id"] == id.to_string());
        let start = open.iter().position(is_after).map_or(0, |at| at + 1);
        let page = open[start..].iter().take(asked.limit);
        let more = open.len() > start + asked.limit;
        let last = page.clone().next_back().map(|one| one["id"].clone());
        let bent = |entry: &Value| shelf.bent([entry["id"].as_str().unwrap()], entry.clone());
        (page.map(bent).collect(), last.filter(|_| more))
    };
    let mut page = json!({ "shortfalls": entries });
    if let Some(next) = next {
        page["next"] = next;
    }
    answer(fault, page).await
}

pub async fn settle(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Json(asked): Json<Settle>,
) -> Response {
    if let Err(refused) = meet(&shelf, "settle", &headers, asked.ids.len()) {
        return refused.into_response();
    }
    let fault = {
        let mut shelf = shelf.lock().unwrap();
        let fault = shelf.shortfalls.settling.pop();
        if let Some(Fault::Answer(status)) = fault {
            return status.into_response();
        }
        let settled = |one: &Value| asked.ids.iter().any(|id| one["id"] == id.to_string());
        shelf.shortfalls.open.retain(|one| !settled(one));
        fault
    };
    if fault.is_none() {
        return StatusCode::NO_CONTENT.into_response();
    }
    answer(fault, json!({ "settled": asked.ids.len() })).await
}
