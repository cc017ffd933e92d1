//! The stand-in's holds by order, as the audit reads them.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::HeaderMap,
    response::{IntoResponse, Response},
    routing::get,
};
use order::infrastructure::product_client::{CatalogHttp, CatalogSettings, Timeouts};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::{Hold, Product, Shelf, answer, meet};
use crate::support::shop::token_file;

#[derive(Deserialize)]
pub struct Asked {
    after: Uuid,
    upto: Uuid,
    limit: usize,
}

impl Product {
    /// A committed hold of an order that does not exist, as old as this.
    pub fn orphan(&self, order_id: Uuid, age_seconds: f64) {
        self.shelf().orphans = vec![json!({
            "order_id": order_id, "state": "committed", "total_minor": 0, "age_seconds": age_seconds, "lines": [],
        })];
    }

    pub fn no_orphans(&self) {
        self.shelf().orphans.clear();
    }
}

pub async fn list(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let fault = match meet(&shelf, "holds", &headers, 1) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    let mut holds: Vec<Value> = {
        let shelf = shelf.lock().unwrap();
        let holds = shelf.holds.values().map(|hold| shelf.entry(hold));
        holds.chain(shelf.orphans.clone()).collect()
    };
    let id = |hold: &Value| -> Uuid { hold["order_id"].as_str().unwrap().parse().unwrap() };
    holds.retain(|hold| id(hold) > asked.after && id(hold) <= asked.upto);
    holds.sort_by_key(id);
    // Pages of two, so that there are several.
    let limit = asked.limit.min(2);
    let next = holds.get(limit.saturating_sub(1)).map(id);
    holds.truncate(limit);
    answer(fault, json!({ "reservations": holds, "next": next })).await
}

impl Shelf {
    fn entry(&self, hold: &Hold) -> Value {
        let lines = hold.verdict["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| {
                let sku = line["sku"].as_str().unwrap();
                json!({
                    "sku": sku, "quantity": line["quantity"], "released": 0,
                    "shipped": self.parcels.shipped(hold.order_id, sku),
                    "returned": self.parcels.returned(hold.order_id, sku),
                })
            });
        let state = if hold.state == "gone" {
            "released"
        } else {
            hold.state
        };
        let entry = json!({
            "order_id": hold.order_id, "state": state, "total_minor": hold.verdict["total_minor"], "age_seconds": 1.5,
            "lines": lines.collect::<Vec<_>>(),
        });
        self.bent([format!("hold of {}", hold.order_id).as_str()], entry)
    }
}

/// A product that holds two lines for every order it is asked about, as `a_million_orders_are_audited` plants them.
pub async fn every_order_is_held() -> CatalogHttp {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let list = |Query(asked): Query<Asked>| async move {
        // The number of an order stands in the last part of its id.
        let number = |id: Uuid| (id.as_u128() & 0xffff_ffff_ffff) as u64;
        let last = if asked.upto == Uuid::max() {
            number(asked.after)
        } else {
            number(asked.upto)
        };
        let holds = (number(asked.after) + 1..=last).map(|n| {
            let id = format!("01930000-{:04x}-7000-8000-{n:012x}", n >> 16);
            let line = |sku: &str| json!({ "sku": sku, "quantity": 1, "shipped": 0, "returned": 0, "released": 0 });
            json!({
                "order_id": id, "state": "committed", "total_minor": 300, "age_seconds": 1.0,
                "lines": [line("MUG-0"), line("MUG-1")],
            })
        });
        Json(json!({ "reservations": holds.collect::<Vec<_>>() }))
    };
    let routes = Router::new().route("/internal/reservations", get(list));
    tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
    let settings = CatalogSettings {
        product_internal_url: url,
        internal_token_file: token_file(),
    };
    CatalogHttp::try_new(&settings, Timeouts::AUDIT, "USD".parse().unwrap()).unwrap()
}
