//! Shipments and returns at the stand-in, each once by its id.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Product, Shelf, answer, meet};

#[derive(Default)]
pub struct Parcels {
    shipped: HashMap<Uuid, Goods>,
    returned: HashMap<Uuid, Goods>,
}

#[derive(Deserialize)]
pub struct Shipments {
    shipments: Vec<Goods>,
}

#[derive(Deserialize)]
pub struct Returns {
    returns: Vec<Goods>,
}

#[derive(Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Goods {
    id: Uuid,
    order_id: Uuid,
    lines: Vec<Line>,
}

#[derive(Clone, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: String,
    quantity: u32,
}

impl Product {
    /// Units of an order that were shipped and not returned.
    pub fn gone(&self, order: Uuid, sku: &str) -> u32 {
        let parcels = &self.shelf().parcels;
        units(parcels.shipped.values(), order, sku) - units(parcels.returned.values(), order, sku)
    }
}

impl Parcels {
    pub fn shipped(&self, order: Uuid, sku: &str) -> u32 {
        units(self.shipped.values(), order, sku)
    }

    pub fn returned(&self, order: Uuid, sku: &str) -> u32 {
        units(self.returned.values(), order, sku)
    }
}

pub async fn ship(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Json(asked): Json<Shipments>,
) -> Response {
    let fault = match meet(&shelf, "ship", &headers, asked.shipments.len()) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    let outcomes = {
        let mut shelf = shelf.lock().unwrap();
        let answered = outcomes(&asked.shipments, |goods| shelf.ship(goods));
        shelf.bent_outcomes(answered)
    };
    answer(fault, outcomes).await
}

pub async fn take_back(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Json(asked): Json<Returns>,
) -> Response {
    let fault = match meet(&shelf, "return", &headers, asked.returns.len()) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    let outcomes = {
        let mut shelf = shelf.lock().unwrap();
        let answered = outcomes(&asked.returns, |goods| shelf.take_back(goods));
        shelf.bent_outcomes(answered)
    };
    answer(fault, outcomes).await
}

/// In another order than asked: the contract names the parcel with each.
fn outcomes(asked: &[Goods], outcome: impl FnMut(&Goods) -> &'static str) -> Value {
    let mut answered: Vec<Value> = asked
        .iter()
        .map(|goods| goods.id)
        .zip(asked.iter().map(outcome))
        .map(|(id, outcome)| json!({ "id": id, "outcome": outcome }))
        .collect();
    answered.reverse();
    json!({ "outcomes": answered })
}

fn units<'a>(parcels: impl Iterator<Item = &'a Goods>, order: Uuid, sku: &str) -> u32 {
    parcels
        .filter(|goods| goods.order_id == order)
        .flat_map(|goods| &goods.lines)
        .filter(|line| line.sku == sku)
        .map(|line| line.quantity)
        .sum()
}

impl Shelf {
    fn bent_outcomes(&self, mut answered: Value) -> Value {
        for entry in answered["outcomes"].as_array_mut().unwrap() {
            let id = entry["id"].as_str().unwrap().to_owned();
            *entry = self.bent([id.as_str()], entry.take());
        }
        answered
    }

    fn ship(&mut self, goods: &Goods) -> &'static str {
        if let Some(known) = self.parcels.shipped.get(&goods.id) {
            return if known == goods {
                "shipped"
            } else {
                "mismatch"
            };
        }
        let Some(hold) = self
            .holds
            .values()
            .find(|hold| hold.order_id == goods.order_id)
        else {
            return "gone";
        };
        match hold.state {
            "committed" => {}
            "held" => return "not_committed",
            _ => return "gone",
        }
        let ordered = |sku: &str| -> u32 {
            let lines = hold.verdict["lines"].as_array().unwrap();
            let of_sku = lines.iter().filter(|line| line["sku"] == sku);
            of_sku
                .map(|line| u32::try_from(line["quantity"].as_u64().unwrap()).unwrap())
                .sum()
        };
        let too_many = goods.lines.iter().any(|line| {
            let before = units(self.parcels.shipped.values(), goods.order_id, &line.sku);
            before + line.quantity > ordered(&line.sku)
        });
        if too_many {
            return "too_many";
        }
        self.parcels.shipped.insert(goods.id, goods.clone());
        "shipped"
    }

    fn take_back(&mut self, goods: &Goods) -> &'static str {
        if let Some(known) = self.parcels.returned.get(&goods.id) {
            return if known == goods {
                "returned"
            } else {
                "mismatch"
            };
        }
        let too_many = goods.lines.iter().any(|line| {
            let shipped = units(self.parcels.shipped.values(), goods.order_id, &line.sku);
            let back = units(self.parcels.returned.values(), goods.order_id, &line.sku);
            back + line.quantity > shipped
        });
        if too_many {
            return "too_many";
        }
        for line in &goods.lines {
            let item = self.items.iter_mut().find(|item| item.sku == line.sku);
            item.unwrap().available += line.quantity;
        }
        self.parcels.returned.insert(goods.id, goods.clone());
        "returned"
    }
}
