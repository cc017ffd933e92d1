//! Reservations as product handles them: by request key, merged by product, all lines or none.

use std::sync::{Arc, Mutex};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Fault, Hold, Item, Shelf, answer, meet};

#[derive(Deserialize)]
pub struct Reservations {
    reservations: Vec<Reservation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reservation {
    request_key: String,
    fingerprint: String,
    order_id: Uuid,
    hold_seconds: u32,
    expected_total_minor: Option<i64>,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    product_id: Option<Uuid>,
    sku: Option<String>,
    quantity: u32,
}

#[derive(Deserialize)]
pub struct OrderIds {
    order_ids: Vec<Uuid>,
}

#[derive(Deserialize)]
pub struct Releases {
    order_ids: Vec<Uuid>,
    committed: bool,
}

#[derive(Deserialize)]
pub struct Extensions {
    extensions: Vec<Extension>,
}

#[derive(Deserialize)]
struct Extension {
    order_id: Uuid,
    hold_seconds: u32,
}

pub async fn reserve(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Json(asked): Json<Reservations>,
) -> Response {
    let skus: Vec<String> = asked
        .reservations
        .iter()
        .flat_map(|one| &one.lines)
        .filter_map(|line| line.sku.clone())
        .collect();
    let fault = match meet(&shelf, "reserve", &headers, asked.reservations.len()) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    if let Some(Fault::Poison(poison)) = fault
        && skus.iter().any(|sku| sku == poison)
    {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    let verdicts: Vec<Value> = {
        let mut shelf = shelf.lock().unwrap();
        asked
            .reservations
            .iter()
            .map(|one| {
                let verdict = shelf.verdict(one);
                let names = one.lines.iter().filter_map(|line| line.sku.as_deref());
                shelf.bent(names, verdict)
            })
            .collect()
    };
    answer(fault, json!({ "verdicts": verdicts })).await
}

pub async fn commit(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Json(asked): Json<OrderIds>,
) -> Response {
    let fault = match meet(&shelf, "commit", &headers, asked.order_ids.len()) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    let mut outcomes: Vec<Value> = {
        let mut shelf = shelf.lock().unwrap();
        asked
            .order_ids
            .iter()
            .map(|id| {
                let entry = json!({ "order_id": id, "outcome": shelf.commit(*id) });
                shelf.bent([id.to_string().as_str()], entry)
            })
            .collect()
    };
    // The contract names the order with each outcome: their order is not promised.
    outcomes.reverse();
    answer(fault, json!({ "outcomes": outcomes })).await
}

pub async fn extend(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Json(asked): Json<Extensions>,
) -> Response {
    let fault = match meet(&shelf, "extend", &headers, asked.extensions.len()) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    let outcomes: Vec<Value> = {
        let mut shelf = shelf.lock().unwrap();
        asked
            .extensions
            .iter()
            .map(|one| {
                assert!(one.hold_seconds > 0);
                shelf.extended.push(one.hold_seconds);
                let outcome = shelf.extend(one.order_id);
                let entry = json!({ "order_id": one.order_id, "outcome": outcome });
                shelf.bent([one.order_id.to_string().as_str()], entry)
            })
            .collect()
    };
    answer(fault, json!({ "outcomes": outcomes })).await
}

pub async fn release(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Json(asked): Json<Releases>,
) -> Response {
    let fault = match meet(&shelf, "release", &headers, asked.order_ids.len()) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    let outcomes: Vec<Value> = {
        let mut shelf = shelf.lock().unwrap();
        asked
            .order_ids
            .iter()
            .map(|id| {
                let outcome = shelf.release(*id, asked.committed);
                let entry = json!({ "order_id": id, "outcome": outcome });
                shelf.bent([id.to_string().as_str()], entry)
            })
            .collect()
    };
    answer(fault, json!({ "outcomes": outcomes })).await
}

impl Shelf {
    fn verdict(&mut self, asked: &Reservation) -> Value {
        assert_eq!(asked.hold_seconds, 60);
        if let Some(hold) = self.holds.get(&asked.request_key) {
            return match hold.state {
                _ if hold.fingerprint != asked.fingerprint => {
                    json!({ "verdict": "fingerprint_mismatch" })
                }
                "held" | "committed" => hold.verdict.clone(),
                _ => json!({ "verdict": "gone" }),
            };
        }
        let found: Vec<Option<usize>> = asked.lines.iter().map(|line| self.find(line)).collect();
        let unknown: Vec<Value> = found
            .iter()
            .enumerate()
            .filter(|(_, item)| item.is_none())
            .map(|(index, _)| json!({ "index": index, "sku": asked.lines[index].sku }))
            .collect();
        if !unknown.is_empty() {
            return json!({ "verdict": "unknown_product", "lines": unknown });
        }
        // Lines of the same product are merged, as in product.
        let mut lines: Vec<(usize, u32)> = Vec::new();
        for (item, line) in found.into_iter().flatten().zip(&asked.lines) {
            match lines.iter_mut().find(|(known, _)| *known == item) {
                Some((_, units)) => *units += line.quantity,
                None => lines.push((item, line.quantity)),
            }
        }
        // An overflow wraps here: order has to refuse it, too.
        let price =
            |(item, units): &(usize, u32)| self.items[*item].price.wrapping_mul(i64::from(*units));
        let total = lines.iter().map(price).fold(0_i64, i64::wrapping_add);
        if asked
            .expected_total_minor
            .is_some_and(|expected| expected != total)
        {
            return json!({ "verdict": "price_changed", "total_minor": total });
        }
        let missing: Vec<Value> = lines
            .iter()
            .map(|(item, units)| (&self.items[*item], units))
            .filter(|(item, units)| item.available < **units)
            .map(|(item, units)| json!({ "sku": item.sku, "requested": units, "available": item.available }))
            .collect();
        if !missing.is_empty() {
            return json!({ "verdict": "out_of_stock", "lines": missing });
        }
        self.hold(asked, &lines, total)
    }

    fn hold(&mut self, asked: &Reservation, lines: &[(usize, u32)], total: i64) -> Value {
        let mut taken = Vec::new();
        for (index, units) in lines {
            let item = &mut self.items[*index];
            item.available -= units;
            taken.push(json!({
                "product_id": item.id, "vendor_id": item.vendor, "sku": item.sku, "name": format!("A {}", item.sku),
                "unit_price_minor": item.price, "quantity": units,
            }));
        }
        let verdict = json!({
            "verdict": "held", "order_id": asked.order_id, "expires_at": "2026-11-21T12:00:00Z", "currency": "USD",
            "total_minor": total, "lines": taken, "a_member_of_a_newer_version": true,
        });
        let hold = Hold {
            fingerprint: asked.fingerprint.clone(),
            order_id: asked.order_id,
            state: "held",
            verdict: verdict.clone(),
        };
        self.holds.insert(asked.request_key.clone(), hold);
        verdict
    }

    fn find(&self, line: &Line) -> Option<usize> {
        assert!(line.sku.is_some() != line.product_id.is_some());
        self.items.iter().position(|item| {
            line.product_id == Some(item.id) || line.sku.as_ref() == Some(&item.sku)
        })
    }

    fn commit(&mut self, order: Uuid) -> &'static str {
        let Some(hold) = self.holds.values_mut().find(|hold| hold.order_id == order) else {
            return "gone";
        };
        if hold.state == "held" {
            hold.state = "committed";
        }
        hold.state
    }

    fn extend(&self, order: Uuid) -> &'static str {
        match self.holds.values().find(|hold| hold.order_id == order) {
            Some(hold) if hold.state == "held" => "extended",
            Some(hold) => hold.state,
            None => "gone",
        }
    }

    /// The stand-in releases the units as well: tests read `available`.
    fn release(&mut self, order: Uuid, committed: bool) -> &'static str {
        let Some(hold) = self.holds.values_mut().find(|hold| hold.order_id == order) else {
            return "released";
        };
        match hold.state {
            "committed" if !committed => return "committed",
            "held" | "committed" => {}
            _ => return "released",
        }
        hold.state = "gone";
        let lines = hold.verdict["lines"].as_array().unwrap().clone();
        for line in lines {
            let item = |item: &&mut Item| line["sku"] == item.sku.as_str();
            let units = u32::try_from(line["quantity"].as_u64().unwrap()).unwrap();
            self.items.iter_mut().find(item).unwrap().available += units;
        }
        "released"
    }
}
